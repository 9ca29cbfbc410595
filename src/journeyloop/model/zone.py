"""The time of day where a person is. Days are as long as their zone makes them.

The rules of time zones come from a library (the system's, else tzdata), like the numbering plans of telephones: they
belong to the epoch, and what was planned by them is stored.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
LONGEST_NAME = 64


def next_time(now: int, minutes: int, zone: str | None) -> int:
    """The first instant after `now` (ms) at which it is so many minutes past midnight in this zone; UTC if it is not
    known. A time that the clocks skip is as far after midnight as on other days, one that comes twice is the first.

    >>> next_time(0, 9 * 60, None)
    32400000
    """
    place = zone_of(zone)
    today = (EPOCH + now * MILLISECOND).astimezone(place).date()
    at = now
    for day in (today + timedelta(days=days) for days in range(3)):  # a zone may leave out a day
        local = datetime(day.year, day.month, day.day, minutes // 60, minutes % 60, tzinfo=place)
        at = (local.astimezone(UTC) - EPOCH) // MILLISECOND
        if at > now:
            break
    return at


def zone_of(name: str | None) -> tzinfo:
    """What a browser calls its zone is the sender's word: what is no zone is UTC."""
    return find_zone(name) or UTC


def written_time(at: int) -> str:
    """An instant (ms) as people write it, to the minute that is not before it.

    >>> written_time(59_999), written_time(60_000)
    ('1970-01-01 00:01 UTC', '1970-01-01 00:01 UTC')
    """
    return f"{EPOCH + -(-at // 60_000) * timedelta(minutes=1):%Y-%m-%d %H:%M} UTC"


@lru_cache(maxsize=1024)
def find_zone(name: str | None) -> ZoneInfo | None:
    """The zone of this name, or None."""
    if not name or len(name) > LONGEST_NAME:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None
