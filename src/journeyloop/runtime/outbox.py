"""What waits for its channel, as the store has it: written and removed in the commits that change a delivery, so that a
queue can never disagree with what was decided. Its order is that of the decisions.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from journeyloop.model.decision import Delivery
from journeyloop.runtime.ports import Reader

DUE, INTENT = b"D", b"I"


class Waiting(Struct, frozen=True):
    """A row: a message that waits for a slot, or (`intent`) is in its channel's hand."""

    person: bytes
    decision: bytes
    intent: bool
    key: bytes


def key_of(delivery: Delivery) -> bytes:
    return delivery.channel.encode() + b"\0" + delivery.decided.to_bytes(8, "big") + delivery.decision


def waiting(reader: Reader, channel: str) -> Iterator[Waiting]:
    """What a channel has to do, oldest decision first."""
    start = channel.encode()
    for key, row in reader.scan("outbox", start + b"\0", start + b"\1"):
        yield Waiting(row[:-1], key[-16:], row[-1:] == INTENT, key)


def queues(reader: Reader, table: str) -> list[str]:
    """The names before the NUL of a table's keys: who has something that waits. One look for each."""
    found: list[str] = []
    start = b""
    while row := next(iter(reader.scan(table, start)), None):
        name = row[0].partition(b"\0")[0]
        found.append(name.decode())
        start = name + b"\1"
    return found
