"""Seeded runs under faults keep every promise; planted bugs break one; and the rare states were really visited.

JOURNEYLOOP_SIM_SEEDS sets how many seeds (120). A seed that ever failed is kept in FAILED and always run.
"""

from __future__ import annotations

import os
import re
from collections import Counter

import pytest

from journeyloop.model import arm
from journeyloop.runtime import circuit
from journeyloop.testing.faults import CALM, Faults
from journeyloop.testing.oracle import Violation
from journeyloop.testing.simulator import Simulation, simulate
from tests.simulation import sending
from tests.simulation.mutations import MUTATIONS
from tests.simulation.world import world

SEEDS = int(os.environ.get("JOURNEYLOOP_SIM_SEEDS", "120"))
PARTS = 2
FAILED: tuple[int, ...] = ()
HUNTED = 200
RARE = (
    "aimed_hold", "aimed_login", "aimed_opt_out", "crash: after_commit", "crash: after_sending", "crash: before_commit",
    "decided: budget", "decided: cap", "decided: consent", "decided: adds the most", "decided: explored",
    "decided: held out", "decided: hold", "decided: quiet_hours",
    "decided: silence", "duplicate", "ended: expired", "ended: sent", "ended: suppressed",
    "ended: unknown", "merge", "near quiet hours",
    "offered_again", "opt_out", "outcome: converted", "outcome: ignored", "outcome: void",
    "recall", "sent", "sent_later", "shown", "stall", "timer", "unequal_arms",
    "circuit open", "crash: in hand", "decided: paused", "ended: failed", "found at the start: again",
    "found at the start: unknown", "handed over", "in hand: crash", "in hand: hold", "in hand: opt out",
    "in hand: pause", "in hand: purchase", "no slot", "not connected", "pause", "provider: asks to wait",
    "provider: breaks", "provider: hangs", "provider: refuses", "told: again", "told: failed", "told: sent",
    "told: suppressed", "told: unknown", "withheld",
)  # fmt: skip


@pytest.fixture(autouse=True)
def quick_births(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run is short: a few outcomes of silence are enough for arms to be born, two troubles for a provider to be left
    alone."""
    monkeypatch.setattr(arm, "BORN_AT", 4)
    monkeypatch.setattr(circuit, "TRIPS", 2)


@pytest.mark.parametrize("part", range(PARTS))
def test_no_promise_is_broken_and_rare_states_are_visited(part: int) -> None:
    """A failure names its seed: `simulate(world(), seed)` repeats it."""
    seen: Counter[str] = Counter()
    for seed in (*FAILED, *range(part, SEEDS, PARTS)):
        try:
            seen += simulate(world(), seed).sometimes
        except Violation as broken:
            pytest.fail(f"seed {seed}: {broken}")
    assert [state for state in RARE if not seen[state]] == []


def test_one_seed_is_one_run() -> None:
    one, other = Simulation(world(), 7), Simulation(world(), 7)
    for simulation in (one, other):
        for _ in range(80):
            simulation.step()
    assert one.store._version.tables == other.store._version.tables
    assert one.oracle.sometimes == other.oracle.sometimes
    assert one.now == other.now


def test_without_faults_every_event_is_logged_as_it_was_sent() -> None:
    simulation = Simulation(world(), 1)
    simulation.faults = Faults(simulation.random, CALM)
    for _ in range(100):
        simulation.step()
    simulation.finish()
    assert len(simulation.oracle.acknowledged) == simulation.messages
    assert not any(name.startswith("crash") for name in simulation.oracle.sometimes)


assert sending.__name__  # its bugs are in the list by now


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_planted_bug_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    promise, plant = MUTATIONS[name]
    plant(monkeypatch)
    for seed in range(HUNTED):
        try:
            simulate(world(), seed)
        except Violation as broken:
            assert re.search(promise, str(broken))
            return
    pytest.fail(f"{name} survived {HUNTED} seeds")
