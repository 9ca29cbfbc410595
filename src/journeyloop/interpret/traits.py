"""Traits: what was stated of a person. The newest statement rules, whenever it arrives."""

from __future__ import annotations

import re
from typing import Any

from journeyloop.model.customer import Customer, Stated
from journeyloop.model.event import Event
from journeyloop.model.profile import TRAITS

LIMIT = 100
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WELL_KNOWN = frozenset(TRAITS)


def snake_case(name: str) -> str:
    """`firstName` and `first_name` are one trait.

    >>> snake_case("createdAt")
    'created_at'
    """
    return name if name.islower() else _CAMEL.sub("_", name).lower()


def state(customer: Customer, stated: dict[str, Any], event: Event) -> None:
    """Take in what an event says of the person."""
    for name, value in stated.items():
        take(customer, snake_case(name), (value, event.time, event.source))


def take(customer: Customer, name: str, said: Stated) -> None:
    """One statement. Of more than 100 traits the well-known and then the newest are kept, the same in any order."""
    traits = customer.traits
    before = traits.get(name)
    if before is not None:
        if newer(said, before):
            customer.state(name, *said)
        return
    if len(traits) >= LIMIT:
        least = min(traits, key=lambda one: _rank(one, traits[one][1]))
        if _rank(name, said[1]) < _rank(least, traits[least][1]):
            return
        customer.forget(least)
    customer.state(name, *said)


def newer(one: Stated, other: Stated) -> bool:
    """Whether this statement of a trait replaces the other: the newer one, at the same time the larger text."""
    return one[1] > other[1] or (one[1] == other[1] and _text(one) > _text(other))


def _text(said: Stated) -> tuple[str, str]:
    return repr(said[0]), said[2]


def _rank(name: str, at: int) -> tuple[bool, int, str]:
    return name in _WELL_KNOWN, at, name
