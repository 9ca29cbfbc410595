"""An event counts once, however often it is sent: 8-byte keyed hashes of message ids, kept for 30 days.

The newest sit in the customer's record, older ones in records per person and day of at most 512 hashes, so that a busy
person rewrites no more than one of them. Dedup is on the messageId, never on content.
"""

from __future__ import annotations

from hashlib import blake2b

from journeyloop.model.customer import Customer
from journeyloop.model.event import Event
from journeyloop.model.frame import Frame
from journeyloop.model.inputs import Imported
from journeyloop.model.moment import DAY

SIZE = 8
KEEP = 64
SPILL = 32
DAYS = 30
PART_SIZE = 512 * SIZE
PART_BITS = 16


def seen_before(customer: Customer, arrived: Event | Imported, frame: Frame) -> bool:
    """Whether this message was folded in the last 30 days (the frame says so too); if not, it is remembered now. An
    imported row without a messageId of its own is told apart by its place in its file, not here."""
    if isinstance(arrived, Imported):
        if not arrived.marked:
            return False
        arrived = arrived.event
    mark = blake2b(arrived.message_id.encode(), key=frame.secret, digest_size=SIZE).digest()
    known = _contains(customer.header.recent, mark)
    if customer.older and not known:
        known = any(_contains(part, mark) for part in customer.older.values())
    frame.duplicate = known
    if not known:
        _remember(customer, mark, frame.now // DAY)
    return known


def _contains(marks: bytes, mark: bytes) -> bool:
    at = marks.find(mark)
    while at >= 0 and at % SIZE:
        at = marks.find(mark, at + 1)
    return at >= 0


def _remember(customer: Customer, mark: bytes, day: int) -> None:
    header = customer.header
    header.recent += mark
    if header.recent_days and header.recent_days[-1][0] == day:
        header.recent_days[-1][1] += 1
    else:
        header.recent_days = [*header.recent_days, [day, 1]]
    if len(header.recent) >= (KEEP + SPILL) * SIZE:
        _spill(customer, day)


def _spill(customer: Customer, today: int) -> None:
    """Move all but the newest 64 into their days' records and let days older than 30 go."""
    header = customer.header
    excess = len(header.recent) // SIZE - KEEP
    while excess > 0:
        day, held = header.recent_days[0]
        moved = min(held, excess)
        _append(customer, day, header.recent[: moved * SIZE])
        header.recent = header.recent[moved * SIZE :]
        header.recent_days = header.recent_days[1:] if moved == held else [[day, held - moved], *header.recent_days[1:]]
        excess -= moved
    for part in [part for part in customer.older if part >> PART_BITS < today - DAYS]:
        del customer.older[part]
    header.older_parts = sorted(customer.older)


def _append(customer: Customer, day: int, marks: bytes) -> None:
    """Into the day's last part, or a new one if that is full. A part's key is the day and its number within it."""
    part = day << PART_BITS
    while len(customer.older.get(part, b"")) >= PART_SIZE:
        part += 1
    customer.older[part] = customer.older.get(part, b"") + marks
