"""What does this event mean to the moments? It cancels open instances, arms new ones, or is a signal at once."""

from __future__ import annotations

from journeyloop.detect.gate import confirm
from journeyloop.detect.look import judge, looked, saw, too_late
from journeyloop.detect.progress import counted, sequenced
from journeyloop.detect.truth import OLDER, came_true, disarm, mark_of, truth_of
from journeyloop.model.customer import Armed, Customer
from journeyloop.model.event import JITTER, Event
from journeyloop.model.frame import Frame
from journeyloop.model.identifier import keyed_hash
from journeyloop.model.inputs import Asked
from journeyloop.model.moment import Moment
from journeyloop.model.plan import Listening
from journeyloop.model.profile import Scene, scene
from journeyloop.model.signal import Signal


def listen(customer: Customer, event: Event, late: bool, frame: Frame) -> list[Signal]:
    """Cancel, then arm or raise. The name index makes an event nobody listens to cost one look-up."""
    listening = frame.plan.by_event.get(event.name)
    if listening is None:
        return []
    read = scene(listening.reader, listening.reader.event_values(event), customer, frame)
    _cancel(customer, event, listening, read, frame)
    signals: list[Signal] = []
    for moment in listening.arms:
        if _valid(customer, event, moment, read, frame):
            signals += _heard(customer, event, moment, late, read, frame)
    for moment, steps in _by_moment(listening.steps):
        if _valid(customer, event, moment, read, frame):
            signals += sequenced(customer, event, moment, steps, late, read, frame)
    return signals


def asked(customer: Customer, ask: Asked, frame: Frame) -> list[Signal]:
    """The moments that answer for this placement. An ask is a signal of its own; the gate holds for it too."""
    if ask.browser and not _alone(customer, ask):
        return []
    signals: list[Signal] = []
    cause = keyed_hash(frame.secret, "ask", customer.header.person, ask.request_id)
    for moment in frame.plan.by_ask.get(ask.placement, []):
        read = scene(moment.reader, moment.reader.event_values(ask), customer, frame)
        if judge(customer, moment, f"ask {ask.placement}", read, frame):
            signals += confirm(customer, moment, cause, frame.now, read.values["event"], None, frame)
    return signals


def _alone(customer: Customer, ask: Asked) -> bool:
    """Nobody but this browser: a page can name any user or address as its own, and would be told about them."""
    names = [name.identifier for name in customer.sealed.names]
    return names == [ask.identifier] and not customer.header.absorbed


def _valid(customer: Customer, event: Event, moment: Moment, read: Scene, frame: Frame) -> bool:
    """Whether the moment's `from` has come."""
    if moment.starts is None or event.time >= moment.starts:
        return True
    saw(customer, moment, event.name, "clause", "not yet valid", read, frame)
    return False


def _heard(customer: Customer, event: Event, moment: Moment, late: bool, read: Scene, frame: Frame) -> list[Signal]:
    if moment.detect.count:
        return counted(customer, event, moment, late, read, frame)
    if not judge(customer, moment, event.name, read, frame):
        return []
    if late:
        too_late(customer, moment, event.name, OLDER, frame)
        return []
    return came_true(customer, moment, truth_of(event, moment, read, frame), frame)


def _by_moment(steps: list[tuple[Moment, int]]) -> list[tuple[Moment, list[int]]]:
    """The steps of each sequence that one event can be, as they come."""
    found: dict[str, tuple[Moment, list[int]]] = {}
    for moment, step in steps:
        found.setdefault(moment.name, (moment, []))[1].append(step)
    return list(found.values())


def _cancel(customer: Customer, event: Event, listening: Listening, read: Scene, frame: Frame) -> None:
    """Drop the open instances that this event ends. `B` cancels if its event time is not before `A`'s."""
    for moment, match in (*listening.absences, *listening.cancels):
        if not customer.header.armed:
            return
        if not match.where.hold(read.activation, read.values):
            continue
        for armed in _ended(customer, event, moment, frame):
            disarm(customer, armed)
            looked(customer, moment, event.name, "cancelled", event.name, frame)
            frame.count(moment.name, "cancelled")
            frame.note("cancelled", customer.header.person, moment.name, moment.title, event.name)


def _ended(customer: Customer, event: Event, moment: Moment, frame: Frame) -> list[Armed]:
    mark = mark_of(event, moment, frame)
    return [
        armed
        for armed in customer.header.armed
        if armed.moment == moment.name
        and event.time >= armed.at - JITTER
        and (mark is None or armed.by is None or armed.by == mark)
    ]
