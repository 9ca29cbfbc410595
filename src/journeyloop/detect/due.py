"""A timer has come due: is the absence still true, does the plan still mean it, and is the person still there?"""

from __future__ import annotations

from journeyloop.detect.gate import confirm, dwelt, gated
from journeyloop.detect.look import looked, too_late
from journeyloop.detect.truth import disarm, rest
from journeyloop.model.customer import Armed, Customer
from journeyloop.model.frame import Frame
from journeyloop.model.identifier import keyed_hash
from journeyloop.model.inputs import Seen, TimerDue
from journeyloop.model.moment import Moment, Present
from journeyloop.model.signal import Signal

RECONNECT = 15_000
RECHECK = 5_000


def due(customer: Customer, timer: TimerDue, frame: Frame) -> list[Signal]:
    """The signals this timer raises. A timer that was re-armed since, or whose instance ended, raises none."""
    armed = next((one for one in customer.header.armed if one.name == timer.name), None)
    if armed is None:
        return []
    moment = frame.plan.moment(armed.moment)
    if moment is None or moment.detect.hash != armed.detect_hash:
        disarm(customer, armed)
        frame.count(armed.moment, "cancelled: plan")
        return []
    later = rest(moment, armed.at, customer.header)
    if moment.detect.inactive and later > armed.due:
        return _wait_on(customer, armed, later)
    if frame.now > armed.due + moment.expires:
        disarm(customer, armed)
        too_late(customer, moment, "", "its time had passed while nobody was watching", frame)
        return []
    return _check_presence(customer, armed, moment, timer, frame)


def _wait_on(customer: Customer, armed: Armed, later: int) -> list[Signal]:
    """They did something meanwhile. Events do not move the timer of an inactivity, it moves when it comes due."""
    armed.due = customer.header.timers[armed.name] = later
    return []


def _check_presence(customer: Customer, armed: Armed, moment: Moment, timer: TimerDue, frame: Frame) -> list[Signal]:
    present = moment.detect.present
    reason, again = (None, None) if present is None else _absent(customer, present, timer.seen, frame)
    if reason is None:
        reason, again = _short(customer, armed, moment, frame)
    if reason is None:
        event = customer.sealed.armed.get(armed.name, {})
        disarm(customer, armed)
        return confirm(customer, moment, _cause(armed, frame), armed.due, event, armed, frame, timer.seen)
    if again is not None and again <= armed.due + moment.expires:
        customer.header.timers[armed.name] = again
        looked(customer, moment, "", "armed", reason, frame)
        return []
    disarm(customer, armed)
    gated(customer, moment, reason, frame)
    return []


def _short(customer: Customer, armed: Armed, moment: Moment, frame: Frame) -> tuple[str | None, int | None]:
    """(`dwell` if they were not there for long enough, when to look again). Who is there now is given the time that is
    missing: an event and its page's stream arrive a little apart, and after a restart nobody knows what was before."""
    presence = customer.header.presence
    short = moment.confirm.dwell - dwelt(customer, armed, frame)
    if short <= 0 or not presence.ever:
        return None, None
    if presence.open(frame.epoch):
        return "dwell", frame.now + short
    return "dwell", _reconnect(customer, frame)


def _reconnect(customer: Customer, frame: Frame) -> int | None:
    """Until when a tab from before the restart is waited for, or None."""
    presence, until = customer.header.presence, frame.epoch_started + RECONNECT
    return until if presence.ever and presence.epoch != frame.epoch and frame.now < until else None


def _cause(armed: Armed, frame: Frame) -> bytes:
    """A timer's id: arming cause, name, due."""
    return keyed_hash(frame.secret, "timer", armed.cause, armed.name, str(armed.due))


def _absent(customer: Customer, present: Present, seen: Seen | None, frame: Frame) -> tuple[str | None, int | None]:
    """(why presence does not hold, when to look again). Only a tab that can come back is waited for."""
    presence = customer.header.presence
    if presence.epoch != frame.epoch:
        return "tab_closed" if presence.ever else "presence_unknown", _reconnect(customer, frame)
    if not presence.browsers:
        return "tab_closed", None
    if seen is None:
        return "tab_closed", frame.now + RECHECK
    lacking = seen.lacks(present)
    if lacking == "not_idle":
        return lacking, frame.now + (present.idle or 0) - seen.idle
    return lacking, frame.now + RECHECK if lacking else None
