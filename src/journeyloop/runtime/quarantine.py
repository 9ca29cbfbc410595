"""Refused input: what is kept of it, and its second chance. Bytes are kept as they came, so nothing is guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import uuid4

import msgspec
from msgspec import Struct

from journeyloop.detect.parse import parse_batch
from journeyloop.model.event import Rejected
from journeyloop.model.inputs import Input
from journeyloop.runtime import records
from journeyloop.runtime.memory import Singles
from journeyloop.runtime.ports import Reader, Transaction
from journeyloop.runtime.rows import Terms, keep_wordings, parse_again

LIMIT = 100_000
SOURCE = "browser"
"""Who sent it is not known any more: it is trusted as little as anybody."""

Also = Callable[[Transaction], None]


class Tried(Struct):
    """One refused input, tried again: what became of it (None: it is refused still), and what to write with it."""

    number: int
    inputs: Sequence[Input] | None
    also: Also


def keep(transaction: Transaction, singles: Singles, refused: Rejected, now: int) -> None:
    """Nothing invalid vanishes: kept with its reason, the newest 100,000."""
    number = singles.refused
    transaction.put("quarantine", number.to_bytes(8, "big"), records.encode_refused(now, refused))
    if number >= LIMIT:
        transaction.delete("quarantine", (number - LIMIT).to_bytes(8, "big"))
    singles.refused = number + 1


def listed(reader: Reader, limit: int) -> list[dict[str, Any]]:
    """The newest refused inputs with their reasons, newest first."""
    found = []
    for key, raw in reader.scan("quarantine", reverse=True):
        header, body = records.decode_refused(raw)
        found.append(
            {
                "number": int.from_bytes(key, "big"),
                "at": header.at,
                "reason": header.reason,
                "message": header.detail,
                "raw": body.decode(errors="replace"),
            }
        )
        if len(found) == limit:
            break
    return found


def tried_again(reader: Reader, numbers: list[int], terms: Terms) -> Iterator[Tried]:
    """Each of these, oldest first; no numbers: all."""
    wanted = set(numbers)
    for key, raw in reader.scan("quarantine"):
        number = int.from_bytes(key, "big")
        if not wanted or number in wanted:
            _, body = records.decode_refused(raw)
            yield _tried(number, body, terms)


def _tried(number: int, body: bytes, terms: Terms) -> Tried:
    """A row of an import stays one: it must not come to life as an event of today."""
    wordings: dict[bytes, str] = {}
    inputs: Sequence[Input] | None
    row = parse_again(body, terms)
    if row is not None:
        inputs, wordings = (None if row.refused else row.inputs), row.wordings
    else:
        blocked = terms.plan.policy.identity.blocked
        parsed = parse_batch(_as_batch(body), None, terms.now, SOURCE, lambda: uuid4().hex, blocked)
        inputs = None if parsed.rejected else parsed.events

    def also(transaction: Transaction) -> None:
        transaction.delete("quarantine", number.to_bytes(8, "big"))
        keep_wordings(transaction, wordings)

    return Tried(number, inputs, also)


def _as_batch(body: bytes) -> bytes:
    """A refused item of a batch, or a single call, which was kept with its type."""
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return body
    return body if isinstance(found, dict) and "batch" in found else b'{"batch":[' + body + b"]}"


def release(number: int) -> Callable[[Transaction], None]:
    """Take this one out, in the commit that accepts it."""
    return lambda transaction: transaction.delete("quarantine", number.to_bytes(8, "big"))
