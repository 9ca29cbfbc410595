"""Which sources are too slow for a moment: its patience with its events, and the sentence that names the source."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from journeyloop.model.moment import Confirm, Match, Moment
from journeyloop.runtime.lag import Histogram, Lags, bucket_of
from journeyloop.runtime.late import ENOUGH, Patience, Role, late_problems, late_sources, patience, status
from tests.property.rig import HOUR, MINUTE, SECOND, Rig, moment, plan_of, shop

PYTHON = "server: analytics-python"
HELP, STALL = shop().moments["help"], shop().moments["stall"]


def seen(*lags: int) -> Histogram:
    made = Histogram()
    for lag in lags:
        made.add(bucket_of(lag), 0)
    return made


def lags(event: str, *of: int, source: str = PYTHON) -> Lags:
    return Lags({}, {event: {source: seen(*of)}})


def said(of: Moment, known: Lags) -> list[str]:
    return [str(late) for late in late_sources(of, known)]


# --- patience -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (HELP, [("Payment Failed", "arms", 5 * MINUTE)]),
        (
            STALL,
            [
                ("Checkout Step Viewed", "arms", 8 * MINUTE),
                ("Order Completed", "ends", 3 * MINUTE),
                ("Live Chat Started", "ends", 3 * MINUTE),
            ],
        ),
        (
            replace(HELP, confirm=Confirm(dwell=20 * SECOND), cancel_on=(Match("Order Completed"),)),
            [("Payment Failed", "arms", 5 * MINUTE + 20 * SECOND), ("Order Completed", "ends", 20 * SECOND)],
        ),
        (
            replace(HELP, cancel_on=(Match("Order Completed"),)),
            [("Payment Failed", "arms", 5 * MINUTE), ("Order Completed", "ends", 5 * MINUTE)],
        ),
        (
            replace(HELP, detect=replace(HELP.detect, inactive=30 * MINUTE)),
            [("Payment Failed", "arms", 35 * MINUTE)],
        ),
        (
            replace(HELP, detect=replace(HELP.detect, event=None, steps=(Match("A"), Match("B"), Match("A")))),
            [("A", "arms", 5 * MINUTE), ("B", "arms", 5 * MINUTE)],
        ),
        (replace(HELP, detect=replace(HELP.detect, event=None, ask="hero")), []),
    ],
)
def test_how_late_an_event_may_come(of: Moment, expected: list[tuple[str, Role, int]]) -> None:
    goal = ("Order Completed", "goal", 30 * MINUTE)
    assert patience(of) == [Patience(*one) for one in (*expected, goal)]


@pytest.mark.parametrize(("beyond", "count"), [(0, "signals"), (1, "late")])
def test_the_window_of_an_event_is_the_kernels(beyond: int, count: str) -> None:
    rig = Rig(plan_of(moment("now")))
    [window] = [one for one in patience(rig.plan.moments["now"]) if one.role == "arms"]
    rig.track(window.event, ago=window.longest + beyond)
    assert rig.counts("now").get(count) == 1


@pytest.mark.parametrize(("beyond", "count"), [(0, "armed"), (1, "late")])
def test_the_window_of_an_absence_is_the_kernels(beyond: int, count: str) -> None:
    rig = Rig(shop())
    [window] = [one for one in patience(STALL) if one.role == "arms"]
    rig.track(window.event, ago=window.longest + beyond)
    assert rig.counts("stall").get(count) == 1


@pytest.mark.parametrize(("beyond", "signals"), [(-1, 0), (0, 1)])
def test_beyond_its_window_an_order_stops_nothing(beyond: int, signals: int) -> None:
    """It was placed as the checkout was left."""
    rig = Rig(shop())
    rig.track("Checkout Step Viewed")
    [window] = [one for one in patience(STALL) if (one.event, one.role) == ("Order Completed", "ends")]
    rig.pass_time(window.longest + beyond)
    rig.track("Order Completed", ago=window.longest + beyond)
    rig.pass_time(MINUTE)
    assert rig.counts("stall").get("signals", 0) == signals


# --- judging --------------------------------------------------------------------------------------------------------


def test_a_source_that_is_usually_late_cannot_be_on_time() -> None:
    [sentence] = said(HELP, lags("Payment Failed", *[6 * HOUR] * ENOUGH))
    assert sentence.startswith(f"cannot be on time: Payment Failed from {PYTHON} takes ")
    assert sentence.endswith("h (p50), the moment waits 5m")


def test_one_that_is_late_now_and_then_is_often_late() -> None:
    mixed = [SECOND] * 90 + [6 * HOUR] * 10
    [sentence] = said(HELP, lags("Payment Failed", *mixed))
    assert sentence.startswith("often late: ") and "(p95)" in sentence
    assert said(HELP, lags("Payment Failed", *([SECOND] * 98 + [6 * HOUR] * 2))) == []


def test_an_order_that_comes_too_late_to_stop_is_named() -> None:
    [late] = late_sources(STALL, lags("Order Completed", *[5 * MINUTE] * ENOUGH))
    assert str(late).startswith(f"cannot be stopped in time: Order Completed from {PYTHON} takes ")
    assert str(late).endswith("the moment waits 3m")
    assert said(STALL, lags("Checkout Step Viewed", *[5 * MINUTE] * ENOUGH)) == []


def test_a_goal_that_comes_after_its_window_is_named() -> None:
    assert said(HELP, lags("Order Completed", *[20 * MINUTE] * ENOUGH)) == []
    [sentence] = said(HELP, lags("Order Completed", *[6 * HOUR] * ENOUGH))
    assert sentence.startswith(f"cannot be measured: Order Completed from {PYTHON} takes ")
    assert sentence.endswith("the moment waits 30m")


@pytest.mark.parametrize(("beyond", "converted"), [(-1, 1), (0, 0)])
def test_the_window_of_a_goal_is_the_kernels(beyond: int, converted: int) -> None:
    """It was reached as the signal came."""
    rig = Rig(plan_of(moment("now")))
    rig.track("Asked For")
    [window] = [one for one in patience(rig.plan.moments["now"]) if one.role == "goal"]
    rig.pass_time(window.longest + beyond)
    rig.track(window.event, ago=window.longest + beyond)
    rig.pass_time(MINUTE)
    assert rig.counts("now").get("converted: treated", 0) == converted


def test_too_few_events_say_nothing() -> None:
    assert said(HELP, lags("Payment Failed", *[6 * HOUR] * (ENOUGH - 1))) == []
    assert said(HELP, lags("Product Viewed", *[6 * HOUR] * ENOUGH)) == []


def test_the_status_names_the_worst_first() -> None:
    mixed = Lags(
        {},
        {
            "Checkout Step Viewed": {"browser": seen(*[SECOND] * 90, *[6 * HOUR] * 10)},
            "Order Completed": {PYTHON: seen(*[10 * MINUTE] * ENOUGH)},
        },
    )
    told = status(late_sources(STALL, mixed))
    assert told["status"] == "cannot be stopped in time"
    assert [one["quantile"] for one in told["late_sources"]] == ["p50", "p95"]
    assert status([]) == {"status": "ok", "late_sources": []}


def test_check_names_file_and_line() -> None:
    places = {"help": ("moments/help.yaml", 3), "stall": ("moments/stall.yaml", 4)}
    [problem] = late_problems(shop(), places, lags("Payment Failed", *[6 * HOUR] * ENOUGH))
    assert str(problem).startswith("moments/help.yaml:3: warning: cannot be on time: Payment Failed from ")
