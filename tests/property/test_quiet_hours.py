"""Nobody is disturbed in quiet hours: every quarter of an hour of a year, in every zone of the time zone database.

Zones whose clocks go alike the whole year are judged once, by the clock of the library's own conversion. `make sim`
judges each of them, and another year.
"""

from __future__ import annotations

import os
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from journeyloop.model.hours import GUARD, NO_PLACE, Hours, Place
from tests.property.rig import HOUR, MINUTE, Rig, action, moment, plan_of

QUARTER = 15 * MINUTE
SINCE, UNTIL = 21 * 60, 8 * 60
SIM = os.environ.get("HYPOTHESIS_PROFILE") == "sim"
YEARS = (2026, 2027) if SIM else (2026,)
ZONES = sorted(available_timezones())


def quarters(year: int) -> range:
    begins, ends = (int(datetime(one, 1, 1, tzinfo=UTC).timestamp() * 1000) for one in (year, year + 1))
    return range(begins, ends, QUARTER)


def clock(zone: ZoneInfo, at: int) -> int:
    """Seconds past midnight."""
    local = datetime.fromtimestamp(at // 1000, zone)
    return local.hour * 3600 + local.minute * 60 + local.second


def alike(year: int) -> list[list[str]]:
    """Zones by what their clocks show at every full hour of the year."""
    found: dict[tuple[timedelta | None, ...], list[str]] = defaultdict(list)
    hours = [datetime.fromtimestamp(at // 1000, UTC) for at in range(quarters(year)[0], quarters(year)[-1], HOUR)]
    for name in ZONES:
        zone = ZoneInfo(name)
        found[tuple(hour.astimezone(zone).utcoffset() for hour in hours)].append(name)
    return [[name] for name in ZONES] if SIM else list(found.values())


@pytest.mark.parametrize("year", YEARS)
def test_every_quarter_hour_of_a_year_in_every_zone(year: int) -> None:
    """Never inside; and never refused further than the guard around it. Just before and after each quarter too."""
    night = Hours(SINCE, UNTIL)
    judged = inside = 0
    for names in alike(year):
        zone, place = ZoneInfo(names[0]), Place((names[0],), names[0])
        for number, at in enumerate(quarters(year)):
            when = at + (0, 1_000 - GUARD, GUARD)[number % 3]
            shown = clock(zone, when)
            quiet = shown >= SINCE * 60 or shown < UNTIL * 60
            refused = night.reason(when, place) is not None
            assert refused or not quiet, (names, when)
            assert quiet or not refused or near(zone, when), (names, when)
            judged, inside = judged + 1, inside + quiet
    assert judged > 2_000_000
    assert 0.4 < inside / judged < 0.5


def near(zone: ZoneInfo, at: int) -> bool:
    shown = (clock(zone, at - GUARD), clock(zone, at + GUARD))
    return any(one >= SINCE * 60 or one < UNTIL * 60 for one in shown)


POLICY = 'quiet_hours: {from: "21:00", to: "08:00"}\n'


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"])
def test_a_decision_is_judged_by_the_clock_of_its_person(zone: str) -> None:
    """Through the whole kernel, over the days on which the clocks change in each of these zones."""
    rig = Rig(plan_of(moment(actions=f"[{action()}]", expires="1m"), policy=POLICY))
    place = ZoneInfo(zone)
    for begins in ("2026-03-07", "2026-03-28", "2026-04-04", "2026-10-03", "2026-10-24", "2026-10-31"):
        start = int(datetime.fromisoformat(f"{begins}T00:00:00+00:00").timestamp() * 1000)
        for at in range(start, start + 48 * HOUR, QUARTER):
            rig.now = at + 30_000
            rig.track("Asked For", f"{zone}/{at}", context={"timezone": zone})
            made = rig.made[-1]
            shown = clock(place, rig.now)
            quiet = shown >= SINCE * 60 or shown < UNTIL * 60
            where = "everywhere (zone unknown)" if zone in NO_PLACE else zone
            assert made.reason.startswith(f"quiet_hours: until 08:00 {where}") is (quiet or zone in NO_PLACE)
