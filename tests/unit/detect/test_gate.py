"""The noise gate and presence: dwell, tabs, reconnects, bots, so many per session."""

from __future__ import annotations

import pytest

from journeyloop.model.inputs import Seen, TabClosed, TabOpened
from tests.property.rig import HOUR, MINUTE, SECOND, Rig, T, moment, plan_of

WAITS = "{event: Asked For, absent: [Order Completed], for: 1m, present: %s}"


def rig_with(**changes: str) -> Rig:
    return Rig(plan_of(moment(**changes)))


def opened(rig: Rig) -> None:
    rig.apply(TabOpened(("anonymous_id", "a1"), rig.memory.singles.epoch))


def closed(rig: Rig) -> None:
    rig.apply(TabClosed(("anonymous_id", "a1"), rig.memory.singles.epoch, rig.now))


def gates(rig: Rig) -> list[str]:
    return [key.removeprefix("gated: ") for key in rig.counts("now") if key.startswith("gated: ")]


# --- dwell ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gap", [0, 1, 10 * SECOND])
def test_dwell_is_presence_since_it_was_armed(gap: int) -> None:
    """Who was away for a while is given as long to show it."""
    rig = rig_with(confirm="{dwell: 20s}")
    opened(rig)
    rig.pass_time(HOUR)
    rig.track("Asked For")
    rig.pass_time(5 * SECOND)
    if gap:
        closed(rig)
        rig.pass_time(gap)
        opened(rig)
    rig.pass_time(15 * SECOND - 1)
    assert rig.made == []
    rig.pass_time(1)
    assert len(rig.made) == 1


@pytest.mark.parametrize("late", [5, 300, 10 * SECOND])
def test_an_event_that_arrives_late_costs_no_dwell(late: int) -> None:
    """Presence counts from the arrival only, the wait from the event."""
    rig = rig_with(confirm="{dwell: 20s}")
    opened(rig)
    rig.track("Asked For", ago=late)
    rig.pass_time(20 * SECOND)
    assert len(rig.made) == 1


def test_who_leaves_before_the_dwell_is_over_is_noise() -> None:
    rig = rig_with(confirm="{dwell: 20s}")
    opened(rig)
    rig.track("Asked For")
    rig.pass_time(15 * SECOND)
    closed(rig)
    rig.pass_time(MINUTE)
    assert gates(rig) == ["dwell"]
    assert rig.decisions() == []


def test_dwell_without_loop_js_is_unknown_and_does_not_fire() -> None:
    rig = rig_with(confirm="{dwell: 20s}")
    rig.track("Asked For")
    rig.pass_time(MINUTE)
    assert gates(rig) == ["presence_unknown"]


@pytest.mark.parametrize("away", [SECOND, 12 * SECOND])
def test_after_a_restart_dwell_is_shown_anew(away: int) -> None:
    rig = rig_with(confirm="{dwell: 20s}")
    opened(rig)
    rig.track("Asked For")
    rig.pass_time(15 * SECOND)
    rig.restart()
    rig.pass_time(away)
    opened(rig)
    back = rig.now
    rig.pass_time(MINUTE)
    assert [one.at for one in rig.decisions()] == [back + 20 * SECOND]


def test_after_a_restart_a_tab_that_never_comes_back_is_gated() -> None:
    rig = rig_with(confirm="{dwell: 20s}")
    opened(rig)
    rig.track("Asked For")
    rig.restart()
    rig.pass_time(MINUTE)
    assert gates(rig) == ["dwell"]


# --- present ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asks", "seen", "reason"),
    [
        ("true", Seen("/anything", False, 0), None),
        ('{page: "/checkout*"}', Seen("/checkout/pay", False, 0), None),
        ('{page: "/checkout*"}', Seen("/cart", True, 0), "other_page"),
        ("{visible: true}", Seen("/", True, 0), None),
        ("{visible: true}", Seen("/", False, 0), "tab_hidden"),
        ("{idle: 30s}", Seen("/", True, 30_000), None),
        ("{idle: 30s}", Seen("/", True, 29_999), "not_idle"),
        ("true", None, "tab_closed"),
    ],
)
def test_what_the_tab_must_show(asks: str, seen: Seen | None, reason: str | None) -> None:
    """What can still come true is waited for until the signal would be stale; then it is gated with its reason."""
    rig = rig_with(detect=WAITS % asks)
    opened(rig)
    rig.track("Asked For")
    rig.seen = seen
    rig.pass_time(MINUTE)
    assert len(rig.decisions()) == (reason is None)
    if reason is not None:
        assert (rig.find().sealed.looks["now"].outcome, rig.find().sealed.looks["now"].reason) == ("armed", reason)
        rig.pass_time(HOUR)
        assert gates(rig) == [reason]
        assert rig.decisions() == []


def test_it_fires_as_soon_as_the_tab_is_in_front_again() -> None:
    rig = rig_with(detect=WAITS % "{visible: true}")
    opened(rig)
    rig.track("Asked For")
    rig.seen = Seen("/", False, 0)
    rig.pass_time(2 * MINUTE)
    rig.seen = Seen("/", True, 0)
    rig.pass_time(5 * SECOND)
    assert len(rig.decisions()) == 1


def test_no_tab_is_final() -> None:
    rig = rig_with(detect=WAITS % "true")
    opened(rig)
    rig.track("Asked For")
    closed(rig)
    rig.pass_time(MINUTE)
    assert gates(rig) == ["tab_closed"]


def test_without_loop_js_presence_is_unknown() -> None:
    rig = rig_with(detect=WAITS % "true")
    rig.seen = None
    rig.track("Asked For")
    rig.pass_time(MINUTE)
    assert gates(rig) == ["presence_unknown"]


# --- after a restart --------------------------------------------------------------------------------------------------


def restarted(down: int = 65 * SECOND) -> Rig:
    rig = rig_with(detect=WAITS % "true")
    opened(rig)
    rig.track("Asked For")
    rig.seen = None
    rig.sleep(down)
    assert rig.decisions() == []
    return rig


def test_a_restart_waits_fifteen_seconds_for_the_tab() -> None:
    rig = restarted()
    rig.pass_time(15 * SECOND - 1)
    assert gates(rig) == []
    rig.pass_time(1)
    assert gates(rig) == ["tab_closed"]


def test_a_tab_that_reconnects_is_looked_at_at_once() -> None:
    rig = restarted()
    rig.pass_time(4 * SECOND)
    rig.seen = Seen("/", True, 0)
    opened(rig)
    assert [one.at for one in rig.decisions()] == [rig.now]
    assert rig.delivery().state == "intent"


def test_a_tab_of_an_earlier_epoch_cannot_close_this_one() -> None:
    rig = rig_with()
    opened(rig)
    rig.restart()
    opened(rig)
    rig.apply(TabClosed(("anonymous_id", "a1"), 1, rig.now))
    assert rig.find().header.presence.open(rig.memory.singles.epoch)


# --- bots and repetition ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agent", "bots", "fires"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1)", "ignore", False),
        ("curl/8.0", "ignore", False),
        ("curl/8.0", "allow", True),
        ("Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/120.0", "ignore", True),
        ("Mozilla/5.0 (Macintosh)", "ignore", True),
    ],
)
def test_bots(agent: str, bots: str, fires: bool) -> None:
    rig = rig_with(confirm=f"{{bots: {bots}}}")
    rig.track("Asked For", context={"userAgent": agent})
    assert len(rig.decisions()) == fires
    assert gates(rig) == ([] if fires else ["bot"])


def test_so_many_signals_in_one_session() -> None:
    rig = rig_with(confirm="{at_most: 2 per session}")
    for _ in range(4):
        rig.track("Asked For")
        rig.pass_time(10 * MINUTE)
    assert rig.counts("now")["signals"] == 2
    assert rig.counts("now")["gated: at_most"] == 2
    rig.pass_time(31 * MINUTE)
    rig.track("Asked For")
    assert rig.counts("now")["signals"] == 3


def test_before_its_validity_a_moment_does_not_fire() -> None:
    tomorrow = "from: 2023-11-16\n"
    rig = Rig(plan_of(moment(body=tomorrow)))
    assert rig.now == T
    rig.track("Asked For")
    assert rig.find().sealed.looks["now"].reason == "not yet valid"
    rig.now += 48 * HOUR
    rig.track("Asked For")
    assert len(rig.decisions()) == 1


@pytest.mark.parametrize(("ago", "fires"), [(5 * MINUTE, True), (5 * MINUTE + 1, False)])
def test_an_immediate_signal_older_than_its_expiry_is_late(ago: int, fires: bool) -> None:
    rig = rig_with()
    rig.track("Asked For", ago=ago)
    assert len(rig.decisions()) == fires
    assert rig.counts("now").get("late", 0) == (not fires)
