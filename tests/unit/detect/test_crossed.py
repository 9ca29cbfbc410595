"""Transitions of audiences and crossings become signals of the moments that listen, each with the id of its cause."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from journeyloop.detect import crossed
from journeyloop.detect.truth import cause_of
from journeyloop.model.audience import Crossed
from journeyloop.model.board import Board
from journeyloop.model.customer import Customer, Header
from journeyloop.model.event import Event
from journeyloop.model.frame import Frame
from journeyloop.model.identifier import keyed_hash
from journeyloop.model.inputs import HandOver, TimerDue
from journeyloop.model.moment import Detect, Moment
from journeyloop.model.plan import Plan
from tests.property.rig import MINUTE, SECRET, T, moment, plan_of

ENTERS, LEAVES = Crossed("rich", "enters"), Crossed("rich", "leaves")
PERSON = b"p" * 16


def listens(change: str = "enters", **changes: str) -> Moment:
    [read] = plan_of(moment(change, **changes)).moments.values()
    return msgspec.structs.replace(read, detect=Detect(crossed="rich", change=change, hash=change))  # type: ignore[arg-type]


def frame_with(*moments: Moment, now: int = T) -> Frame:
    plan: Plan = plan_of(moment())
    plan = msgspec.structs.replace(plan, moments={one.name: one for one in moments})
    plan.by_crossed = {}
    for one in moments:
        plan.by_crossed.setdefault(("rich", one.detect.change), []).append(one)
    return Frame(now, plan, Board(), SECRET, 1, T)


def customer() -> Customer:
    return Customer(Header(PERSON, T, orders=2, last_seen=T))


EVENT = Event("track", "Order Completed", "m1", T, anonymous_id="a1", properties={"total": 70.0, "coupon": "X"})
TIMER = TimerDue(PERSON, "audience/", T)
MERGE = HandOver(b"h" * 16, customer())


def test_only_the_moments_of_this_name_and_change() -> None:
    frame = frame_with(listens("enters"), listens("leaves"))
    who = customer()
    assert [one.moment.name for one in crossed(who, [ENTERS], EVENT, frame)] == ["enters"]
    assert [one.moment.name for one in crossed(who, [LEAVES], EVENT, frame)] == ["leaves"]
    assert crossed(who, [Crossed("poor", "enters")], EVENT, frame) == []
    assert crossed(who, [], EVENT, frame) == []


@pytest.mark.parametrize(
    ("by", "cause"),
    [
        (EVENT, cause_of(EVENT, frame_with())),
        (TIMER, keyed_hash(SECRET, "timer", PERSON, "audience/", str(T))),
        (MERGE, b"h" * 16),
    ],
)
def test_the_cause_is_the_input(by: Any, cause: bytes) -> None:
    [signal] = crossed(customer(), [ENTERS], by, frame_with(listens()))
    assert (signal.cause, signal.at, signal.expires) == (cause, T, T + 5 * MINUTE)


def test_two_people_whose_audiences_move_at_one_instant_have_two_causes() -> None:
    frame = frame_with(listens())
    other = Customer(Header(b"q" * 16, T))
    causes = {crossed(one, [ENTERS], TIMER, frame)[0].cause for one in (customer(), other)}
    assert len(causes) == 2


@pytest.mark.parametrize(("by", "values"), [(EVENT, {"properties": {"total": 70.0}}), (TIMER, {}), (MERGE, {})])
def test_actions_see_what_they_ask_of_the_event(by: Any, values: dict[str, Any]) -> None:
    offer = "{action: offer, channel: onpage, where: event.properties.total > 10.0, content: {title: Hi}}"
    [signal] = crossed(customer(), [ENTERS], by, frame_with(listens(actions=f"[{offer}]")))
    assert signal.event == values


def test_who_is_asked_and_why_tells() -> None:
    who = customer()
    assert crossed(who, [ENTERS], EVENT, frame_with(listens(who="profile.orders > 2"))) == []
    look = who.sealed.looks["enters"]
    assert (look.event, look.outcome, look.reason) == ("enters rich", "clause", "false: profile.orders > 2")


def test_a_timer_long_overdue_is_too_late() -> None:
    who, frame = customer(), frame_with(listens(), now=T + 5 * MINUTE + 1)
    assert crossed(who, [ENTERS], TIMER, frame) == []
    assert who.sealed.looks["enters"].outcome == "late"
    assert len(crossed(who, [ENTERS], MERGE, frame)) == 1, "they become one now, whenever that is"


def test_before_its_validity() -> None:
    assert crossed(customer(), [ENTERS], EVENT, frame_with(listens(body="from: 2023-11-16\n"))) == []


def test_a_dwell_is_waited_for() -> None:
    who = customer()
    assert crossed(who, [ENTERS], EVENT, frame_with(listens(confirm="{dwell: 20s}"))) == []
    assert who.header.timers == {"absent/enters/": T + 20_000}
