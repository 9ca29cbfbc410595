"""Whoever sends to the same people is told at once whom to leave alone: other systems that ask for it in their
destination, as far as they can know the person.
"""

from __future__ import annotations

from collections.abc import Iterable

from journeyloop.model.customer import Customer
from journeyloop.model.errand import SUPPRESSION, Cause, Destination
from journeyloop.model.frame import Frame
from journeyloop.model.known_as import errand, known_to
from journeyloop.model.reach import Address, unreachable

Standing = dict[tuple[Cause, int], list[str]]
"""What a person is not to be sent: purposes, purpose/channel and topics, by why and until when (ms; 0: until they say
otherwise)."""


def suppress(customer: Customer, cause: Cause, topics: Iterable[str], until: int, frame: Frame) -> None:
    """Messages of these topics and purposes have ended just now. What is imported is from before."""
    for to in () if frame.past else frame.plan.destinations.values():
        if known_to(customer, to):
            tell_standing(customer, to, {(cause, until): list(topics)}, frame)


def bury(customer: Customer, address: Address, value: str, frame: Frame) -> str | None:
    """Nothing can arrive at this address of theirs any more. Why no message reaches the person now, or None: it was
    not theirs, not alive, or they have another."""
    name = customer.sealed.name((address, value))
    if name is None or name.dead:
        return None
    name.dead = frame.now
    suppress(customer, "dead_address", [f"{purpose}/{address}" for purpose in frame.plan.policy.purposes], 0, frame)
    return unreachable(customer, address)


def tell_standing(customer: Customer, to: Destination, suppressed: Standing, frame: Frame) -> None:
    for (cause, until), topics in suppressed.items():
        if topics and cause in to.on:
            told = errand(customer, to, SUPPRESSION, frame)
            told.cause, told.topics, told.until = cause, topics, until
            if cause == "dead_address" and told.emails:
                told.emails = [name.value for name in customer.sealed.names if name.type == "email" and name.dead]
            frame.emit(told)
