"""What happens while a window is open: its edges, its guards, a goal taken back, and events that come late."""

from __future__ import annotations

import pytest

from journeyloop.model.decision import Row
from tests.property.rig import DAY, HOUR, MINUTE, SECOND, Rig, moment, plan_of

GOAL = "{event: Order Completed, within: 30m, revoked_by: {event: Order Refunded, within: 2d}}"


def opened(**changes: str) -> Rig:
    rig = Rig(plan_of(moment(holdout="50%", goal=GOAL, body="guard: [Unsubscribed, Complained]\n", **changes)))
    rig.track("Asked For")
    return rig


def row(rig: Rig) -> Row:
    [found] = rig.find().header.pending
    return found


@pytest.mark.parametrize(("wait", "ago", "counts"), [
    (30 * MINUTE, 0, True), (30 * MINUTE, 30 * MINUTE, True), (20 * MINUTE, 20 * MINUTE + 3 * SECOND, False),
])  # fmt: skip
def test_the_edges_of_a_window(wait: int, ago: int, counts: bool) -> None:
    rig = opened()
    rig.now += wait
    rig.apply(rig.event("Order Completed", ago=ago), fire=False)
    assert bool(row(rig).goal_at) is counts


def test_a_late_event_counts_by_its_own_time_while_the_window_is_open_and_never_after() -> None:
    rig = opened()
    rig.pass_time(29 * MINUTE)
    rig.track("Order Completed", ago=10 * MINUTE)
    assert row(rig).goal_at == rig.now - 10 * MINUTE
    other = opened()
    other.pass_time(31 * MINUTE)
    other.track("Order Completed", ago=10 * MINUTE)
    assert (row(other).goal_at, row(other).settled) == (0, True)


def test_the_first_goal_counts() -> None:
    rig = opened()
    rig.now += MINUTE
    rig.track("Order Completed")
    at = row(rig).goal_at
    rig.now += MINUTE
    rig.track("Order Completed")
    assert row(rig).goal_at == at


@pytest.mark.parametrize(("wait", "counts"), [(2 * DAY, True), (2 * DAY + 1, False), (HOUR, True)])
def test_a_goal_may_be_taken_back_so_long_after_it(wait: int, counts: bool) -> None:
    rig = opened()
    rig.now += 10 * MINUTE
    rig.track("Order Completed")
    rig.pass_time(wait)
    rig.apply(rig.event("Order Refunded"), fire=False)
    assert bool(row(rig).revoked) is counts


def test_without_a_goal_there_is_nothing_to_take_back() -> None:
    rig = opened()
    rig.track("Order Refunded")
    assert row(rig).revoked == 0
    rig.now += MINUTE
    rig.track("Order Completed")
    rig.track("Order Refunded", ago=30 * SECOND)
    assert row(rig).revoked == 0


def test_guards_are_marked_each_in_its_place_and_counted_at_the_close() -> None:
    rig = opened()
    rig.now += MINUTE
    rig.track("Complained")
    rig.track("Complained")
    assert row(rig).guards == [0, rig.now]
    rig.pass_time(29 * MINUTE)
    rig.track("Unsubscribed")
    measures = rig.tally("now").measures
    assert {name: one.treated.goals + one.holdout.goals for name, one in measures.items()} == {
        "guard/Unsubscribed": 0, "guard/Complained": 1,
    }  # fmt: skip
