"""Absence: armed by an event, ended by another, fired on the second by its timer; late, by key, repeated, replanned."""

from __future__ import annotations

import pytest

from tests.property.rig import HOUR, MINUTE, SECOND, STALL, Rig, moment, plan_of

ABSENCE = "{event: Asked For, by: order_id, absent: [Order Completed], for: 3m}"


def rig_with(more: str = "", **changes: str) -> Rig:
    detect = ABSENCE.replace("}", f"{more}}}")
    return Rig(plan_of(moment(**({"detect": detect} | changes))))


def step(rig: Rig, order: str | None = "o1", ago: int = 0) -> None:
    rig.track("Asked For", ago=ago, properties={} if order is None else {"order_id": order})


def test_it_fires_when_its_time_is_over_and_not_before() -> None:
    rig = rig_with()
    step(rig)
    rig.pass_time(3 * MINUTE - 1)
    assert rig.decisions() == []
    rig.pass_time(1)
    [decision] = rig.decisions()
    assert decision.at == rig.now
    assert rig.find().sealed.looks["now"].outcome == "signal"


def test_the_time_runs_from_the_event_not_from_its_arrival() -> None:
    rig = rig_with()
    step(rig, ago=2 * MINUTE)
    rig.pass_time(MINUTE)
    assert len(rig.decisions()) == 1


def test_what_it_waits_for_ends_it() -> None:
    rig = rig_with()
    step(rig)
    rig.pass_time(MINUTE)
    rig.track("Order Completed", properties={"order_id": "o1"})
    rig.pass_time(HOUR)
    assert rig.decisions() == []
    assert rig.counts("now") == {"armed": 1, "cancelled": 1}
    assert rig.find().header.timers == {}


@pytest.mark.parametrize(("ago", "fires"), [(5 * SECOND, False), (0, False), (2 * MINUTE, True)])
def test_what_happened_before_it_does_not_end_it(ago: int, fires: bool) -> None:
    """An order two minutes old that arrives after the step is older than the step; one just older is jitter."""
    rig = rig_with()
    rig.pass_time(5 * MINUTE)
    step(rig, ago=5 * SECOND)
    rig.track("Order Completed", ago=ago, properties={"order_id": "o1"})
    rig.pass_time(HOUR)
    assert bool(rig.decisions()) is fires


@pytest.mark.parametrize(
    ("armed", "ended", "fires"),
    [
        ("o1", "o1", False),
        ("o1", "o2", True),
        ("o1", None, False),
        (None, "o1", False),
        ("", "", False),
        ("", "o1", True),
    ],
)
def test_by_keeps_instances_apart(armed: str | None, ended: str | None, fires: bool) -> None:
    """Without the property on one side it cannot be told apart: then it ends all."""
    rig = rig_with()
    step(rig, armed)
    rig.track("Order Completed", properties={} if ended is None else {"order_id": ended})
    rig.pass_time(HOUR)
    assert bool(rig.decisions()) is fires


def test_one_instance_per_value() -> None:
    rig = rig_with()
    for order in ("o1", "o2", "o1"):
        step(rig, order)
    assert len(rig.find().header.armed) == 2
    assert rig.counts("now")["armed"] == 3


@pytest.mark.parametrize(("repeat", "due"), [("restart", 5 * MINUTE), ("keep", 3 * MINUTE)])
def test_a_repeat(repeat: str, due: int) -> None:
    rig = rig_with(f", repeat: {repeat}")
    start = rig.now
    step(rig)
    rig.pass_time(2 * MINUTE)
    step(rig)
    rig.pass_time(HOUR)
    assert [one.at - start for one in rig.decisions()] == [due]


def test_a_repeat_that_is_older_does_not_turn_the_clock_back() -> None:
    rig = rig_with()
    start = rig.now
    step(rig)
    step(rig, ago=500)
    rig.pass_time(HOUR)
    assert [one.at - start for one in rig.decisions()] == [3 * MINUTE]


def test_absent_with_a_condition() -> None:
    where = "{event: Asked For, absent: [{event: Order Completed, where: event.properties.total > 10.0}], for: 3m}"
    rig = rig_with(detect=where)
    step(rig)
    rig.track("Order Completed", properties={"total": 5.0})
    assert len(rig.find().header.armed) == 1
    rig.track("Order Completed", properties={"total": 50.0})
    assert rig.find().header.armed == []


def test_cancel_on_ends_the_wait_too() -> None:
    rig = rig_with(cancel_on="[Live Chat Started]")
    step(rig)
    rig.track("Live Chat Started")
    rig.pass_time(HOUR)
    assert rig.decisions() == []


@pytest.mark.parametrize(
    ("down", "fires"), [(3 * MINUTE, True), (8 * MINUTE, True), (8 * MINUTE + 1, False), (9 * HOUR, False)]
)
def test_after_downtime_it_fires_unless_it_is_stale(down: int, fires: bool) -> None:
    rig = rig_with()
    step(rig)
    rig.sleep(down)
    assert bool(rig.decisions()) is fires
    assert rig.counts("now").get("late", 0) == (not fires)
    assert rig.find().header.timers == {} or fires


def test_an_event_whose_time_had_passed_when_it_came() -> None:
    rig = rig_with()
    step(rig, ago=9 * MINUTE)
    assert rig.counts("now") == {"late": 1}
    assert rig.find().sealed.looks["now"].outcome == "late"


def test_an_event_older_than_another_arms_nothing() -> None:
    rig = rig_with()
    rig.track("Page Viewed")
    step(rig, ago=2 * SECOND)
    assert rig.counts("now") == {"late": 1}


def test_another_detection_in_a_new_plan_cancels() -> None:
    rig = Rig(plan_of(STALL))
    rig.track("Checkout Step Viewed")
    rig.change(plan_of(STALL.replace("for: 3m", "for: 4m")))
    rig.pass_time(HOUR)
    assert rig.decisions() == []
    assert rig.counts("stall") == {"armed": 1, "cancelled: plan": 1}


def test_a_moment_that_is_gone_cancels() -> None:
    rig = Rig(plan_of(STALL))
    rig.track("Checkout Step Viewed")
    rig.change(plan_of(moment()))
    rig.pass_time(HOUR)
    assert rig.counts("stall") == {"armed": 1, "cancelled: plan": 1}


def test_another_message_in_a_new_plan_is_the_one_decided() -> None:
    rig = Rig(plan_of(STALL))
    rig.track("Checkout Step Viewed")
    rig.change(plan_of(STALL.replace("reassure", "calm")))
    rig.pass_time(3 * MINUTE)
    [decision] = rig.decisions()
    assert decision.candidates[0].action == "calm"
    assert decision.plan == rig.plan.hash


def test_a_timer_that_was_moved_is_nobodys() -> None:
    rig = rig_with()
    step(rig)
    timer = dict(rig.find().header.timers)
    rig.pass_time(MINUTE)
    step(rig)
    assert rig.find().header.timers.keys() == timer.keys()
    rig.pass_time(2 * MINUTE)
    assert rig.decisions() == []


def test_the_event_that_armed_is_what_actions_see() -> None:
    offer = "{action: offer, channel: onpage, where: event.properties.total > 10.0, content: {title: Hi}}"
    rig = rig_with(actions=f"[{offer}]")
    rig.track("Asked For", properties={"total": 50.0})
    rig.pass_time(3 * MINUTE)
    assert rig.decisions()[0].chosen == ("now", "offer")
