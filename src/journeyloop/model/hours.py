"""Hours of the day by the clocks where a person is: quiet hours, and those in which an action's desk is closed.

An hour is what clocks on the wall show, so a day on which they go forward or back needs no rule of its own: an hour
that comes twice is kept twice. Where we do not know which clock is theirs, every clock that may be must be outside.
Our own clock may be wrong by GUARD, either way.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files

from msgspec import Struct

from journeyloop.model.zone import EPOCH, MILLISECOND, find_zone, next_time, zone_of

GUARD = 5_000
DAYS = 4
MOST_ZONES = 60
"""Who may be in more zones than the largest countries have may be anywhere: somewhere it is always night."""
DAY_MINUTES = 24 * 60
NO_PLACE = frozenset({"UTC", "UCT", "GMT", "GMT0", "GMT+0", "GMT-0", "Greenwich", "Universal", "Zulu", "Factory"})
"""Zones that say nothing of where somebody is: browsers that hide it report them. So do those of `Etc/`."""
NOBODY = "AQ"
"""Who is in Antarctica does not order."""


class Place(Struct, frozen=True):
    """The zones that somebody may be in, and that in words."""

    zones: tuple[str, ...]
    words: str


class Hours(Struct, frozen=True):
    """From `since` to `until` (minutes after midnight; beyond it where `until` is less), in a fixed `zone` or (None)
    where the person is."""

    since: int
    until: int
    zone: str | None = None

    def reason(self, at: int, place: Place) -> str | None:
        """Until when it is such an hour at `at` (ms) somewhere they may be, or None.

        >>> night, berlin = Hours(21 * 60, 8 * 60), place_of("Europe/Berlin", None)
        >>> night.reason(0, berlin), night.reason(12 * 3_600_000, berlin)
        ('until 08:00 Europe/Berlin', None)
        """
        zones, words = (place.zones, place.words) if self.zone is None else ((self.zone,), self.zone)
        if any(self._shown(at + off, zone) for zone in zones for off in (-GUARD, GUARD)):
            return f"until {self.until // 60:02}:{self.until % 60:02} {words}"
        return None

    def end(self, at: int, place: Place) -> int | None:
        """When it is no such hour any more for anybody who may be there, at `at` or later; None: somewhere it always
        is, or nobody can say."""
        zones = place.zones if self.zone is None else (self.zone,)
        if len(zones) > MOST_ZONES:
            return None if self.reason(at, place) else at
        for _ in range(DAYS):
            shown = [zone for zone in zones if any(self._shown(at + off, zone) for off in (-GUARD, GUARD))]
            if not shown:
                return at
            at = max(next_time(at - GUARD, self.until % DAY_MINUTES, zone) for zone in shown) + GUARD
        return None

    def _shown(self, at: int, zone: str) -> bool:
        """Whether a clock in this zone shows such an hour."""
        local = (EPOCH + at * MILLISECOND).astimezone(zone_of(zone))
        minute = local.hour * 60 + local.minute
        if self.since < self.until:
            return self.since <= minute < self.until
        return minute >= self.since or minute < self.until


class QuietHours(Struct, frozen=True):
    """Hours in which nobody is contacted over these `channels` (None: any)."""

    hours: Hours
    channels: frozenset[str] | None = None


def untimely(kept: Iterable[tuple[str, Hours]], at: int, place: Place) -> str | None:
    """The first of these hours that it may be, with its name, or None."""
    for name, hours in kept:
        reason = hours.reason(at, place)
        if reason is not None:
            return f"{name}: {reason}"
    return None


def quiet_end(kept: Iterable[tuple[str, Hours]], at: int, place: Place) -> int | None:
    """When none of these is any more, at `at` or later, as far as each alone says; None: one of them always is."""
    ends = [hours.end(at, place) for _, hours in kept]
    return None if None in ends else max((one for one in ends if one is not None), default=at)


@lru_cache(maxsize=4096)
def place_of(zone: str | None, country: str | None) -> Place:
    """Where somebody is: their zone; or anywhere in their country; or anywhere.

    >>> place_of("Asia/Tokyo", "JP").words, place_of(None, "JP").zones, place_of("UTC", "Atlantis").words
    ('Asia/Tokyo', ('Asia/Tokyo',), 'everywhere (zone unknown)')
    """
    if zone and zone not in NO_PLACE and not zone.startswith("Etc/") and find_zone(zone):
        return Place((zone,), zone)
    by_country = _inhabited()
    if country and country.upper() in by_country:
        code = country.upper()
        return Place(by_country[code], f"in all of {code} (zone unknown)")
    every = sorted({one for zones in by_country.values() for one in zones})
    return Place(tuple(every), "everywhere (zone unknown)")


@lru_cache(maxsize=1)
def _inhabited() -> dict[str, tuple[str, ...]]:
    """Country → its zones, by the table of the time zone database."""
    found: dict[str, tuple[str, ...]] = {}
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    for line in table.splitlines():
        if line and not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            found[country] = (*found.get(country, ()), zone)
    found.pop(NOBODY, None)
    return found
