"""What a goal is worth: no single amount decides. Each counts up to 20 times the median of all amounts so far.

Amounts are kept as counts and sums in buckets, four to a doubling, so that the median is known without the amounts, and
one that came before the median was known is bounded later all the same. Zeros count in the mean, not in the median.
"""

from __future__ import annotations

from math import frexp

Kept = dict[int, tuple[int, float]]
"""Bucket → how many amounts, and their sum. Odd buckets are below zero."""

TIMES = 20.0
FEW = 20
"""Fewer amounts than this say nothing about the next."""
ZERO = -1_000
_LEAST, _MOST = -20, 40


def keep(kept: Kept, amount: float) -> None:
    """One more amount."""
    count, total = kept.get(_bucket(amount), (0, 0.0))
    kept[_bucket(amount)] = (count + 1, total + amount)


def bound(kept: Kept) -> float:
    """How far from zero an amount may be; 0.0 while that is not known."""
    nonzero = sorted((key // 2, count, abs(total)) for key, (count, total) in kept.items() if key != ZERO)
    seen, half = 0, sum(count for _, count, _ in nonzero) / 2
    if 2 * half < FEW:
        return 0.0
    for _, count, total in nonzero:
        seen += count
        if seen >= half:
            return TIMES * total / count
    raise AssertionError("half of the amounts are passed before their end")


def average(kept: Kept) -> float:
    """The mean of the amounts, each within the bound."""
    number, limit = sum(count for count, _ in kept.values()), bound(kept)
    return sum(bounded(total, count * limit) for count, total in kept.values()) / number if number else 0.0


def bounded(amount: float, limit: float) -> float:
    """The amount, or the limit on its side; as it is where no limit is known.

    >>> bounded(-70.0, 50.0), bounded(70.0, 0.0)
    (-50.0, 70.0)
    """
    return max(-limit, min(limit, amount)) if limit else amount


def _bucket(amount: float) -> int:
    if not amount:
        return ZERO
    fraction, doublings = frexp(abs(amount))
    quarter = int((fraction - 0.5) * 8.0)
    return 2 * (4 * max(_LEAST, min(_MOST, doublings)) + quarter) + (amount < 0.0)
