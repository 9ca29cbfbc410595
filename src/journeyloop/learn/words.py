"""How figures of the evidence are said."""

from __future__ import annotations


def percent(rate: float) -> str:
    return f"{100.0 * rate:.{_digits(rate)}f} %"


def points(effect: float) -> str:
    return f"{100.0 * effect:+.{_digits(effect)}f} points"


def interval(low: float, high: float) -> str:
    digits = _digits(max(abs(low), abs(high)))
    return f"[{100.0 * low:+.{digits}f}, {100.0 * high:+.{digits}f}]"


def days(count: int) -> str:
    return "1 day" if count == 1 else f"{count:,} days"


def _digits(rate: float) -> int:
    """Two decimals below one percent: there the second one matters."""
    return 2 if 0.0 < abs(rate) < 0.01 else 1
