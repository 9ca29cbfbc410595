"""Durations as they are written: `20s 3m 2h 7d`."""

from __future__ import annotations

import re

UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"([0-9]{1,9})(ms|s|m|h|d)")
_LONGEST = 3650 * UNITS["d"]


def duration(text: str) -> int | None:
    """Milliseconds, at most ten years; None: it is not one.

    >>> duration("3m"), duration("500ms"), duration("3 minutes")
    (180000, 500, None)
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        return None
    length = int(found[1]) * UNITS[found[2]]
    return length if length <= _LONGEST else None
