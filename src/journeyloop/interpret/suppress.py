"""Whoever sends to the same people is told at once whom to leave alone: other systems that ask for it in their
destination. A person whom a system cannot know yet is told of when it can: when they have a name that it knows.
"""

from __future__ import annotations

from collections.abc import Iterable

from journeyloop.model.customer import Customer
from journeyloop.model.errand import SUPPRESSION, Cause, Destination
from journeyloop.model.frame import Frame
from journeyloop.model.identifier import Name
from journeyloop.model.known_as import errand, known_to

Standing = dict[tuple[Cause, int], list[str]]
"""What a person is not to be sent: purposes, purpose/channel and topics, by why and until when (ms; 0: until they say
otherwise)."""


def suppress(customer: Customer, cause: Cause, topics: Iterable[str], until: int, frame: Frame) -> None:
    """Messages of these topics and purposes have ended just now. What is imported is from before."""
    for to in () if frame.past else frame.plan.destinations.values():
        if known_to(customer, to):
            _tell(customer, to, {(cause, until): list(topics)}, frame)


def became_known(customer: Customer, name: Name, frame: Frame) -> None:
    """The person has a name they did not have: whoever knows them only by it hears what they were not told."""
    for to in () if frame.past else frame.plan.destinations.values():
        alike = [one for one in customer.sealed.names if one.type == name.type]
        if name.type == to.identify_by and (name.type == "email" or len(alike) == 1):
            _tell(customer, to, standing(customer, frame.now), frame)


def joined(customer: Customer, before: Standing, names: list[Name], frame: Frame) -> None:
    """Two people are one: what was true of one of them is true of the other, by all their names."""
    known, now = {name.type for name in names}, standing(customer, frame.now)
    for to in () if frame.past else frame.plan.destinations.values():
        if known_to(customer, to) and (now != before or to.identify_by in known):
            _tell(customer, to, now, frame)


def standing(customer: Customer, now: int) -> Standing:
    """All that holds by now. A dead address is told of as what it is only at the time."""
    found: Standing = {}
    for subject, word in customer.header.consent.items():
        if not word.granted:
            found.setdefault(("opt_out", 0), []).append(subject)
    for name, until in customer.header.holds.items():
        if until > now:
            found.setdefault(("hold", until), []).append(name)
    return found


def _tell(customer: Customer, to: Destination, suppressed: Standing, frame: Frame) -> None:
    for (cause, until), topics in suppressed.items():
        if topics and cause in to.on:
            told = errand(customer, to, SUPPRESSION, frame)
            told.cause, told.topics, told.until = cause, topics, until
            frame.emit(told)
