"""Leave a person alone with a topic or a purpose for a while. A longer hold is never cut short by a shorter one: it
ends by time, or because somebody who speaks with the person releases it. It is no contact and no choice, so whoever is
held out of a moment is left alone as well.
"""

from __future__ import annotations

from collections.abc import Iterable

from journeyloop.interpret.identity import own
from journeyloop.model.customer import Customer
from journeyloop.model.frame import Frame
from journeyloop.model.inputs import Held
from journeyloop.model.signal import Signal
from journeyloop.model.suppression import suppress


def hold_by(customer: Customer, signals: list[Signal], frame: Frame) -> list[str]:
    """What these signals hold: topics and purposes. A moment in shadow changes nothing."""
    names: list[str] = []
    for moment in (one.moment for one in signals if one.moment.holds and one.moment.mode != "shadow"):
        for one in moment.holds:
            names += _hold(customer, one.names, frame.now + one.length, moment.name, frame)
    return names


def asked_hold(customer: Customer, asked: Held, frame: Frame) -> list[str]:
    """What somebody asked to hold."""
    own(customer, asked.identifier, frame.now, frame)
    _release(customer, asked, frame)
    return _hold(customer, asked.names, asked.until, asked.reason, frame)


def _release(customer: Customer, asked: Held, frame: Frame) -> None:
    header = customer.header
    ended = [name for name in asked.release if header.holds.get(name, 0) > frame.now]
    header.holds = {name: until for name, until in header.holds.items() if name not in ended}
    for name in ended:
        frame.note("release", header.person, "", name, asked.reason)


def _hold(customer: Customer, names: Iterable[str], until: int, reason: str, frame: Frame) -> list[str]:
    """Those that are held longer than they were."""
    header, now = customer.header, frame.now
    kept = {name: end for name, end in header.holds.items() if end > now}
    longer = [name for name in names if until > max(now, kept.get(name, 0))]
    header.holds = dict(sorted({**kept, **dict.fromkeys(longer, until)}.items()))
    for name in longer:
        frame.note("hold", header.person, "", name, reason)
    suppress(customer, "hold", longer, until, frame)
    return longer
