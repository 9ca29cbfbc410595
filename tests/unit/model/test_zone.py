"""The next 09:00 of a person, through days of 23, 24 and 25 hours."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyloop.model.moment import HOUR, MINUTE, Delay
from journeyloop.model.zone import next_time, zone_of

BERLIN = "Europe/Berlin"


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    ("now", "clock", "zone", "expected"),
    [
        ("2026-07-01T06:59:59+00:00", 9 * 60, BERLIN, "2026-07-01T07:00:00+00:00"),
        ("2026-07-01T07:00:00+00:00", 9 * 60, BERLIN, "2026-07-02T07:00:00+00:00"),
        ("2026-03-28T12:00:00+00:00", 9 * 60, BERLIN, "2026-03-29T07:00:00+00:00"),  # the clocks go forward
        ("2026-10-24T12:00:00+00:00", 9 * 60, BERLIN, "2026-10-25T08:00:00+00:00"),  # and back
        ("2026-03-28T12:00:00+00:00", 150, BERLIN, "2026-03-29T01:30:00+00:00"),  # 02:30 is skipped: 03:30
        ("2026-10-24T12:00:00+00:00", 150, BERLIN, "2026-10-25T00:30:00+00:00"),  # 02:30 comes twice: the first
        ("2026-10-25T01:00:00+00:00", 150, BERLIN, "2026-10-26T01:30:00+00:00"),  # between the two
        ("2011-12-29T20:00:00+00:00", 9 * 60, "Pacific/Apia", "2011-12-30T19:00:00+00:00"),  # without its 30th
        ("2026-07-01T08:00:00+00:00", 9 * 60, None, "2026-07-01T09:00:00+00:00"),
        ("2026-07-01T08:00:00+00:00", 9 * 60, "Mars/Olympus", "2026-07-01T09:00:00+00:00"),
    ],
)
def test_the_next_time(now: str, clock: int, zone: str | None, expected: str) -> None:
    assert next_time(at(now), clock, zone) == at(expected)


@pytest.mark.parametrize("name", [None, "", "../../etc/passwd", "/etc/passwd", "Europe", "x" * 5_000, "a\0b", "Ωmega"])
def test_what_is_no_zone_is_utc(name: str | None) -> None:
    assert zone_of(name) is UTC


@given(
    st.integers(at("2000-01-01T00:00:00+00:00"), at("2037-01-01T00:00:00+00:00")),
    st.integers(0, 1_439),
    st.sampled_from([BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Asia/Tokyo", None]),
)
def test_it_is_after_now_and_no_further_than_the_longest_day(now: int, clock: int, zone: str | None) -> None:
    found = next_time(now, clock, zone)
    assert now < found <= now + Delay(next=clock).longest
    local = datetime.fromtimestamp(found / 1000, zone_of(zone))
    assert (local.hour * 60 + local.minute - clock) % 60 in (0, 30), "only a skipped time is another"
    assert found % MINUTE == 0


def test_a_delay() -> None:
    assert (Delay().begins(5, None), Delay(wait=HOUR).begins(5, None), Delay(wait=HOUR).longest) == (5, HOUR + 5, HOUR)
