"""`quiet_hours` of policy.yaml and `open` of an action → Hours: times of the day, and by whose clock."""

from __future__ import annotations

from collections.abc import Collection
from zoneinfo import available_timezones

from journeyloop.adapters.config.notation import time_of_day
from journeyloop.adapters.config.report import suggestion
from journeyloop.adapters.config.section import Section
from journeyloop.model.hours import Hours, QuietHours
from journeyloop.model.zone import find_zone

KEYS = ("from", "to", "zone", "unknown_zone", "channels")
PERSON = "person"
_OPEN = "write the hours, such as 09:00-18:00, or 09:00-18:00 Europe/Berlin"


def read_quiet_hours(policy: Section, channels: Collection[str]) -> QuietHours | None:
    """Without `channels` they are for all of them. Who may be in several zones is kept from being woken in any."""
    section = policy.section("quiet_hours", KEYS)
    if section is None:
        return None
    since, until = _time(section, "from"), _time(section, "to")
    if since is not None and since == until:
        section.error("to", "the same time as from: write when they end, or remove quiet_hours")
    zone = section.text("zone", PERSON)
    section.choice("unknown_zone", ("restrictive",), "restrictive")
    named = section.texts("channels")
    for name in named:
        if name not in channels:
            section.warn("channels", f"no channel is called {name}{suggestion(name, channels)}")
    if "channels" in section and not named:
        section.error("channels", "write at least one channel, or remove it: without it they are for all")
    hours = Hours(since or 0, until or 0, None if zone == PERSON else _zone(section, "zone", zone))
    return QuietHours(hours, frozenset(named) if "channels" in section else None)


def _time(section: Section, key: str) -> int | None:
    scalar = section.scalar(key)
    at = time_of_day(scalar.text) if scalar else None
    if at is None:
        section.error(key, "write a time of day, such as 21:00")
    return at


def _zone(section: Section, key: str, name: str) -> str:
    if find_zone(name) is None:
        section.error(key, f"no time zone is called {name}{suggestion(name, (PERSON, *sorted(available_timezones())))}")
    return name


def read_open(action: Section) -> Hours | None:
    """The hours in which the action is not sent: those outside of `open`."""
    scalar = action.scalar("open")
    if scalar is None:
        return None
    times, _, zone = scalar.text.partition(" ")
    since, until = (time_of_day(time) for time in (times + "-").split("-")[:2])
    if since is None or until is None or since == until or times.count("-") != 1:
        action.error("open", _OPEN)
        return None
    return Hours(until, since, _zone(action, "open", zone) if zone else None)
