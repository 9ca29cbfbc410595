"""A person whom another system cannot know yet is told of when it can: when they have a name that it knows, or turn out
to be somebody who has.
"""

from __future__ import annotations

from journeyloop.model.customer import Customer
from journeyloop.model.frame import Frame
from journeyloop.model.identifier import Name
from journeyloop.model.known_as import known_to
from journeyloop.model.suppression import Standing, tell_standing


def became_known(customer: Customer, name: Name, frame: Frame) -> None:
    """The person has a name they did not have: whoever knows them only by it hears what they were not told."""
    for to in () if frame.past else frame.plan.destinations.values():
        alike = [one for one in customer.sealed.names if one.type == name.type]
        if name.type == to.identify_by and (name.type == "email" or len(alike) == 1):
            tell_standing(customer, to, standing(customer, frame.now), frame)


def joined(customer: Customer, before: Standing, names: list[Name], frame: Frame) -> None:
    """Two people are one: what was true of one of them is true of the other, by all their names."""
    known, now = {name.type for name in names}, standing(customer, frame.now)
    for to in () if frame.past else frame.plan.destinations.values():
        if known_to(customer, to) and (now != before or to.identify_by in known):
            tell_standing(customer, to, now, frame)


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
