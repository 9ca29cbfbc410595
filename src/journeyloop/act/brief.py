"""A brief for whoever speaks with the person. It is no contact and no choice: who is held out has one as well."""

from __future__ import annotations

from collections.abc import Collection

from journeyloop.act.render import Unrenderable, sentence
from journeyloop.model.brief import Brief, newest
from journeyloop.model.customer import Customer
from journeyloop.model.frame import Frame
from journeyloop.model.moment import DAY
from journeyloop.model.profile import profile_values
from journeyloop.model.signal import Signal

LASTS = DAY


def brief(customer: Customer, signals: list[Signal], frame: Frame) -> None:
    """What these signals tell. A moment in shadow tells nothing, nor does a text that cannot be filled."""
    for signal in (one for one in signals if one.moment.briefs and one.moment.mode != "shadow"):
        profile = profile_values(customer, frame.now, frame.plan.computed)
        for item, text in enumerate(signal.moment.briefs):
            _tell(customer, signal, item, text, profile, frame)


def _tell(
    customer: Customer, signal: Signal, item: int, text: str, profile: dict[str, object], frame: Frame
) -> None:  # fmt: skip
    name, person = signal.moment.name, customer.header.person
    try:
        told = sentence(text, {"profile": profile, "event": signal.event})
    except Unrenderable as error:
        return frame.note("brief", person, name, "no brief", str(error))
    one = Brief(name, signal.at, signal.at + LASTS, told, item)
    customer.sealed.briefs = newest([*customer.sealed.briefs, one], frame.now)
    return frame.note("brief", person, name, signal.moment.title)


def settled(customer: Customer, moments: Collection[str]) -> None:
    """What stops the messages of these moments makes their briefs old news."""
    if customer.sealed.briefs:
        customer.sealed.briefs = [one for one in customer.sealed.briefs if one.moment not in moments]
