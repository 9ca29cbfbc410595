"""The laws of the kernel, over random histories of every kind of input."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from journeyloop.model.decision import ENDED
from journeyloop.model.event import Event
from journeyloop.model.inputs import PlanChanged
from journeyloop.runtime import records
from journeyloop.runtime.batch import Batch
from journeyloop.runtime.replay import repeats
from tests.property.histories import WITH_UNMERGES, Step, finish, histories, plans, play
from tests.property.rig import DAY, MINUTE, Rig

ENDS = ("sent", "suppressed", "expired", "failed", "unknown")


@given(histories(WITH_UNMERGES), st.booleans())
def test_the_same_inputs_give_the_same_bytes(steps: list[Step], shared: bool) -> None:
    one, other = play(steps, shared), play(steps, shared)
    assert one.state() == other.state()
    assert one.effects == other.effects


@given(histories(WITH_UNMERGES), st.booleans())
def test_the_log_folds_to_the_live_state(steps: list[Step], shared: bool) -> None:
    rig = play(steps, shared)
    found = rig.replayed()
    assert found.differences == []
    assert found.inputs == len(rig.log())


@given(histories(), st.booleans())
def test_a_decision_repeats_from_its_own_record(steps: list[Step], shared: bool) -> None:
    for decision in play(steps, shared).decisions():
        assert repeats(decision)
        silence = 1.0 - sum(one.propensity for one in decision.candidates)
        assert -1e-9 <= silence <= 1.0
        if decision.chosen is None:
            assert silence > 0.0
        else:
            picked = next(one for one in decision.candidates if (one.moment, one.action) == decision.chosen)
            assert picked.verdict == "eligible"
            assert picked.propensity > 0.0


@given(histories(WITH_UNMERGES), st.booleans(), st.sampled_from([1, 3, 1_000]))
def test_batch_boundaries_do_not_matter(steps: list[Step], shared: bool, size: int) -> None:
    """The log again, in batches of another size, each by a process that starts from what is committed."""
    live = play(steps, shared)
    rig = Rig.__new__(Rig)
    rig.__dict__.update(live.__dict__, store=type(live.store)(), plan=plans()[0])
    log = [records.decode_log(raw) for raw in live.values("log")]
    for at in range(0, len(log), size):
        memory = rig.reopened()
        memory.plan = rig.plan
        with rig.store.write() as transaction:
            batch = Batch(transaction, memory, rig.plans.__getitem__)
            for header, applied in log[at : at + size]:
                batch.apply(applied, header.now)  # type: ignore[arg-type]
                if isinstance(applied, PlanChanged):
                    rig.plan = rig.plans[applied.hash]
            batch.flush()
    assert rig.state() == live.state()


@given(histories())
@example([(0, "event", 0, which % 8) for which in range(200)])
def test_duplicates_change_nothing(steps: list[Step]) -> None:
    """Every event of the history again, at its end: after merges, and beyond what the person's record holds."""
    rig = play(steps)
    before = rig.state()
    for event in [one for one in rig.log() if isinstance(one, Event)]:
        rig.apply(event)
        rig.restart() if rig.messages % 7 == 0 else None
    after = rig.state()
    epochs = len(after["log"]) - len(before["log"])
    assert {**after, "log": after["log"][: len(before["log"])]} == before
    assert epochs == sum(type(one).__name__ == "Epoch" for one in rig.log()[len(before["log"]) :])


@pytest.mark.parametrize("days", [1, 2, 15, 29])
def test_duplicates_are_known_for_thirty_days(days: int) -> None:
    rig = Rig()
    event = rig.track("Product Added", properties={"product_id": "p", "price": 1.0})
    rig.apply(*[rig.event("Product Viewed") for _ in range(120)])
    for _ in range(days):
        rig.now += DAY
        rig.apply(*[rig.event("Product Viewed") for _ in range(100)])
    assert rig.find().header.older_parts
    before = rig.state()
    rig.apply(event)
    rig.memory = rig.reopened()
    rig.apply(event)
    assert rig.state() == before


@given(histories(), st.booleans())
def test_every_decision_ends_in_exactly_one_state(steps: list[Step], shared: bool) -> None:
    rig = play(steps, shared)
    finish(rig)
    deliveries = rig.deliveries()
    for decision in rig.decisions():
        if decision.state == "due":
            assert deliveries[decision.id].state in ENDED
        else:
            assert decision.id not in deliveries
    counts: Counter[str] = Counter()
    for name in plans()[0].moments:
        for key, number in rig.counts(name).items():
            counts[key.partition(" ")[0] if ": " in key else key] += number
    assert sum(counts[end] for end in ENDS) == len(deliveries)
    assert counts["signals:"] == counts["resolved:"] == sum(len(one.rows) for one in rig.decisions())
    for raw in rig.values("people"):
        header = records.decode_customer(raw).header
        assert (header.timers, header.pending, header.armed, header.deliveries) == ({}, [], [], [])


@given(histories(WITH_UNMERGES), st.booleans())
def test_the_timer_table_is_what_the_people_say(steps: list[Step], shared: bool) -> None:
    rig = play(steps, shared)
    told = {
        (due, customer.header.person, name)
        for customer in map(records.decode_customer, rig.values("people"))
        for name, due in customer.header.timers.items()
    }
    held = {(int.from_bytes(key[:8], "big"), key[8:24], key[24:].decode()) for key, _ in rig.rows("timers")}
    assert held == told


@given(histories(kinds=["late", "event", "identify", "open"]))
def test_an_event_older_than_one_folded_opens_nothing(steps: list[Step]) -> None:
    rig = play(steps)
    assume(any(what == "event" for _, what, _, _ in steps))
    decisions, armed = len(rig.decisions()), sum(rig.counts(name).get("armed", 0) for name in plans()[0].moments)
    rig.track("Product Viewed", "a00")
    decisions, armed = len(rig.decisions()), sum(rig.counts(name).get("armed", 0) for name in plans()[0].moments)
    for name in ("Payment Failed", "Product Viewed", "Checkout Step Viewed", "Product Added"):
        rig.apply(rig.event(name, "a00", ago=2 * MINUTE), fire=False)
    assert len(rig.decisions()) == decisions
    assert sum(rig.counts(name).get("armed", 0) for name in plans()[0].moments) == armed
