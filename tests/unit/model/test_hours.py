"""Hours of the day: over midnight, where the clocks change, a little around them, and where nobody knows the zone."""

from __future__ import annotations

from datetime import datetime

import pytest

from journeyloop.model.hours import Hours, place_of

BERLIN = "Europe/Berlin"
NIGHT = Hours(21 * 60, 8 * 60)
SMALL_HOURS = Hours(2 * 60, 3 * 60)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def held(hours: Hours, when: str, zone: str | None = BERLIN, country: str | None = None) -> bool:
    return hours.reason(at(when), place_of(zone, country)) is not None


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2026-07-01T20:59:54+02:00", False),
        ("2026-07-01T20:59:56+02:00", True),  # our clock may be five seconds slow
        ("2026-07-01T21:00:00+02:00", True),
        ("2026-07-02T00:00:00+02:00", True),
        ("2026-07-02T07:59:59+02:00", True),
        ("2026-07-02T08:00:04+02:00", True),  # or fast
        ("2026-07-02T08:00:05+02:00", False),
        ("2026-07-02T12:00:00+02:00", False),
    ],
)
def test_a_night(when: str, expected: bool) -> None:
    assert held(NIGHT, when) is expected


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2026-10-25T02:30:00+02:00", True),  # the hour that comes twice is kept twice
        ("2026-10-25T02:30:00+01:00", True),
        ("2026-10-25T03:00:06+01:00", False),
        ("2026-03-29T01:59:50+01:00", False),  # the hour that is left out was never there
        ("2026-03-29T03:00:06+02:00", False),
    ],
)
def test_where_the_clocks_change(when: str, expected: bool) -> None:
    assert held(SMALL_HOURS, when) is expected


def test_a_fixed_zone_holds_wherever_they_are() -> None:
    fixed = Hours(21 * 60, 8 * 60, BERLIN)
    assert fixed.reason(at("2026-07-01T22:00:00+02:00"), place_of("America/New_York", "US")) == f"until 08:00 {BERLIN}"
    assert not held(fixed, "2026-07-01T12:00:00+02:00", None)


@pytest.mark.parametrize("zone", [None, "", "Mars/Olympus", "UTC", "Etc/GMT+5", "GMT"])
def test_who_tells_no_place_may_be_anywhere_in_their_country(zone: str | None) -> None:
    """From 14:00 in New York (08:00 in Honolulu) to 21:00 in New York: seven hours remain in the United States."""
    remaining = [hour for hour in range(24) if not held(NIGHT, f"2026-07-01T{hour:02}:30:00-04:00", zone, "us")]
    assert remaining == list(range(14, 21))
    reason = NIGHT.reason(at("2026-07-01T12:00:00-04:00"), place_of(zone, "US"))
    assert reason == "until 08:00 in all of US (zone unknown)"


@pytest.mark.parametrize("country", [None, "", "Atlantis", "AQ"])
def test_who_tells_nothing_may_be_anywhere(country: str | None) -> None:
    """Somewhere it is always night: of eleven quiet hours none remain."""
    for hour in range(24):
        assert held(NIGHT, f"2026-07-01T{hour:02}:30:00+00:00", None, country)
    assert place_of(None, country).words == "everywhere (zone unknown)"
    assert len(place_of(None, country).zones) > 300


def test_a_country_of_one_zone_is_as_good_as_the_zone() -> None:
    assert place_of(None, "DE").zones == ("Europe/Berlin", "Europe/Busingen")
    assert not held(NIGHT, "2026-07-01T12:00:00+02:00", None, "DE")
