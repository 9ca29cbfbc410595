"""Live audiences, case by case: what is told and what is settled silently, thresholds of time, wrong types, limits."""

from __future__ import annotations

from typing import Any

import pytest

from journeyloop.interpret.rolling import AMOUNT, DIFFERENT, LONGEST
from journeyloop.model.effects import Note
from journeyloop.model.inputs import Imported, Judge
from journeyloop.model.plan import Plan
from journeyloop.model.profile import AGES, PROFILE, profile_value
from tests.property.rig import DAY, HOUR, MINUTE, SECOND, STALL, Rig, plan_of


def plan(traits: str = "", **audiences: str) -> Plan:
    conditions = ", ".join(f"{name}: {{where: '{where}'}}" for name, where in audiences.items())
    return plan_of(STALL, audiences=f"traits: {{{traits}}}\naudiences: {{{conditions}}}")


SPENT = "spent: {sum: properties.revenue, of: Order Completed, within: 1h}"


def order(rig: Rig, revenue: Any, who: str = "a1", **fields: Any) -> list[str]:
    rig.track("Order Completed", who, properties={"revenue": revenue}, **fields)
    return told(rig)


def told(rig: Rig) -> list[str]:
    return [one.text for one in rig.effects if isinstance(one, Note) and one.kind == "audience"]


def within(rig: Rig) -> dict[str, int]:
    return rig.find().header.audiences


def value(rig: Rig, name: str) -> Any:
    return profile_value(rig.find(), name, rig.now, rig.plan.computed)


def test_who_stops_spending_leaves_by_themselves() -> None:
    rig = Rig(plan(SPENT, spenders="profile.spent >= 50.0"))
    assert order(rig, 30.0) == []
    rig.pass_time(10 * MINUTE)
    assert order(rig, 30.0) == ["enters spenders"]
    assert rig.counts("audience/spenders") == {"members": 1}
    entered = rig.now
    rig.pass_time(HOUR - 10 * MINUTE - 1)
    assert within(rig) == {"spenders": entered}
    rig.pass_time(MINUTE + 1)
    assert (within(rig), told(rig)) == ({}, ["leaves spenders"])
    assert rig.counts("audience/spenders") == {"members": 0}
    rig.pass_time(HOUR)
    assert rig.rows("timers") == [], "nothing is left that could leave"


def test_an_event_that_moves_nothing_is_not_judged() -> None:
    rig = Rig(plan(SPENT, spenders="profile.spent >= 50.0"))
    order(rig, 30.0)
    timers = rig.find().header.timers
    rig.pass_time(MINUTE)
    rig.track("Product Viewed")
    assert rig.find().header.timers == timers


@pytest.mark.parametrize(
    ("condition", "changes"),
    [
        ("profile.days_since_last_order <= 7", [0, 8]),
        ("profile.days_since_last_order < 7", [0, 7]),
        ("profile.days_since_last_order == 7", [7, 8]),
        ("profile.days_since_last_order != 7 && profile.orders > 0", [0, 7, 8]),
        ("profile.days_since_last_order > 6.5", [7]),
        ("2 <= profile.days_since_last_order && profile.days_since_last_order < 4", [2, 4]),
    ],
)
def test_days_are_judged_at_the_days_that_matter_and_no_others(condition: str, changes: list[int]) -> None:
    rig = Rig(plan(those=condition))
    start = rig.now
    order(rig, 1.0)
    found = [0] if within(rig) else []
    before = bool(found)
    while (due := rig.next_due()) is not None:
        rig.pass_time(due - rig.now)
        if bool(within(rig)) is not before:
            before = not before
            found.append((rig.now - start) // DAY)
            assert (rig.now - start) % DAY == 0
    assert found == changes
    assert len([one for one in rig.log() if type(one).__name__ == "TimerDue"]) <= 4


def test_the_first_event_is_judged_against_everything() -> None:
    rig = Rig(plan(strangers="!profile.known", newcomers="profile.first_time"))
    rig.track("Page")
    assert told(rig) == ["enters strangers", "enters newcomers"]


def test_a_value_of_a_wrong_type_leaves_everybody_where_they_were() -> None:
    rig = Rig(plan("tier: {type: number}", high="profile.tier > 2.0"))
    rig.track("Identify", traits={"tier": "three"})
    assert within(rig) == {}
    rig.track("Identify", traits={"tier": 3})
    assert list(within(rig)) == ["high"]
    rig.now += SECOND
    rig.track("Identify", traits={"tier": "three"})
    assert list(within(rig)) == ["high"]


def test_another_plan_is_settled_silently() -> None:
    rig = Rig(plan())
    order(rig, 70.0)
    rig.change(plan(SPENT, spenders="profile.spent >= 50.0"))
    rig.apply(Judge([rig.find().header.person]))
    assert (list(within(rig)), told(rig)) == (["spenders"], [])
    rig.change(plan(SPENT, spenders="profile.spent >= 100.0", others="profile.orders == 1"))
    assert order(rig, 60.0) == ["enters spenders", "leaves others"], "judged as of before the event, then by it"


def test_a_visitor_who_logs_in_keeps_their_audiences_and_nobody_is_told() -> None:
    rig = Rig(plan(SPENT, spenders="profile.spent >= 50.0"))
    order(rig, 70.0)
    since = within(rig)["spenders"]
    rig.pass_time(MINUTE)
    rig.track("Page", user_id="u1")
    assert (within(rig), told(rig)) == ({"spenders": since}, [])
    assert len(rig.rows("audiences")) == rig.counts("audience/spenders")["members"] == 1


def test_two_halves_that_reach_it_together_enter() -> None:
    rig = Rig(plan(SPENT, spenders="profile.spent >= 50.0"))
    order(rig, 30.0, "a1")
    order(rig, 30.0, "a2", user_id="u1")
    rig.track("Page", "a1", user_id="u1")
    assert told(rig) == ["enters spenders"]


def test_a_past_that_is_imported_is_settled_silently_with_the_next_event() -> None:
    rig = Rig(plan(SPENT, spenders="profile.spent >= 50.0"))
    rig.apply(Imported(rig.event("Order Completed", ago=MINUTE, source="import", properties={"revenue": 80.0})))
    assert (within(rig), rig.rows("timers")) == ({}, [])
    rig.track("Page")
    assert (list(within(rig)), told(rig)) == (["spenders"], [])


def test_someone_known_meets_an_imported_visitor_silently() -> None:
    rig = Rig(plan(SPENT, spenders="profile.spent >= 50.0"))
    rig.track("Page", "a2", user_id="u1")
    rig.apply(Imported(rig.event("Order Completed", ago=MINUTE, source="import", properties={"revenue": 80.0})))
    rig.track("Page", "a1", user_id="u1")
    assert (list(within(rig)), told(rig)) == (["spenders"], [])


def test_hostile_amounts_are_bounded_and_what_is_no_number_is_not_counted() -> None:
    rig = Rig(plan("spent: {sum: properties.revenue, of: Order Completed}, n: {count: Order Completed}"))
    for revenue in (1e300, 10**17, float("inf"), float("nan"), "many", None, True, [1], -5):
        rig.now += HOUR
        order(rig, revenue)
    assert (value(rig, "spent"), value(rig, "n")) == (2 * AMOUNT - 5, 9)
    for _ in range(12_000):
        rig.apply(rig.event("Order Completed", properties={"revenue": 1e300}), fire=False)
    assert value(rig, "spent") == (2**63 - 1) / 1e6


def test_different_values_are_told_apart_up_to_a_limit_the_newest_ones() -> None:
    rig = Rig(plan("seen: {unique: properties.product_id, of: Product Viewed, within: 1h}"))
    for number in range(DIFFERENT + 50):
        rig.track("Product Viewed", properties={"product_id": number})
    rig.track("Product Viewed", properties={"product_id": "1"})
    assert value(rig, "seen") == DIFFERENT == len(rig.find().header.windows["seen"].marks)
    rig.pass_time(30 * MINUTE)
    rig.track("Product Viewed", properties={"product_id": 7})
    rig.pass_time(45 * MINUTE)
    assert value(rig, "seen") == 1


def test_old_buckets_are_dropped_and_long_texts_cut() -> None:
    traits = "n: {count: Page, within: 10s}, x: {first: properties.x, of: Page, within: 10s}"
    rig = Rig(plan(traits))
    for number in range(300):
        rig.track("Page", properties={"x": f"{number}" * 300})
        rig.now += 150
    found = rig.find()
    assert len(found.header.windows["n"].buckets) <= 52
    assert max(len(said) for _, said in found.sealed.ends["x"]) == LONGEST
    assert len(found.sealed.ends["x"]) <= 52


def test_a_changed_definition_counts_anew_from_the_log() -> None:
    rig = Rig(plan("spent: {sum: properties.revenue, of: Order Completed}"))
    order(rig, 30.0)
    rig.change(plan("spent: {sum: properties.revenue, of: Order Completed, where: event.properties.revenue > 50.0}"))
    assert value(rig, "spent") == 0.0
    order(rig, 60.0)
    assert value(rig, "spent") == 60.0
    rig.change(plan("spent: {sum: properties.revenue, of: Order Completed}"))
    rig.track("Page", user_id="u1")
    assert value(rig, "spent") == 90.0


@pytest.mark.parametrize("name", PROFILE)
def test_a_built_in_that_time_alone_changes_is_known_as_one(name: str) -> None:
    rig = Rig()
    order(rig, 30.0, context={"page": {"path": "/"}, "locale": "de-DE"})
    later = {
        PROFILE[name](rig.find(), rig.now + wait) == PROFILE[name](rig.find(), rig.now) for wait in (HOUR, 9 * DAY)
    }
    assert (False in later) is (name in AGES)
