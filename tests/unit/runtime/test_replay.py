"""Replay finds what was changed behind the log's back, in the state, in the log, or in a decision's own record."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from journeyloop.adapters.store.memory import MemoryStore
from journeyloop.runtime import records
from journeyloop.runtime.replay import COMPARED, repeats, replay
from tests.property.histories import long_history, plans, play
from tests.property.rig import SECRET, Rig


@pytest.fixture
def rig() -> Rig:
    from random import Random

    return play(long_history(Random(5), length=120))


def rewrite(rig: Rig, table: str, change: Callable[[bytes], bytes | None]) -> None:
    """Change the first record of a table, or delete it."""
    key, value = rig.rows(table)[0]
    changed = change(value)
    with rig.store.write() as transaction:
        if changed is None:
            transaction.delete(table, key)
        else:
            transaction.put(table, key, changed)


def test_an_honest_store_has_no_difference(rig: Rig) -> None:
    found = rig.replayed()
    assert (found.differences, found.folded, found.from_position) == ([], True, 0)
    assert (found.inputs, found.decisions) == (len(rig.log()), len(rig.made))
    assert found.decisions > 0
    assert all(rig.rows(table) for table in ("people", "owners", "decisions", "deliveries", "by_person", "moments"))


NOT_IN_THIS = ("dedup", "timers", "audiences", "told", "outbox", "undelivered")


@pytest.mark.parametrize("table", [one for one in COMPARED if one not in NOT_IN_THIS])
def test_a_lost_record_is_found(rig: Rig, table: str) -> None:
    rewrite(rig, table, lambda value: None)
    found = rig.replayed()
    assert found.different == 1
    assert found.differences[0].startswith(f"{table} ")
    assert found.differences[0].endswith("in the log, not in the state")


@pytest.mark.parametrize("table", ["timers", "dedup"])
def test_a_record_that_the_log_does_not_explain_is_found(rig: Rig, table: str) -> None:
    with rig.store.write() as transaction:
        transaction.put(table, b"\0" * 30, b"")
    assert [one.endswith("in the state, not in the log") for one in rig.replayed().differences] == [True]


def test_a_changed_person_is_found(rig: Rig) -> None:
    def richer(raw: bytes) -> bytes:
        customer = records.decode_customer(raw)
        customer.header.revenue_micros += 1
        return records.encode_customer(customer)

    rewrite(rig, "people", richer)
    assert [one.endswith("the state and the log differ") for one in rig.replayed().differences] == [True]


def test_a_lost_input_is_found(rig: Rig) -> None:
    key = rig.rows("log")[-1][0]
    with rig.store.write() as transaction:
        transaction.delete("log", key)
    assert rig.replayed().different > 0


def test_a_decision_with_another_choice_is_found(rig: Rig) -> None:
    decision = next(one for one in rig.decisions() if one.chosen)
    assert repeats(decision)
    decision.chosen = None
    assert not repeats(decision)
    with rig.store.write() as transaction:
        transaction.put("decisions", decision.id, records.encode_decision(decision))
    differences = rig.replayed().differences
    assert f"decision {decision.id.hex()}: another choice from its own record" in differences
    assert len(differences) == 2


def test_a_log_of_other_code_is_not_folded(rig: Rig) -> None:
    with rig.store.read() as reader:
        found = replay(reader, MemoryStore(), SECRET, rig.plans.__getitem__, plans()[0], "other")
    assert (found.folded, found.inputs, found.different) == (False, 0, 0)
    assert found.decisions == len(rig.made)


def test_a_snapshot_is_where_the_fold_begins(rig: Rig) -> None:
    """A copy of the store at some point: only what came later is folded."""
    copy = MemoryStore()
    with rig.store.read() as reader, copy.write() as transaction:
        for table in (*COMPARED, "meta", "log", "plans"):
            transaction.put_many(table, reader.scan(table))
    before = len(rig.log())
    rig.track("Product Viewed", "a00", user_id="u0")
    rig.track("Order Completed", "a10", properties={"revenue": 5.0})
    with rig.store.read() as reader:
        found = replay(reader, copy, SECRET, rig.plans.__getitem__, plans()[0], "test")
    assert (found.from_position, found.differences) == (before, [])
    assert found.inputs == len(rig.log()) - before
