"""A store from before there were arms opens; its open windows close, and its evidence goes on where it was.

`store-before-arms.json.gz` is every table of a small shop driven by `tests.property.rig` with the code of that time:
forty windows that had closed and ten that had not, of two moments, one of which is no more.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from journeyloop.adapters.store.memory import MemoryStore
from journeyloop.learn import uplift
from journeyloop.model.arm import SILENCE
from journeyloop.model.inputs import Epoch, PlanChanged
from journeyloop.runtime import records
from tests.property.rig import DAY, HOUR, SECRET, WATCHING, Rig, moment, plan_of

FACTS: dict[str, Any] = json.loads(gzip.decompress((Path(__file__).parent / "store-before-arms.json.gz").read_bytes()))


@pytest.fixture
def rig() -> Rig:
    """The machines of today over that store."""
    rig = Rig()
    rig.store, rig.secret, rig.now, rig.seen = MemoryStore(), SECRET, FACTS["now"], WATCHING
    with rig.store.write() as transaction:
        for table, rows in FACTS["tables"].items():
            for key, value in rows:
                transaction.put(table, bytes.fromhex(key), bytes.fromhex(value))
    goal = "{event: Order Completed, within: 30m, value: event.properties.revenue}"
    rig.plan = plan_of(moment(holdout="30%", goal=goal))
    rig.plans = {FACTS["plan"]: rig.plan, rig.plan.hash: rig.plan}
    rig.memory = rig.reopened()
    rig.apply(Epoch(2, "test", ""), PlanChanged(rig.plan.hash), fire=False)
    return rig


def test_the_board_is_what_it_was(rig: Rig) -> None:
    (treated, held), (of_treated, of_held) = FACTS["goals"], FACTS["sizes"]
    level = rig.memory.board.level("now")
    assert level.means == {"": (treated / of_treated, held / of_held)}
    assert (level.worth, level.mode) == (0.0, "")
    assert rig.memory.arms == {}


def test_its_windows_close_and_the_evidence_goes_on(rig: Rig) -> None:
    before = rig.tally("now").evidence
    rig.pass_time(HOUR)
    after = rig.tally("now").evidence
    assert (before.rows, after.rows) == (FACTS["rows"], FACTS["rows"] + 10)
    assert after.treated.goals + after.holdout.goals == sum(FACTS["goals"]) + 5
    assert after.treated.mean() == after.treated.goals / after.treated.rows
    assert uplift(after) is not None
    assert rig.counts("now")["left out: worth not known"] == 10
    assert rig.counts("gone")["left out: moment removed"] == 10
    assert [one.outcome for one in rig.outcomes() if one.moment == "gone"] == ["void"] * 10
    for raw in rig.values("people"):
        header = records.decode_customer(raw).header
        assert (header.pending, header.timers, header.deliveries) == ([], {}, [])


def test_rows_without_features_teach_nothing_and_new_ones_do(rig: Rig) -> None:
    rig.pass_time(HOUR)
    assert rig.arms() == {}
    held = rig.counts("now")["held_out"]
    for number in range(20):
        rig.track("Asked For", f"new{number}")
    rig.pass_time(HOUR)
    assert rig.arms()["now"].seen[0] == rig.counts("now")["held_out"] - held > 0
    assert rig.arms()["now"].names[0] == SILENCE


def test_its_people_keep_their_arms(rig: Rig) -> None:
    before = {f"closed{number}": rig.find(f"closed{number}").header.arms["now"] for number in range(40)}
    for who in before:
        rig.track("Asked For", who)
    assert {who: rig.find(who).header.arms["now"] for who in before} == before
    assert not any(key.startswith("customers") for key in rig.counts("now"))


def test_a_restart_later_finds_the_same_board(rig: Rig) -> None:
    rig.pass_time(DAY)
    assert rig.reopened().board == rig.memory.board
