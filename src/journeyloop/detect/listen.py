"""What does this event mean to the moments? It cancels open instances, arms new ones, or is a signal at once."""

from __future__ import annotations

from journeyloop.detect.gate import confirm
from journeyloop.detect.look import judge, looked, too_late
from journeyloop.model.customer import Armed, Customer
from journeyloop.model.event import JITTER, Event
from journeyloop.model.frame import Frame
from journeyloop.model.identifier import keyed_hash
from journeyloop.model.inputs import Asked
from journeyloop.model.moment import Match, Moment
from journeyloop.model.plan import Listening
from journeyloop.model.profile import Scene, scene
from journeyloop.model.signal import Signal

PASSED = "its time had passed before it arrived"


def cause_of(event: Event, frame: Frame) -> bytes:
    """An event's id: hash of its primary identifier and messageId."""
    kind, value = event.primary()
    return keyed_hash(frame.secret, "event", kind, value, event.message_id)


def listen(customer: Customer, event: Event, late: bool, frame: Frame) -> list[Signal]:
    """Cancel, then arm or raise. The name index makes an event nobody listens to cost one look-up."""
    listening = frame.plan.by_event.get(event.name)
    if listening is None:
        return []
    read = scene(listening.reader, listening.reader.event_values(event), customer, frame)
    _cancel(customer, event, listening, read, frame)
    signals: list[Signal] = []
    for moment in listening.arms:
        signals += _arm_or_raise(customer, event, moment, late, read, frame)
    return signals


def asked(customer: Customer, ask: Asked, frame: Frame) -> list[Signal]:
    """The moments that answer for this placement. An ask is a signal of its own; the gate holds for it too."""
    signals: list[Signal] = []
    cause = keyed_hash(frame.secret, "ask", customer.header.person, ask.request_id)
    for moment in frame.plan.by_ask.get(ask.placement, []):
        read = scene(moment.reader, {}, customer, frame)
        if judge(customer, moment, f"ask {ask.placement}", read, frame):
            signals += confirm(customer, moment, cause, frame.now, {}, None, frame)
    return signals


def _arm_or_raise(
    customer: Customer, event: Event, moment: Moment, late: bool, read: Scene, frame: Frame
) -> list[Signal]:
    if moment.starts is not None and event.time < moment.starts:
        looked(customer, moment, event.name, "clause", "not yet valid", frame)
        return []
    if not judge(customer, moment, event.name, read, frame):
        return []
    if late:
        too_late(customer, moment, event.name, "an older event than one already seen", frame)
        return []
    if moment.waits:
        _arm(customer, event, moment, read, frame)
        return []
    if frame.now > event.time + moment.expires:
        too_late(customer, moment, event.name, PASSED, frame)
        return []
    return confirm(customer, moment, cause_of(event, frame), event.time, read.values["event"], None, frame)


def _arm(customer: Customer, event: Event, moment: Moment, read: Scene, frame: Frame) -> None:
    header, detect = customer.header, moment.detect
    by = _by(event, detect.by)
    name = f"absent/{moment.name}/{_mark(by, frame) or ''}"
    before = next((one for one in header.armed if one.name == name), None)
    if before is not None and (detect.repeat == "keep" or event.time < before.at):
        return None
    due = event.time + max(detect.wait, moment.confirm.dwell)
    if frame.now > due + moment.expires:
        return too_late(customer, moment, event.name, PASSED, frame)
    present = header.presence.until(frame.now, frame.epoch)
    armed = Armed(moment.name, name, event.time, due, cause_of(event, frame), detect.hash, present, _mark(by, frame))
    header.armed = [*(one for one in header.armed if one.name != name), armed]
    header.timers[name] = due
    customer.sealed.armed[name] = read.values["event"]
    looked(customer, moment, event.name, "armed", "", frame)
    frame.count(moment.name, "armed")
    return None


def _by(event: Event, name: str | None) -> str | None:
    value = event.properties.get(name) if name else None
    return None if value is None else str(value)


def _mark(by: str | None, frame: Frame) -> str | None:
    """The `by` value as timers and open instances name it: hashed, for it may be personal."""
    return None if by is None else keyed_hash(frame.secret, by, size=8).hex()


def _cancel(customer: Customer, event: Event, listening: Listening, read: Scene, frame: Frame) -> None:
    """Drop the open instances that this event ends. `B` cancels if its event time is not before `A`'s."""
    for moment, match in (*listening.absences, *listening.cancels):
        if not customer.header.armed:
            return
        if not match.where.hold(read.activation, read.values):
            continue
        for armed in _ended(customer, event, moment, match, frame):
            disarm(customer, armed)
            looked(customer, moment, event.name, "cancelled", event.name, frame)
            frame.count(moment.name, "cancelled")
            frame.note("cancelled", customer.header.person, moment.name, moment.title, event.name)


def _ended(customer: Customer, event: Event, moment: Moment, match: Match, frame: Frame) -> list[Armed]:
    by = _by(event, moment.detect.by)
    mark = _mark(by, frame)
    return [
        armed
        for armed in customer.header.armed
        if armed.moment == moment.name
        and event.time >= armed.at - JITTER
        and (mark is None or armed.by is None or armed.by == mark)
    ]


def disarm(customer: Customer, armed: Armed) -> None:
    """Forget an open instance and its timer."""
    header = customer.header
    header.armed = [one for one in header.armed if one.name != armed.name]
    header.timers.pop(armed.name, None)
    customer.sealed.armed.pop(armed.name, None)
