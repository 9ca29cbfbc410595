"""What a backtest reports of each moment, in numbers and in words."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from journeyloop.adapters.store.memory import MemoryStore
from journeyloop.model.event import Event
from journeyloop.model.plan import Plan
from journeyloop.runtime.backtest import Backtest
from journeyloop.runtime.findings import Findings
from journeyloop.runtime.findings_words import words
from tests.property.rig import ALLOWED, DAY, HOUR, MINUTE, SECRET, action, moment, plan_of

WEDNESDAY = 1_710_892_800_000
"""2024-03-20 00:00 UTC."""

ASKED, ORDERED = "Asked For", "Order Completed"


def event(name: str, at: int, who: str = "u1", **fields: Any) -> Event:
    return Event("track", name, f"{name}-{at}-{who}", WEDNESDAY + at, who, **fields)


def last(days: int = 3) -> Event:
    return event("Page Seen", days * DAY, "nobody")


def report(plan: Plan, *events: Event, zone: str = "UTC", days: float = 3) -> dict[str, Any]:
    """The report on a plan over these events, which are in order."""
    findings = Findings(plan, ZoneInfo(zone))
    run = Backtest(plan, SECRET, MemoryStore(), findings.decided)
    assert sum(run.run(events)) == len(events)
    told = [findings.told(name, run.tally(name), run.joined, days) for name in plan.moments]
    return {
        "file": "f", "rows": len(events), "events": len(events), "duplicates": run.duplicates, "people": run.people,
        "refused": {"rows": 0, "reasons": {}, "first": []}, "own_secret": True, "zone": zone,
        "from": events[0].time, "to": events[-1].time, "days": days,
        "assumed": {"consent": False, "tab": False}, "moments": told,
    }  # fmt: skip


def one(plan: Plan, *events: Event, **more: Any) -> dict[str, Any]:
    [told] = report(plan, *events, **more)["moments"]
    return told  # type: ignore[no-any-return]


def test_signals_are_counted_by_the_hour_and_weekday_of_the_zone() -> None:
    plan = plan_of(moment())
    told = one(plan, event(ASKED, 23 * HOUR), last())
    assert told["hours"][23] == told["weekdays"][2] == told["signals"] == 1
    assert told["per_day"] == 1 / 3
    told = one(plan, event(ASKED, 23 * HOUR), last(), zone="Europe/Berlin")
    assert told["hours"][0] == told["weekdays"][3] == 1


def test_a_history_of_less_than_a_day_has_no_rate() -> None:
    told = one(plan_of(moment()), event(ASKED, 0), event(ORDERED, HOUR), days=0.5)
    assert told["per_day"] is None and told["evidence"] is None


def test_people_are_counted_as_they_were_at_their_first_signal() -> None:
    told = one(
        plan_of(moment()),
        event(ASKED, 0, "new"),
        event(ORDERED, MINUTE, "new", properties={"revenue": 600.0}),
        event(ORDERED, 2 * MINUTE, "old", properties={"revenue": 600.0}),
        event(ASKED, HOUR, "new"),
        event(ASKED, 2 * HOUR, "old"),
        Event("track", ASKED, "anonymous", WEDNESDAY + 3 * HOUR, anonymous_id="a"),
    )
    assert told["signals"] == 4
    assert told["people"] == {
        "people": 3, "known": 2, "anonymous": 1, "first_time": 2, "returning": 1, "high_value": 1
    }  # fmt: skip


def test_who_turned_out_to_be_one_person_counts_once() -> None:
    told = one(
        plan_of(moment()),
        Event("track", ASKED, "m1", WEDNESDAY, anonymous_id="a"),
        Event("track", ASKED, "m2", WEDNESDAY + HOUR, anonymous_id="b"),
        Event("identify", "Identify", "m3", WEDNESDAY + 2 * HOUR, "u", "a"),
        Event("identify", "Identify", "m4", WEDNESDAY + 3 * HOUR, "u", "b"),
        Event("track", ASKED, "m5", WEDNESDAY + 4 * HOUR, "u"),
    )
    assert told["signals"] == 3 and told["people"]["people"] == 1 and told["people"]["anonymous"] == 1


def test_goals_count_within_closed_windows_and_open_ones_are_told_apart() -> None:
    told = one(
        plan_of(moment()),
        event(ASKED, 0, "buys"),
        event(ASKED, 0, "does not"),
        event(ORDERED, 10 * MINUTE, "buys"),
        event(ASKED, 2 * HOUR, "too young"),
        event(ORDERED, 2 * HOUR + MINUTE, "too young"),
    )
    expected = {"goal": ORDERED, "within": 30 * MINUTE, "closed": 2, "goals": 1, "rate": 0.5, "open": 1}
    assert told["anyway"] == expected


def test_what_would_have_been_done_and_what_policy_silences() -> None:
    plan = plan_of(
        moment("asks", purpose="marketing"), moment("free"), policy="caps: [{per: person, at_most: 1, within: 1d}]\n"
    )
    asks, free = report(
        plan, event(ASKED, 0), event(ASKED, HOUR, context=ALLOWED), event(ASKED, 2 * DAY, "u2", context=ALLOWED), last()
    )["moments"]
    assert asks["silent"] == {"consent: marketing not given": 1, "cap: 1 per person in 1d": 1}
    assert asks["without_consent"] == 1 and asks["decided"] == {"hello": 1}
    assert free["decided"] == {"hello": 1} and free["without_consent"] == 0
    assert free["silent"] == {"cap: 1 per person in 1d": 1, "outranked: asks": 1}


def test_noise_is_told_by_reason_and_unknown_presence_apart_from_it() -> None:
    plan = plan_of(
        moment("stall", detect="{event: Asked For, absent: [Order Completed], for: 1m, present: true}"),
        moment("once", confirm="{at_most: 1 per session}"),
    )
    once, stall = report(plan, event(ASKED, 0), event(ASKED, 2 * MINUTE), last())["moments"]
    assert (stall["signals"], stall["unknown"], stall["gated"]) == (0, 2, {})
    assert (once["signals"], once["unknown"], once["gated"]) == (1, 0, {"at_most": 1})


def test_the_advice_is_that_of_the_evidence() -> None:
    events = [event(ASKED, number * HOUR, f"u{number}") for number in range(48)]
    events += [event(ORDERED, number * HOUR + MINUTE, f"u{number}") for number in range(0, 48, 4)]
    told = one(plan_of(moment()), *sorted(events, key=lambda event: event.time), last())
    assert told["anyway"]["rate"] == 0.25
    assert told["evidence"]["learnable"] is False and "use `fixed`" in told["evidence"]["words"]


def test_the_words_say_what_the_numbers_say() -> None:
    plan = plan_of(
        moment("now", learn="{mode: full}", holdout="50%"),
        moment("placed", detect="{ask: hero}", actions=f"[{action('banner', ', placement: hero')}]"),
        moment("stall", detect="{event: Asked For, absent: [Order Completed], for: 1m, present: true}"),
        moment("never", detect="{event: Never}"),
    )
    asked = [event(ASKED, number * HOUR, f"u{number}") for number in range(20)]
    told = report(plan, *asked, last())
    told["refused"] = {"rows": 2, "reasons": {"time_invalid": 2}, "first": [{"row": 4, "reason": "time_invalid"}]}
    text = words(told | {"duplicates": 3, "own_secret": False, "assumed": {"consent": True, "tab": True}})
    now = next(row for row in told["moments"] if row["moment"] == "now")
    for line in (
        "f: 21 rows, 21 events of 21 people, 2024-03-20 to 2024-03-23 (3.0 days)",
        "2 rows refused", "  row 4: time_invalid", "3 events more were the same once more",
        "As if everybody had consented", "An upper bound: as if every person had a fitting tab",
        "There is no store yet", "  signals         20, 6.7 a day, on 20 people",
        "  anyway          0 of 20, 0.0%: Order Completed within 30m, with no contact",
        f"  held out        {now['held_out']} by chance", "this split says nothing",
        "requests for the placement hero", "Upper bound: at most 20 more signals", "It would not have fired.",
    ):  # fmt: skip
        assert line in text
    assert max(map(len, text.splitlines())) <= 120


def test_in_words_an_unfinished_history_has_no_rate() -> None:
    text = words(report(plan_of(moment()), event(ASKED, 0), event("Page Seen", MINUTE, "u2"), days=1 / 1440))
    assert "0 of 0: Order Completed" in text and "1 window still open" in text
    assert "shorter than a day" in text
