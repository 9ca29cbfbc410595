"""When an event happened, by our clock: the sender's skew cancels out. Pure; the time of arrival is an argument."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from journeyloop.detect.refusal import FUTURE_LIMIT, IMPORT_LIMIT, PAST_LIMIT


def corrected(claimed: Any, sent: int | None, received: int, oldest: int = PAST_LIMIT) -> int | str:
    """`received - (sent - claimed)` in ms, or the reason for refusing the claim. Nothing claimed: time of arrival.
    `oldest`: how long ago (ms) it may be.

    >>> corrected("1970-01-12T00:00:00Z", 950_402_000, 2_000_000_000)
    1999998000
    >>> corrected("yesterday", None, 0)
    'time_invalid'
    """
    if not claimed:
        return received
    time = millis(claimed)
    if time is None:
        return "time_invalid"
    if sent is not None:
        time += received - sent
    if time > received + FUTURE_LIMIT:
        return "time_in_future"
    if time < 0 or time < received - oldest:
        return "time_too_old"
    return time


def as_written(claimed: Any, call: str, received: int) -> int | str:
    """The time of an imported call. What is known of a person may be of today; what happened has its time."""
    if not claimed and call != "identify":
        return "time_missing"
    return corrected(claimed, None, received, IMPORT_LIMIT)


def millis(text: Any) -> int | None:
    """ISO 8601 as ms since the epoch (UTC if no zone is named), or None."""
    if type(text) is not str:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return round(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
