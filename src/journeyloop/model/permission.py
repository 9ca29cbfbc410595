"""The contact policy over one message to one person at one time, whoever would send it: the same for a message of ours
at its send and for somebody who asks whether a mail of another tool may go.
"""

from __future__ import annotations

from collections.abc import Iterator

from journeyloop.model.customer import Contact, Customer
from journeyloop.model.hours import Hours, untimely
from journeyloop.model.policy import Policy, reserved
from journeyloop.model.profile import place


def against(
    customer: Customer, wanted: Contact, purpose: str, kept: list[tuple[str, Hours]], policy: Policy
) -> Iterator[str]:
    """Every reason against this message at its time, that which lasts longest first. `kept` are the hours in which it
    is not sent; a message that holds its own room in the caps does not stand in its own way."""
    header = customer.header
    if refused := policy.refusal(header, purpose, wanted.channel):
        yield refused
    if resting := header.resting(wanted.topic, wanted.at):
        yield resting
    if held := header.held(wanted.topic, purpose, wanted.at):
        yield held
    if kept and (quiet := untimely(kept, wanted.at, place(customer))):
        yield quiet
    if capped := policy.capped(wanted, [one for one in reserved(header, wanted.at) if one.decision != wanted.decision]):
        yield capped
