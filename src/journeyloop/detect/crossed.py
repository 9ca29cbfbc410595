"""A person has come into an audience or above a threshold, or has left: the moments that listen to it."""

from __future__ import annotations

from typing import Any

from journeyloop.detect.look import judge, saw
from journeyloop.detect.truth import Truth, came_true, cause_of
from journeyloop.model.audience import Crossed
from journeyloop.model.customer import Customer
from journeyloop.model.event import Event
from journeyloop.model.frame import Frame
from journeyloop.model.identifier import keyed_hash
from journeyloop.model.inputs import HandOver, TimerDue
from journeyloop.model.moment import Moment
from journeyloop.model.profile import scene
from journeyloop.model.signal import Signal


def crossed(customer: Customer, changes: list[Crossed], by: Event | TimerDue | HandOver, frame: Frame) -> list[Signal]:
    """The signals of these transitions, which `by` brought about."""
    signals: list[Signal] = []
    for change in changes if not frame.past else []:
        for moment in frame.plan.by_crossed.get((change.name, change.change), []):
            signals += _crossed(customer, change, moment, by, frame)
    return signals


def _crossed(
    customer: Customer, change: Crossed, moment: Moment, by: Event | TimerDue | HandOver, frame: Frame
) -> list[Signal]:
    what = f"{change.change} {change.name}"
    at, cause, values = _told(customer, moment, by, frame)
    read = scene(moment.reader, values, customer, frame)
    if moment.starts is not None and at < moment.starts:
        saw(customer, moment, what, "clause", "not yet valid", read, frame)
        return []
    if not judge(customer, moment, what, read, frame):
        return []
    return came_true(customer, moment, Truth(what, at, cause, values), frame)


def _told(
    customer: Customer, moment: Moment, by: Event | TimerDue | HandOver, frame: Frame
) -> tuple[int, bytes, dict[str, Any]]:
    """When it happened, the id of the input that brought it about, and what the moment reads of it. All people's
    timers of one kind share a name: the person tells them apart."""
    match by:
        case Event():
            return by.time, cause_of(by, frame), moment.reader.event_values(by)
        case TimerDue():
            return by.due, keyed_hash(frame.secret, "timer", customer.header.person, by.name, str(by.due)), {}
        case HandOver():
            return frame.now, by.id, {}
