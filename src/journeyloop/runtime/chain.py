"""From a person to their records in the log: the chain of positions (docs/adr/0005-person-chain-index.md).

Each log record names the position of the same person's record before it; a person's header names the last one, and
those of the people it absorbed. An unmerge leaves a mark on both people, by which the records of the time when they
were one are told apart again: by the identifier that each came with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from heapq import merge
from itertools import groupby
from typing import Any

from journeyloop.model.customer import Header, Split
from journeyloop.model.event import Event
from journeyloop.model.identifier import Identifier, identifier_key
from journeyloop.model.inputs import Asked, ConsentStated, Imported, Input, TabClosed, TabOpened
from journeyloop.runtime import records
from journeyloop.runtime.records import LogHeader

ReadLog = Callable[[int], bytes | None]
"""The log record at a position, or None."""

LastOf = Callable[[bytes], int]
"""The last position of a person who was handed over: what reaches them late is in their own chain."""


def identifier_of(applied: Any) -> Identifier | None:
    """The identifier an input came with; None for what is addressed to a person."""
    match applied:
        case Event():
            return applied.primary()
        case Imported(event=event):
            return event.primary()
        case TabOpened() | TabClosed() | Asked() | ConsentStated():
            return applied.identifier
    return None


def positions(read: ReadLog, last_of: LastOf, header: Header, secret: bytes) -> list[int]:
    """The positions of a person's records, ascending."""
    return list(newest_first(read, last_of, header, secret))[::-1]


def newest_first(read: ReadLog, last_of: LastOf, header: Header, secret: bytes) -> Iterator[int]:
    """The same, descending: no more of the log is read than is asked for."""
    chains = [_chain(read, header.last_position, header.splits, secret)]
    for start in (*(last_of(past.person) for past in header.absorbed), *(one.before for one in header.splits)):
        chains.append(_chain(read, start, [], secret))
    return (position for position, _ in groupby(merge(*chains, reverse=True)))


def inputs(read: ReadLog, wanted: Iterable[int]) -> Iterator[tuple[int, LogHeader, Input]]:
    """The records at these positions, without those that were erased."""
    for position in wanted:
        raw = read(position)
        if raw is None:
            continue
        header, applied = records.decode_log(raw)
        if applied is not None:
            yield position, header, applied


def _chain(read: ReadLog, start: int, splits: list[Split], secret: bytes) -> Iterator[int]:
    position = start
    while position >= 0 and (raw := read(position)) is not None:
        if all(_is_theirs(raw, position, split, secret) for split in splits):
            yield position
        position = records.decode_log_header(raw).previous


def _is_theirs(raw: bytes, position: int, split: Split, secret: bytes) -> bool:
    if position > split.position:
        return True
    identifier = identifier_of(records.decode_log(raw)[1])
    return (identifier is not None and identifier_key(secret, identifier) in split.keys) is split.mine
