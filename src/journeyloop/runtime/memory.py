"""What the writer keeps between batches: bounded caches of decoded state, and the few values there is one of.

Only the writer's thread touches it. After a failed batch it is forgotten and read again from the store, which is right
by construction: nothing of that batch was committed.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct, field, msgpack

from journeyloop.interpret.identity import Owner
from journeyloop.model.board import Board, Tally
from journeyloop.model.customer import Customer
from journeyloop.model.identifier import Identifier
from journeyloop.model.plan import Plan
from journeyloop.runtime.ports import Reader

K = TypeVar("K")
V = TypeVar("V")

CUSTOMERS = 256
"""Few on purpose: unpacking a record afresh is cheaper than touching the scattered parts of one that has gone cold."""

OWNERS = 32_768
POSITION_SIZE = 8


class Recent(Generic[K, V]):
    """A bounded cache of two generations: what was not used during a whole generation is dropped.

    Cheaper per use than an exact LRU, and its size is at most twice `limit`.
    """

    __slots__ = ("limit", "old", "young")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.young: dict[K, V] = {}
        self.old: dict[K, V] = {}

    def get(self, key: K) -> V | None:
        found = self.young.get(key)
        if found is None and (found := self.old.pop(key, None)) is not None:
            self.put(key, found)
        return found

    def put(self, key: K, value: V) -> None:
        if len(self.young) >= self.limit:
            self.old, self.young = self.young, {}
        self.young[key] = value


class Singles(Struct, array_like=True):
    """The values there is one of, as stored under `meta`."""

    position: int = 0
    epoch: int = 0
    epoch_started: int = 0
    plan: str = ""
    refused: int = 0
    events: int = 0
    code: str = ""
    board: Board = field(default_factory=Board)


class Memory:
    """`secret` keys every hash of this store. `plan` is the one in force; `singles` is written with every batch."""

    def __init__(self, secret: bytes, plan: Plan, reader: Reader) -> None:
        self.secret = secret
        self.plan = plan
        self.forget(reader)

    def forget(self, reader: Reader) -> None:
        """Start over from what is committed."""
        self.customers: Recent[bytes, Customer] = Recent(CUSTOMERS)
        self.owners: Recent[Identifier, Owner] = Recent(OWNERS)
        self.tallies: dict[str, Tally] = {}
        self.singles = read_singles(reader)

    @property
    def board(self) -> Board:
        return self.singles.board


def read_singles(reader: Reader) -> Singles:
    raw = reader.get("meta", b"singles")
    return Singles() if raw is None else msgpack.decode(raw, type=Singles)


def read_secret(reader: Reader) -> bytes | None:
    return reader.get("meta", b"secret")
