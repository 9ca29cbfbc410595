"""Holds: whoever complains is left alone, at once, held out or not, for as long as the longest says."""

from __future__ import annotations

import pytest

from journeyloop.model.effects import Recall
from journeyloop.model.inputs import Held, TabOpened
from journeyloop.runtime import explain, reads
from tests.property.rig import ALLOWED, DAY, HOUR, MINUTE, Rig, T, moment, plan_of

CARE = "also: [{hold: [marketing], for: 72h}]\n"
UNTIL = "hold: marketing until 2023-11-17 22:14 UTC"


def shop(care: str = CARE, **changes: str) -> Rig:
    complaint = moment("care", detect="{event: Complaint}", body=care, **changes)
    return Rig(plan_of(complaint, moment("offer", purpose="marketing", topic="cart")))


def offered(rig: Rig, who: str = "a1") -> str:
    rig.track("Asked For", who, context=ALLOWED)
    last = rig.made[-1]
    return last.chosen[1] if last.chosen else last.reason


def test_a_signal_holds_what_it_names() -> None:
    rig = shop()
    rig.track("Complaint")
    assert offered(rig) == UNTIL
    assert rig.counts("offer")["silent: hold: marketing"] == 1
    rig.pass_time(3 * DAY - 1)
    assert offered(rig) == UNTIL
    rig.pass_time(1)
    assert offered(rig) == "hello"
    assert rig.replayed().different == 0


@pytest.mark.parametrize("names", ["cart", "marketing, cart", "cart, other"])
def test_topics_are_held_as_purposes_are(names: str) -> None:
    rig = shop(f"also: [{{hold: [{names}], for: 1h}}]\n")
    rig.track("Complaint")
    assert offered(rig).startswith("hold: ")


@pytest.mark.parametrize(
    ("changes", "held"),
    [({"holdout": "100%"}, True), ({"learn": "{mode: shadow}"}, False), ({"actions": "[]"}, True)],
)
def test_it_is_outside_of_arbitration_and_holdout(changes: dict[str, str], held: bool) -> None:
    rig = shop(**changes)
    rig.track("Complaint")
    assert offered(rig).startswith("hold") is held


def test_what_is_due_ends_and_what_is_on_its_way_is_recalled() -> None:
    rig = shop()
    assert offered(rig) == "hello"
    rig.track("Complaint")
    assert (rig.deliveries()[rig.made[0].id].state, rig.deliveries()[rig.made[0].id].reason) == ("suppressed", UNTIL)
    rig = shop()
    rig.apply(TabOpened(("anonymous_id", "a1"), 1))
    assert offered(rig) == "hello"
    rig.track("Complaint")
    [recall] = rig.emitted(Recall)
    assert (recall.decision, recall.reason) == (rig.made[0].id, UNTIL)


def test_what_has_other_topics_goes_on() -> None:
    rig = shop("also: [{hold: [other], for: 72h}]\n")
    offered(rig)
    rig.track("Complaint")
    assert rig.deliveries()[rig.made[0].id].state == "due"


def test_what_is_planned_for_after_a_hold_is_chosen() -> None:
    actions = "[{action: later, channel: onpage, after: 2h, content: {title: Hi}}]"
    rig = Rig(
        plan_of(
            moment("care", detect="{event: Complaint}", body="also: [{hold: [marketing], for: 1h}]\n"),
            moment("offer", purpose="marketing", actions=actions, goal="{event: Order Completed, within: 1d}"),
        )
    )
    rig.track("Complaint")
    assert offered(rig) == "later"


def asked(rig: Rig, hours: int, *names: str, who: str = "a1") -> None:
    rig.apply(Held(("anonymous_id", who), list(names), rig.now + hours * HOUR, "complaint open"))


def test_the_longest_holds() -> None:
    rig = shop()
    for hours in (2, 48, 1):
        asked(rig, hours, "marketing")
    assert rig.find().header.holds == {"marketing": T + 48 * HOUR}
    rig.pass_time(HOUR)
    asked(rig, 1, "cart")
    rig.pass_time(2 * DAY)
    asked(rig, 1, "cart")
    assert list(rig.find().header.holds) == ["cart"], "what is over is forgotten"
    assert rig.replayed().folded


def test_a_hold_of_the_past_holds_nothing() -> None:
    rig = shop()
    asked(rig, -1, "marketing")
    assert rig.find().header.holds == {}
    assert offered(rig) == "hello"


def test_two_who_are_one_are_left_alone_as_long_as_either() -> None:
    rig = shop()
    rig.track("Page", "a1", user_id="ada")
    asked(rig, 5, "marketing", who="a2")
    asked(rig, 9, "cart", who="a2")
    asked(rig, 7, "marketing", who="a1")
    offered(rig, "a1")
    rig.pass_time(MINUTE)
    rig.track("Identify", "a2", user_id="ada")
    assert rig.find("ada", "user_id").header.holds == {"cart": T + 9 * HOUR, "marketing": T + 7 * HOUR}


def test_the_profile_and_why_tell_of_it() -> None:
    rig = shop()
    rig.track("Complaint")
    offered(rig)
    customer = rig.find()
    assert reads.profile(customer, rig.plan, rig.now)["holds"] == {"marketing": T + 3 * DAY}
    with rig.store.read() as reader:
        told = explain.why(reader, rig.plan, rig.plan.moments["offer"], customer, rig.now)
    assert told["policy"] == UNTIL
    assert told["answer"] == f"It fired and stayed silent: {UNTIL}."
    assert reads.profile(customer, rig.plan, rig.now + 3 * DAY)["holds"] == {}
