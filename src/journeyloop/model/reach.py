"""By what a channel reaches a person, and whether it can: an address that nobody vouched for is none."""

from __future__ import annotations

from typing import Literal

from journeyloop.model.customer import Customer

Address = Literal["page", "email", "phone", "push", "user_id", "anybody"]
"""What a message is addressed to: an open page, a verified e-mail address or telephone number, a browser that asked for
push, the id that other tools know the person by; or nothing of theirs."""

ONPAGE = "onpage"
PAGE: Address = "page"
VERIFIED: frozenset[Address] = frozenset({"email", "phone"})
MISSING: dict[Address, str] = {
    "email": "no verified e-mail address",
    "phone": "no verified telephone number",
    "push": "no browser asked for push",
    "user_id": "no user id",
}


def addresses(customer: Customer, address: Address) -> list[str]:
    """Where a message may go, the address named last first; empty where there is none, or none is needed.

    An address counts once somebody whom we trust has vouched for it, and until it is known to be dead.
    """
    found = [
        name
        for name in customer.sealed.names
        if name.type == address and not name.dead and (name.verified or address not in VERIFIED)
    ]  # fmt: skip
    return [name.value for name in sorted(found, key=lambda name: (-name.at, name.value))]


def bury(customer: Customer, address: Address, value: str, now: int) -> str | None:
    """Nothing can arrive at this address of theirs any more. Why no message reaches the person now, or None: it was
    not theirs, not alive, or they have another."""
    name = customer.sealed.name((address, value))
    if name is None or name.dead:
        return None
    name.dead = now
    return unreachable(customer, address)


def unreachable(customer: Customer, address: Address) -> str | None:
    """Why no message can be addressed to this person, or None. A page is looked for when it is time."""
    if address in MISSING and not addresses(customer, address):
        return f"unreachable: {MISSING[address]}"
    return None
