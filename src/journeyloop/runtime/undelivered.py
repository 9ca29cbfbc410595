"""What did not reach anybody for sure: failed and unknown deliveries, the newest of them, as one list with reasons.

The list is a ring in the store: it holds so many and forgets the oldest. Nothing is sent again from it: a message that
did not arrive in time is a stale one, and one whose end is unknown may have arrived.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from journeyloop.model.decision import Delivery
from journeyloop.runtime import reads, records
from journeyloop.runtime.memory import Singles
from journeyloop.runtime.ports import Reader, Transaction

KEPT = 10_000
STATES = ("failed", "unknown")


def note(transaction: Transaction, singles: Singles, delivery: Delivery) -> None:
    """One more."""
    transaction.put("undelivered", _place(singles.undelivered), delivery.decision)
    singles.undelivered += 1


def listed(reader: Reader, singles: Singles, channel: str | None, limit: int) -> list[dict[str, Any]]:
    """Newest first; of one channel, or of all."""
    found: list[dict[str, Any]] = []
    for delivery in _newest(reader, singles.undelivered):
        if channel in (None, delivery.channel):
            found.append(_told(reader, delivery))
            if len(found) == limit:
                break
    return found


def _newest(reader: Reader, count: int) -> Iterator[Delivery]:
    for number in range(count - 1, max(-1, count - 1 - KEPT), -1):
        decision = reader.get("undelivered", _place(number))
        raw = reader.get("deliveries", decision) if decision else None
        if raw is not None:
            yield records.decode_delivery(raw)


def _told(reader: Reader, delivery: Delivery) -> dict[str, Any]:
    person = reads.decision_person(reader, delivery.decision)
    return {
        "decision_id": delivery.decision.hex(),
        "person": person.hex() if person else None,
        "moment": delivery.moment,
        "action": delivery.action,
        "channel": delivery.channel,
        "state": delivery.state,
        "reason": delivery.reason,
        "attempts": delivery.attempts + 1,
        "ended": delivery.ended,
    }


def _place(number: int) -> bytes:
    return (number % KEPT).to_bytes(4, "big")
