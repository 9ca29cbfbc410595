"""The small notations inside values: `3m`, `10%`, `1 per 90d`, `2026-12-01`. Pure; None means: not in this notation."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from journeyloop.model.duration import UNITS

_PERCENTAGE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)%")
_NEXT = re.compile(r"next ([01][0-9]|2[0-3]):([0-5][0-9])")
_RATE = re.compile(r"([0-9]{1,6}) per ([0-9a-z]+)")


def written(length: int) -> str:
    """A duration as an author would write it.

    >>> written(180000), written(90000)
    ('3m', '90s')
    """
    unit = next(unit for unit in ("d", "h", "m", "s", "ms") if length % UNITS[unit] == 0)
    return f"{length // UNITS[unit]}{unit}"


def percentage(text: str) -> float | None:
    """A share in [0, 1].

    >>> percentage("10%"), percentage("110%"), percentage("0.1")
    (0.1, None, None)
    """
    found = _PERCENTAGE.fullmatch(text)
    share = float(found[1]) / 100 if found else 2.0
    return share if share <= 1.0 else None


def rate(text: str) -> tuple[int, str] | None:
    """(how often, per what).

    >>> rate("1 per 90d"), rate("1 per session"), rate("often")
    ((1, '90d'), (1, 'session'), None)
    """
    found = _RATE.fullmatch(text)
    return (int(found[1]), found[2]) if found else None


def next_time(text: str) -> int | None:
    """Minutes after midnight.

    >>> next_time("next 09:30"), next_time("next 9:30"), next_time("09:30")
    (570, None, None)
    """
    found = _NEXT.fullmatch(text)
    return int(found[1]) * 60 + int(found[2]) if found else None


def time_of_day(text: str) -> int | None:
    """Minutes after midnight.

    >>> time_of_day("09:30"), time_of_day("9:30"), time_of_day("24:00")
    (570, None, None)
    """
    return next_time(f"next {text}")


def instant(text: str) -> int | None:
    """An ISO date (its first instant, UTC) or date and time with a zone, in ms since the epoch.

    >>> instant("2026-12-01"), instant("2026-12-01T00:00:00+01:00"), instant("2026-12-01T00:00")
    (1796083200000, 1796079600000, None)
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    if at.tzinfo is None and len(text) == len("2026-12-01"):
        at = at.replace(tzinfo=UTC)
    return None if at.tzinfo is None else int(at.timestamp() * 1000)
