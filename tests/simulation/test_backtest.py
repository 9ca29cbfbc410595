"""The simulated shop and its backtest: the log of a whole run without tabs gives the same decisions once more."""

from __future__ import annotations

from typing import Any

import pytest

from journeyloop.adapters.store.memory import MemoryStore
from journeyloop.model.decision import Decision
from journeyloop.model.event import Event
from journeyloop.model.inputs import Delivered
from journeyloop.runtime import records
from journeyloop.runtime.backtest import Backtest
from journeyloop.testing.crowd import SECRET, Arrival
from journeyloop.testing.faults import CALM, Faults
from journeyloop.testing.simulator import WAITS, RecordingBatch, Simulation
from tests.simulation.world import world


class Shoppers(Simulation):
    """They shop and log in, no page is ever watched, and a channel takes each message as soon as it is chosen."""

    def __init__(self, seed: int) -> None:
        self.made: list[Decision] = []
        super().__init__(world(), seed)
        self.faults = Faults(self.random, CALM)

    def step(self) -> None:
        """What arrives at an instant comes before the timers due at it."""
        self.pass_time(self.random.choice(WAITS))
        self.now += 1
        browser = self.random.choice(list(self.browsers.values()))
        self.random.choices((self._shop, self._login), (5, 1))[0](browser)
        self.commit()

    def commit(self) -> None:
        super().commit()
        while self.inbox:
            super().commit()

    def interfere(self, anonymous_ids: list[str]) -> None:
        """Nobody does."""

    def _write(self, arrivals: list[Arrival]) -> RecordingBatch:
        batch = super()._write(arrivals)
        made = [one for one in batch.happened if isinstance(one, Decision)]
        self.made += made
        self.inbox += [Arrival(Delivered(one.person, one.id, "sent")) for one in made if one.state == "due"]
        return batch

    def events(self) -> list[Event]:
        with self.store.read() as reader:
            logged: list[Any] = [records.decode_log(raw)[1] for _, raw in reader.scan("log")]
        return [one for one in logged if isinstance(one, Event)]


@pytest.mark.parametrize("seed", range(8))
def test_the_log_of_a_run_gives_the_same_decisions_in_a_backtest(seed: int) -> None:
    live, found = Shoppers(seed), []
    for _ in range(250):
        live.step()
    run = Backtest(world(), SECRET, MemoryStore(), lambda one, _: found.append(one), contacted=True)
    assert sum(run.run(live.events())) == live.messages
    assert found == live.made and len(found) > 20
