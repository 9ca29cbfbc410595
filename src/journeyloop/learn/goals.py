"""What happens while a window is open: its place is seen, the goal, its being taken back, what must not get worse.

Live counts move at once; arms and evidence wait for the close, so that successes are not counted earlier than failures.
"""

from __future__ import annotations

from journeyloop.model.condition import ABSENT, look
from journeyloop.model.customer import Customer
from journeyloop.model.decision import REACHED, Row
from journeyloop.model.event import JITTER, Event
from journeyloop.model.frame import Frame
from journeyloop.model.inputs import Outcome
from journeyloop.model.moment import Moment
from journeyloop.model.profile import Scene, scene
from journeyloop.model.spending import PER_GOAL, pay

LARGEST = 1e9
"""No amount is larger: what is, counts as this."""


def reach_goals(customer: Customer, event: Event, frame: Frame) -> None:
    """Mark the open windows that this event says something about."""
    listening = frame.plan.by_event.get(event.name)
    if listening is None or not customer.header.pending:
        return
    if not (listening.goals or listening.revokes or listening.guards):
        return
    read = scene(listening.reader, listening.reader.event_values(event), customer, frame)
    for moment in listening.goals:
        if moment.goal.where.hold(read.activation, read.values):
            _reached(customer, event, moment, frame)
    for moment in listening.revokes:
        _revoked(customer, event, moment, read)
    for moment, place in listening.guards:
        if moment.guards[place].where.hold(read.activation, read.values):
            _guarded(customer, event, moment, place)


def expose(customer: Customer, outcome: Outcome, frame: Frame) -> None:
    """The place was seen, treated or held out: once per decision, while its window is open. A bot sees nothing."""
    for row in customer.header.pending:
        if row.decision == outcome.decision and not (row.exposed or row.settled or outcome.machine):
            row.exposed = frame.now
            frame.count(row.moment, f"exposed: {row.arm}")


def _open(customer: Customer, event: Event, moment: Moment) -> list[Row]:
    """The windows of this moment that the event falls into."""
    return [
        row
        for row in customer.header.pending
        if row.moment == moment.name and not row.settled and row.opened - JITTER <= event.time <= row.closes
    ]


def _reached(customer: Customer, event: Event, moment: Moment, frame: Frame) -> None:
    for row in _open(customer, event, moment):
        if not row.goal_at:
            row.goal_at, row.goal_value = event.time, _value(moment, event)
            _given(customer, row, frame)
            frame.count(moment.name, f"goals: {row.arm}")
            frame.note("goal", customer.header.person, moment.name, event.name, row.arm)


def _given(customer: Customer, row: Row, frame: Frame) -> None:
    """What its message promised is now given, if the message may have arrived."""
    for delivery in customer.header.deliveries if row.action else ():
        if delivery.decision == row.decision and delivery.state in REACHED:
            pay(delivery, PER_GOAL, frame)


def _value(moment: Moment, event: Event) -> float:
    """What the goal is worth to us; 1 each where the moment does not say, 0 where it names no number."""
    if moment.goal.value is None:
        return 1.0
    found = look({"properties": event.properties}, tuple(moment.goal.value.split("."))[1:])
    if found is ABSENT or isinstance(found, bool) or not isinstance(found, (int, float)) or found != found:
        return 0.0
    return float(max(-LARGEST, min(LARGEST, found))) * moment.goal.margin


def _revoked(customer: Customer, event: Event, moment: Moment, read: Scene) -> None:
    revoked = moment.goal.revoked_by
    if revoked is None or not revoked.where.hold(read.activation, read.values):
        return
    for row in customer.header.pending:
        counted = row.moment == moment.name and row.goal_at and not row.revoked
        if counted and row.goal_at - JITTER <= event.time <= row.goal_at + revoked.within:
            row.revoked = event.time


def _guarded(customer: Customer, event: Event, moment: Moment, place: int) -> None:
    for row in _open(customer, event, moment):
        if place < len(row.guards) and not row.guards[place]:
            row.guards[place] = event.time
