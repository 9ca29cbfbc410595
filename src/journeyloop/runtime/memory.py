"""What the writer keeps between batches: the decoded state of the last batch, and the few values there is one of.

Only the writer's thread touches it. After a failed batch it is forgotten and read again from the store, which is right
by construction: nothing of that batch was committed.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field, msgpack
from msgspec.structs import replace

from journeyloop.interpret.identity import Owner
from journeyloop.learn import level_of
from journeyloop.model.board import NOWHERE, Board, Level, Tally
from journeyloop.model.customer import Customer
from journeyloop.model.identifier import Identifier
from journeyloop.model.inputs import Paused
from journeyloop.model.plan import Plan
from journeyloop.runtime import records, upgrade
from journeyloop.runtime.learned import read_arms
from journeyloop.runtime.ports import Reader, Transaction

OWNERS = 32_768


class Singles(Struct, array_like=True):
    """The values there is one of, as stored under `meta`. `changed` is the log position of the last change of plan or
    pauses (-1: none is chained); `pauses` says of each that an operator made when, by whom and why."""

    position: int = 0
    epoch: int = 0
    epoch_started: int = 0
    plan: str = ""
    refused: int = 0
    code: str = ""
    board: Board = field(default_factory=Board)
    ledger: int = 0
    ledger_head: bytes = bytes(32)
    pushed: int = 0
    changed: int = -1
    pauses: dict[str, tuple[int, str, str]] = {}
    undelivered: int = 0

    def chained(self) -> int:
        """What operators change has a chain of its own through the log: the record before the one that comes now."""
        previous, self.changed = self.changed, self.position
        return previous

    def remember(self, said: Paused, now: int) -> None:
        """Who paused it, as long as it is paused."""
        self.pauses = {scope: one for scope, one in self.pauses.items() if scope != said.scope}
        if said.paused:
            self.pauses[said.scope] = (now, said.by, said.note)


class Memory:
    """`secret` keys every hash of this store. `plan` is the one in force; `singles` is written with every batch.

    `customers` are those of the last batch and no more: unpacking a record afresh is cheaper than touching the
    scattered parts of one that has gone cold. `arms` are those of `moments`, if only these can be decided about.
    """

    def __init__(self, secret: bytes, plan: Plan, reader: Reader, moments: Iterable[str] | None = None) -> None:
        self.secret = secret
        self.plan = plan
        self.moments = moments
        self.forget(reader)

    def forget(self, reader: Reader) -> None:
        """Start over from what is committed."""
        self.customers: dict[bytes, Customer] = {}
        self.owners: dict[Identifier, Owner] = {}
        self.tallies: dict[str, Tally] = {}
        self.singles = read_singles(reader)
        self.singles.board = replace(self.singles.board, levels=read_levels(reader))
        self.arms = read_arms(reader, self.moments)

    @property
    def board(self) -> Board:
        return self.singles.board


def read_singles(reader: Reader) -> Singles:
    raw = reader.get("meta", b"singles")
    return Singles() if raw is None else msgpack.decode(upgrade.singles(raw), type=Singles)


def read_levels(reader: Reader) -> dict[str, Level]:
    """Where each moment stands, by what its tally says."""
    levels = {key.decode(): level_of(records.decode_tally(raw)) for key, raw in reader.scan("moments")}
    return {moment: level for moment, level in levels.items() if level != NOWHERE}


def write_singles(transaction: Transaction, singles: Singles) -> None:
    """Without the levels: what depends on the number of moments is not written with every batch."""
    bare = replace(singles, board=replace(singles.board, levels={}))
    transaction.put("meta", b"singles", msgpack.encode(bare))


def read_secret(reader: Reader) -> bytes | None:
    return reader.get("meta", b"secret")
