"""From a person to their records in the log: the chain of positions (docs/adr/0005-person-chain-index.md).

Each log record names the position of the same person's record before it; a person's header names the last one, and
those of the people it absorbed. An unmerge leaves a mark on both people, by which the records of the time when they
were one are told apart again: by the identifier that each came with.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import Any, Protocol

from msgspec import Struct

from journeyloop.model.absorbed import Split
from journeyloop.model.customer import Header
from journeyloop.model.event import Event
from journeyloop.model.identifier import Identifier, identifier_key
from journeyloop.model.inputs import Asked, ConsentStated, Held, Imported, Input, PushSubscribed, TabClosed, TabOpened
from journeyloop.runtime import records
from journeyloop.runtime.ports import Reader
from journeyloop.runtime.records import LogHeader

Record = tuple[int, LogHeader, Input]
"""Where it stands, when it was applied, what it was."""


_POSITION = itemgetter(0)


class Log(Protocol):
    """Where records are read."""

    def record_at(self, position: int) -> bytes | None:
        """None beyond either end of what is kept."""
        ...

    def last_of(self, person: bytes) -> int:
        """The last position of a person who was handed over (what reaches them late is in their chain); -1: none."""
        ...


class Committed:
    """What a snapshot holds."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def record_at(self, position: int) -> bytes | None:
        return self.reader.get("log", position.to_bytes(8, "big"))

    def last_of(self, person: bytes) -> int:
        raw = self.reader.get("people", person)
        return -1 if raw is None else records.decode_customer(raw).header.last_position


class Walk(Struct):
    """`running`: the position of the input at work, which has no record yet, and the one before it in the chain of its
    person. `since`: records applied before that time (ms) are not wanted. Of each chain the newest `longest` are read.
    """

    log: Log
    secret: bytes
    running: tuple[int, int] = (-1, -1)
    since: int = 0
    longest: int | None = None

    def records(self, header: Header) -> Iterator[Record]:
        """A person's records, newest first, without those that were erased. No more of the log is read than is asked
        for."""
        chains = self._lives(header.last_position, header.splits)
        for past in header.absorbed:
            chains += self._lives(self.log.last_of(past.person), past.splits)
        newest = merge(*chains, key=_POSITION, reverse=True)
        return (next(same) for _, same in groupby(newest, _POSITION))

    def _lives(self, last: int, splits: list[Split]) -> list[Iterator[Record]]:
        """The chain of one person, and those of their time before."""
        chains = [self._chain(last, splits)]
        for number, split in enumerate(splits, 1):
            if split.before >= 0:
                chains += self._lives(split.before, [*split.earlier, *splits[number:]])
        return chains

    def in_order(self, header: Header) -> list[Record]:
        """A person's records in the order they were applied."""
        return list(self.records(header))[::-1]

    def _chain(self, position: int, splits: list[Split]) -> Iterator[Record]:
        left = self.longest
        while left is None or left > 0:
            if position == self.running[0]:
                position = self.running[1]
            raw = self.log.record_at(position) if position >= 0 else None
            if raw is None:
                return
            header, applied = records.decode_log(raw)
            if header.now < self.since:
                return
            if applied is not None and all(_is_theirs(applied, position, split, self.secret) for split in splits):
                yield position, header, applied
            position, left = header.previous, None if left is None else left - 1


def identifier_of(applied: Any) -> Identifier | None:
    """The identifier an input came with; None for what is addressed to a person."""
    match applied:
        case Event():
            return applied.primary()
        case Imported(event=event):
            return event.primary()
        case TabOpened() | TabClosed() | Asked() | ConsentStated() | Held() | PushSubscribed():
            return applied.identifier
    return None


def event_of(applied: Any) -> Event | None:
    """The event, live or imported, or None."""
    match applied:
        case Event():
            return applied
        case Imported(event=event):
            return event
    return None


def _is_theirs(applied: Input, position: int, split: Split, secret: bytes) -> bool:
    """Of the records up to an unmerge only those of certain identifiers are this person's."""
    if position > split.position:
        return True
    identifier = identifier_of(applied)
    if identifier is None:
        return not split.mine
    key = identifier_key(secret, identifier)
    moves = sum(moved == key and at <= position for moved, at in split.moved)
    return ((key in split.keys) is split.mine) is (moves % 2 == 0)
