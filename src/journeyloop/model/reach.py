"""By what a channel reaches a person, and whether it can: an address that nobody vouched for is none."""

from __future__ import annotations

from typing import Literal

from journeyloop.model.customer import Customer
from journeyloop.model.subscription import Subscription

Address = Literal["page", "desk", "email", "phone", "push", "user_id", "anybody"]
"""What a message is addressed to: an open page, an agent who asks, a verified e-mail address or telephone number, a
browser that asked for push, the id that other tools know the person by; or nothing of theirs."""

ONPAGE = "onpage"
CHANNELS = ("onpage", "push", "email", "sms", "whatsapp", "webhook", "in_app")
"""Those that a policy may speak of, configured or not."""
PAGE: Address = "page"
DESK: Address = "desk"
PUSH: Address = "push"
VERIFIED: frozenset[Address] = frozenset({"email", "phone"})
MISSING: dict[Address, str] = {
    "email": "no verified e-mail address",
    "phone": "no verified telephone number",
    "push": "no browser asked for push",
    "user_id": "no user id",
}


USUAL: dict[str, Address] = {"email": "email", "sms": "phone", "whatsapp": "phone"}
"""By what other tools reach people over a channel that is not configured here."""


def alike(channels: dict[str, Address], channel: str) -> list[str]:
    """The channels that a word on this one is about: e-mail is every channel that reaches an e-mail address, whatever
    it is called."""
    if channel != "email" and channels.get(channel) != "email":
        return [channel]
    return list(dict.fromkeys([channel, *(name for name, address in channels.items() if address == "email")]))


def addresses(customer: Customer, address: Address) -> list[str]:
    """Where a message may go, the address named last first; empty where there is none, or none is needed.

    An address counts once somebody whom we trust has vouched for it, and until it is known to be dead.
    """
    if address == PUSH:
        return [one.address() for one in subscriptions(customer)]
    found = [
        name
        for name in customer.sealed.names
        if name.type == address and not name.dead and (name.verified or address not in VERIFIED)
    ]  # fmt: skip
    return [name.value for name in sorted(found, key=lambda name: (-name.at, name.value))]


def subscriptions(customer: Customer) -> list[Subscription]:
    """Of the browsers that are theirs by now, the one used last first."""
    used = {name.value: name.at for name in customer.sealed.names if name.type == "anonymous_id"}
    theirs = [one for one in customer.sealed.subscriptions if one.browser in used]
    return sorted(theirs, key=lambda one: (-max(used[one.browser], one.at), one.browser))


def vouched(customer: Customer, address: Address) -> bool:
    """Whether whoever reads a message there is this person, as far as anybody knows. Of a browser that asked for push
    the host's backend must have said so: an anonymous id can be copied."""
    return address != PUSH or all(one.signed for one in subscriptions(customer)[:1])


def unreachable(customer: Customer, address: Address) -> str | None:
    """Why no message can be addressed to this person, or None. A page is looked for when it is time."""
    if address in MISSING and not addresses(customer, address):
        return f"unreachable: {MISSING[address]}"
    return None
