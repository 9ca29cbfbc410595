"""Refused input: what is kept of it, and its second chance. Bytes are kept as they came, so nothing is guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import msgspec

from journeyloop.detect.parse import parse_batch
from journeyloop.model.event import Event
from journeyloop.runtime import records
from journeyloop.runtime.ports import Reader, Transaction

LIMIT = 100_000
SOURCE = "browser"
"""Who sent it is not known any more: it is trusted as little as anybody."""


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


def acceptable(
    reader: Reader, numbers: list[int], clock: Callable[[], int]
) -> Iterator[tuple[int, list[Event] | None]]:
    """(number, its events, or None if it is refused still) for each of these, oldest first; no numbers: for all."""
    wanted = set(numbers)
    for key, raw in reader.scan("quarantine"):
        number = int.from_bytes(key, "big")
        if not wanted or number in wanted:
            _, body = records.decode_refused(raw)
            parsed = parse_batch(_as_batch(body), None, clock(), SOURCE, lambda: uuid4().hex)
            yield number, None if parsed.rejected else parsed.events


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
