"""What a moment's signal tells other systems. It is no contact and no choice, so it happens for the held out too."""

from __future__ import annotations

from journeyloop.act.render import Unrenderable, render
from journeyloop.model.customer import Customer
from journeyloop.model.errand import SUPPRESSION, Errand, Tell
from journeyloop.model.frame import Frame
from journeyloop.model.known_as import errand
from journeyloop.model.profile import profile_values
from journeyloop.model.signal import Signal


def tell(customer: Customer, signals: list[Signal], frame: Frame) -> None:
    """Send everybody who is to be told on their way. A moment in shadow changes nothing."""
    for signal in signals:
        for one in signal.moment.tells if signal.moment.mode != "shadow" else ():
            frame.emit(_errand(customer, signal, one, frame))


def _errand(customer: Customer, signal: Signal, one: Tell, frame: Frame) -> Errand:
    made = errand(customer, frame.plan.destinations[one.to], one.type, frame)
    made.moment, made.cause, made.topics = signal.moment.name, "moment", list(one.topics)
    made.until = frame.now + one.length if one.topics else 0
    try:
        made.text = str(_filled(one, customer, frame))
    except Unrenderable as error:
        if one.type != SUPPRESSION:  # which holds without a word of explanation
            made.refused = f"content: {error}"
    return made


def _filled(one: Tell, customer: Customer, frame: Frame) -> object:
    if not one.text:
        return ""
    return render({"text": one.text}, profile_values(customer, frame.now, frame.plan.computed))["text"]
