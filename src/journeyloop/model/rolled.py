"""The value of a computed trait at an instant, and the instant at which time alone will change it."""

from __future__ import annotations

from typing import Any

from journeyloop.model.audience import Computed
from journeyloop.model.customer import Customer, Rolled

MILLIONTHS = 1_000_000


def rolled_value(customer: Customer, computed: Computed, now: int) -> Any:
    """The trait's value now; None if there is none: a count or sum without any event is 0, all others are missing."""
    rolled = customer.header.windows.get(computed.name)
    if rolled is None or rolled.meaning != computed.hash:
        return _EMPTY.get(computed.op)
    oldest = computed.oldest(now)
    match computed.op:
        case "first" | "last":
            return next((value for at, value in _ends(customer, computed) if computed.bucket(at) >= oldest), None)
        case "since":
            return max(0, now - rolled.at) // 1000 if computed.bucket(rolled.at) >= oldest else None
        case "unique":
            return sum(number >= oldest for number in rolled.marks.values())
        case _:
            return _total(computed.op, [row for row in rolled.buckets if row[0] >= oldest])


def next_leave(customer: Customer, computed: Computed, now: int) -> int | None:
    """When the next of what counts now leaves the window (ms), or None if nothing will."""
    rolled = customer.header.windows.get(computed.name)
    if rolled is None or computed.within is None:
        return None
    oldest = computed.oldest(now)
    counting = (number for number in _numbers(customer, computed, rolled) if number >= oldest)
    first = min(counting, default=None)
    return None if first is None else computed.leaves(first)


_EMPTY: dict[str, Any] = {"count": 0, "sum": 0.0, "unique": 0}


def _ends(customer: Customer, computed: Computed) -> list[tuple[int, Any]]:
    return customer.sealed.ends.get(computed.name, [])


def _numbers(customer: Customer, computed: Computed, rolled: Rolled) -> list[int]:
    match computed.op:
        case "first" | "last":
            return [computed.bucket(at) for at, _ in _ends(customer, computed)]
        case "since":
            return [computed.bucket(rolled.at)]
        case "unique":
            return list(rolled.marks.values())
        case _:
            return [row[0] for row in rolled.buckets]


def _total(op: str, rows: list[list[int]]) -> Any:
    """Rows are [number, count] for count, [number, count, sum] for sum and avg, [number, extreme] for min and max."""
    if op == "count":
        return sum(row[1] for row in rows)
    if op == "sum":
        return sum(row[2] for row in rows) / MILLIONTHS
    if not rows:
        return None
    if op == "avg":
        return sum(row[2] for row in rows) / sum(row[1] for row in rows) / MILLIONTHS
    return (min if op == "min" else max)(row[1] for row in rows) / MILLIONTHS
