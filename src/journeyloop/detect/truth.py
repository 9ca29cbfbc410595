"""A moment has become true: it is a signal at once, or an open instance with a timer that waits to become one."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from journeyloop.detect.gate import confirm
from journeyloop.detect.look import looked, too_late
from journeyloop.model.customer import Armed, Customer, Header
from journeyloop.model.event import Event
from journeyloop.model.frame import Frame
from journeyloop.model.identifier import keyed_hash
from journeyloop.model.moment import Moment
from journeyloop.model.profile import Scene
from journeyloop.model.signal import Signal

OLDER = "an older event than one already seen"
PASSED = "its time had passed before it arrived"


class Truth(Struct, gc=False):
    """What made it true (`what`, for people), `at` which time, the id of the input that did (`cause`), the values of
    its event that the moment's actions read, and the `by` value it is true for, as a mark."""

    what: str
    at: int
    cause: bytes
    values: dict[str, Any]
    mark: str | None = None


def came_true(customer: Customer, moment: Moment, truth: Truth, frame: Frame) -> list[Signal]:
    """The signal, or nothing yet."""
    if moment.waits:
        _arm(customer, moment, truth, frame)
        return []
    if frame.now > truth.at + moment.expires:
        too_late(customer, moment, truth.what, PASSED, frame)
        return []
    return confirm(customer, moment, truth.cause, truth.at, truth.values, None, frame)


def truth_of(event: Event, moment: Moment, read: Scene, frame: Frame) -> Truth:
    """This event has made the moment true."""
    mark = mark_of(event, moment, frame)
    return Truth(event.name, event.time, cause_of(event, frame), read.values["event"], mark)


def cause_of(event: Event, frame: Frame) -> bytes:
    """An event's id: hash of its primary identifier and messageId."""
    kind, value = event.primary()
    return keyed_hash(frame.secret, "event", kind, value, event.message_id)


def mark_of(event: Event, moment: Moment, frame: Frame) -> str | None:
    """The event's `by` value as timers, progress and open instances name it: hashed, for it may be personal."""
    by = moment.detect.by
    value = event.properties.get(by) if by else None
    return None if value is None else keyed_hash(frame.secret, str(value), size=8).hex()


def rest(moment: Moment, at: int, header: Header) -> int:
    """When a wait that began `at` is over. Inactivity is counted from whatever this person did last."""
    detect = moment.detect
    since = max(at, header.last_seen) if detect.inactive else at
    return since + max(detect.wait, detect.inactive, moment.confirm.dwell)


def _arm(customer: Customer, moment: Moment, truth: Truth, frame: Frame) -> None:
    header, detect = customer.header, moment.detect
    name = f"absent/{moment.name}/{truth.mark or ''}"
    before = next((one for one in header.armed if one.name == name), None)
    if before is not None and (detect.repeat == "keep" or truth.at < before.at):
        return None
    due = rest(moment, truth.at, header)
    if frame.now > due + moment.expires:
        return too_late(customer, moment, truth.what, PASSED, frame)
    present = header.presence.until(frame.now, frame.epoch)
    armed = Armed(moment.name, name, truth.at, due, truth.cause, detect.hash, present, truth.mark)
    header.armed = [*(one for one in header.armed if one.name != name), armed]
    header.timers[name] = due
    customer.sealed.armed[name] = truth.values
    looked(customer, moment, truth.what, "armed", "", frame)
    frame.count(moment.name, "armed")
    return None


def disarm(customer: Customer, armed: Armed) -> None:
    """Forget an open instance and its timer."""
    header = customer.header
    header.armed = [one for one in header.armed if one.name != armed.name]
    header.timers.pop(armed.name, None)
    customer.sealed.armed.pop(armed.name, None)
