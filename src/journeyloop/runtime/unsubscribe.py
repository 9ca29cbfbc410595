"""Where one click ends such messages: the link in a message, and what it says when somebody comes by it.

The link holds no address and is kept nowhere: the person's opaque id with what it ends, and a code that nobody can make
who does not hold the store's secret (docs/adr/0031-unsubscribe-links-and-dead-addresses.md).
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hmac import compare_digest

from msgspec import Struct

from journeyloop.model.customer import Customer
from journeyloop.model.identifier import Identifier, keyed_hash
from journeyloop.model.inputs import ConsentStated
from journeyloop.model.plan import Plan
from journeyloop.model.reach import alike

SOURCE = "unsubscribe"
LONGEST = 512
_SIZE = 16
_FIRST = ("user_id", "email", "phone")


class Ending(Struct, frozen=True):
    """Who asks for no more messages, of which purpose and by which channel."""

    person: bytes
    purpose: str
    channel: str


def link(public_url: str, ending: Ending, secret: bytes) -> str:
    """The address that stands in the message."""
    return f"{public_url}/u/{token(ending, secret)}"


def token(ending: Ending, secret: bytes) -> str:
    about = f"{ending.purpose}/{ending.channel}".encode()
    return urlsafe_b64encode(_code(ending, secret) + ending.person + about).rstrip(b"=").decode()


def read(text: str, secret: bytes) -> Ending | None:
    """What a token says, or None: it is none of ours."""
    try:
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)) if len(text) <= LONGEST else b""
        purpose, _, channel = raw[2 * _SIZE :].decode().rpartition("/")
    except ValueError:
        return None
    ending = Ending(raw[_SIZE : 2 * _SIZE], purpose, channel)
    return ending if compare_digest(raw[:_SIZE], _code(ending, secret)) else None


def stated(ending: Ending, everything: bool, customer: Customer, plan: Plan, now: int) -> ConsentStated | None:
    """What the person says by it: nothing more of this purpose, or (the usual) nothing more of it by this kind of
    address. None: they have no name left that it could be said for, and nothing can reach them."""
    who = _name(customer)
    if who is None:
        return None
    ended = [ending.purpose]
    if not everything:
        ended = [f"{ending.purpose}/{name}" for name in alike(plan.channels, ending.channel)]
    return ConsentStated(who, dict.fromkeys(ended, False), now, SOURCE)


def _name(customer: Customer) -> Identifier | None:
    """The surest of their names, the newest of those."""
    rank = {type_: place for place, type_ in enumerate(_FIRST)}
    names = sorted(customer.sealed.names, key=lambda name: (rank.get(name.type, len(rank)), -name.at, name.value))
    return names[0].identifier if names else None


def _code(ending: Ending, secret: bytes) -> bytes:
    return keyed_hash(secret, "unsubscribe", ending.person, ending.purpose, ending.channel, size=_SIZE)
