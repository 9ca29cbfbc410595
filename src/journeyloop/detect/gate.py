"""The noise gate: a signal is confirmed, or stopped with a reason that is counted."""

from __future__ import annotations

from typing import Any

from journeyloop.detect.confidence import confidence, in_words
from journeyloop.detect.look import looked
from journeyloop.model.customer import Armed, Customer
from journeyloop.model.frame import Frame
from journeyloop.model.inputs import Seen
from journeyloop.model.moment import Moment
from journeyloop.model.signal import Signal


def confirm(
    customer: Customer,
    moment: Moment,
    cause: bytes,
    true_since: int,
    event: dict[str, Any],
    armed: Armed | None,
    frame: Frame,
    seen: Seen | None = None,
) -> list[Signal]:
    """The signal, or nothing. `true_since` is when it became true (ms): its expiry counts from there. `seen`: what the
    tab shows now, if it is known."""
    score, doubts = confidence(customer, moment, _watched(customer, armed, seen, frame))
    reason = _stopped(customer, moment, armed, score, frame)
    if reason is not None:
        gated(customer, moment, reason, frame, in_words(score, doubts) if reason == "confidence" else "")
    else:
        looked(customer, moment, "", "signal", "", frame)
    look = customer.sealed.looks[moment.name]
    look.confidence, look.doubts = score, doubts
    if reason is not None:
        return []
    session = customer.header.session
    session.signals = {**session.signals, moment.name: session.signals.get(moment.name, 0) + 1}
    frame.count(moment.name, "signals")
    frame.note("signal", customer.header.person, moment.name, moment.title)
    return [Signal(moment, cause, frame.now, true_since + moment.expires, event, score, doubts)]


def gated(customer: Customer, moment: Moment, reason: str, frame: Frame, how: str = "") -> None:
    """Stopped as noise: counted by reason, and remembered for `why`, which also tells `how`."""
    told = f"{reason}: {how}" if how else reason
    looked(customer, moment, "", "gated", told, frame)
    frame.count(moment.name, f"gated: {reason}")
    frame.note("gated", customer.header.person, moment.name, moment.title, told)


def dwelt(customer: Customer, armed: Armed, frame: Frame) -> int:
    """How long (ms) a tab was open since this instance was armed."""
    return customer.header.presence.until(frame.now, frame.epoch) - armed.present_total


def _watched(customer: Customer, armed: Armed | None, seen: Seen | None, frame: Frame) -> int:
    """What of it may have been in front of somebody: a tab that is hidden now was open for nobody."""
    return 0 if armed is None or (seen is not None and not seen.visible) else dwelt(customer, armed, frame)


def _stopped(customer: Customer, moment: Moment, armed: Armed | None, score: float, frame: Frame) -> str | None:
    gate, header = moment.confirm, customer.header
    if gate.ignore_bots and header.bot:
        return "bot"
    if gate.dwell and armed is not None:
        if not header.presence.ever:
            return "presence_unknown"
        if dwelt(customer, armed, frame) < gate.dwell:
            return "dwell"
    if score < gate.confidence:
        return "confidence"
    if gate.at_most is not None and header.session.signals.get(moment.name, 0) >= gate.at_most:
        return "at_most"
    return None
