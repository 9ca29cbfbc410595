"""Numbers as strangers state them, made safe to add: finite, within bounds, and money in whole millionths, which add up
to the same sum in any order."""

from __future__ import annotations

from typing import Any

from journeyloop.model.customer import MICROS

LARGEST = 1_000_000_000
TOTAL = 1 << 62
"""A total stays there once it has come so far: more would not fit the store's 64 bits."""


def bounded(value: Any) -> float:
    """A number of at most a billion, or 0.0: reception already turned numeric text into numbers.

    >>> bounded(12), bounded(True), bounded("12"), bounded(-1e300)
    (12.0, 0.0, 0.0, -1000000000.0)
    """
    if (type(value) is float or type(value) is int) and -LARGEST <= value <= LARGEST:  # nearly always
        return float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        return 0.0
    return float(max(-LARGEST, min(LARGEST, value)))


def micros(value: Any) -> int:
    """Money in millionths; less than nothing is nothing.

    >>> micros(19.99)
    19990000
    """
    return max(0, round(bounded(value) * MICROS))


def add(one: int, other: int) -> int:
    return min(one + other, TOTAL)
