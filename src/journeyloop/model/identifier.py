"""Names a person goes by, and the ids that follow from them.

An identifier appears in a store key only as a keyed hash; an id is a hash of its cause, never of a position, so that a
replay or another engine repeats it.
"""

from __future__ import annotations

from hashlib import blake2b

from msgspec import Struct

Identifier = tuple[str, str]
"""(type, value). Types: `user_id`, `anonymous_id`, `email`, `phone`, `device_id`, and whatever a sender calls an id of
its own in `context.externalIds`, such as `stripe_customer`."""

DEVICES = frozenset({"anonymous_id", "device_id"})
"""Types that name a thing people may share: it belongs to whoever used it last."""

ADDRESSES = frozenset({"email", "phone"})
"""Types that a message can be sent to, once somebody we trust has vouched for them."""

PERSON = "person id"
"""Stands for the type where somebody is asked for by their opaque id; no identifier can have a type with a space."""


class Name(Struct, array_like=True, gc=False):
    """An identifier a person goes by. `at` is the newest time (ms) it was named, `source` through which door,
    `verified` when a server key vouched for it (0: never), `dead` when we heard that no message can arrive there
    (0: not, or vouched for since)."""

    type: str
    value: str
    at: int = 0
    source: str = ""
    verified: int = 0
    dead: int = 0

    @property
    def identifier(self) -> Identifier:
        return (self.type, self.value)


def keyed_hash(secret: bytes, *parts: str | bytes, size: int = 16) -> bytes:
    """BLAKE2b of the parts, keyed by the store's secret. Parts are length-prefixed, so no two lists collide.

    >>> keyed_hash(b"k", "ab", "c") != keyed_hash(b"k", "a", "bc")
    True
    """
    digest = blake2b(key=secret, digest_size=size)
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        digest.update(len(raw).to_bytes(4, "big"))
        digest.update(raw)
    return digest.digest()


def identifier_key(secret: bytes, identifier: Identifier) -> bytes:
    """The 16-byte key under which an identifier's owner is stored."""
    kind, value = identifier
    return blake2b(f"{kind}\0{value}".encode(), key=secret, digest_size=16).digest()
