"""A person's past events, out of the log: their chain and those of the persons they absorbed (docs/adr/0005).

Inside a batch the newest records are not written yet, and the one at work does not exist yet.
"""

from __future__ import annotations

from collections.abc import Iterator

from journeyloop.model.customer import Absorbed, Header, Split
from journeyloop.model.event import Event
from journeyloop.model.identifier import identifier_key
from journeyloop.model.inputs import Imported
from journeyloop.runtime import records
from journeyloop.runtime.touched import Touched

LONGEST = 20_000
"""So many of a person's newest records are read at most: one person's past must not stop the writer."""


def past_events(
    touched: Touched, header: Header, running: tuple[int, int], since: int | None = None
) -> Iterator[tuple[int, Event]]:
    """(when received, event), newest first, at most `LONGEST` records of each chain.

    Args:
        running: the position of the input at work, and the one before it in the chain of its person.
        since: records received before this time (ms) are not wanted.
    """
    starts = [header.last_position, *(_last(touched, past) for past in header.absorbed)]
    for start in starts:
        for position, received, event in _chain(touched, start, running, since):
            if all(_belongs(split, position, event, touched.memory.secret) for split in header.splits):
                yield received, event


def _last(touched: Touched, past: Absorbed) -> int:
    """What reaches a tombstone late is logged there, so its own record knows."""
    customer = touched.peek(past.person)
    return past.last_position if customer is None else customer.header.last_position


def _chain(
    touched: Touched, position: int, running: tuple[int, int], since: int | None
) -> Iterator[tuple[int, int, Event]]:
    for _ in range(LONGEST):
        if position == running[0]:
            position = running[1]
        raw = touched.record_at(position) if position >= 0 else None
        if raw is None:
            return
        header, applied = records.decode_log(raw)
        if since is not None and header.now < since:
            return
        if isinstance(applied, Event | Imported) and not header.refused:
            yield position, header.now, applied if isinstance(applied, Event) else applied.event
        position = header.previous


def _belongs(split: Split, position: int, event: Event, secret: bytes) -> bool:
    """Of the records up to an unmerge only those of certain identifiers are this person's."""
    return position > split.position or (identifier_key(secret, event.primary()) in split.keys) is split.mine
