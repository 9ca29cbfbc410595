"""A moment gains freedom after two good days and loses it at once on harm; an operator's word holds for a day."""

from __future__ import annotations

import pytest

from journeyloop.learn import tune
from journeyloop.learn.evidence import add
from journeyloop.learn.freedom import RESPITE
from journeyloop.model.board import Board, Tally
from journeyloop.model.credits import Credit
from journeyloop.model.inputs import Paused
from tests.property.rig import DAY, HOUR

SCOPE = "moment:m"
NOW = 20_000 * DAY + HOUR


def proven(treated: float, holdout: float, rows: int = 2_000) -> Tally:
    """A tally whose arms reached the goal at these rates, half of the people each."""
    tally = Tally()
    for number in range(rows):
        is_treated = number % 2 == 0
        goal = (number // 2) % 100 < 100 * (treated if is_treated else holdout)
        y = float(goal)
        psi = 2.0 * y if is_treated else -2.0 * y
        add(tally.evidence, Credit("m", is_treated, goal, psi, 0.0, 0, y=y))
    return tally


def row(tally: Tally, board: Board, now: int, mode: str = "cautious", promote: bool = True, watched: int = 1) -> Board:
    """One more row of no weight."""
    return tune(tally, Credit("m", True, False, 0.0, 0.0, 0, "", 0.0, mode, promote, watched), board, now)


def test_two_good_daily_looks_in_a_row_promote_and_no_sooner() -> None:
    tally, board = proven(0.6, 0.3), Board()
    for hour in range(20):
        board = row(tally, board, NOW + hour * HOUR)
    assert (tally.mode, tally.favourable) == ("", 1)
    board = row(tally, board, NOW + DAY)
    assert (tally.mode, board.level("m").mode) == ("full", "full")


def test_a_bad_day_between_begins_the_count_anew() -> None:
    tally = proven(0.6, 0.3)
    row(tally, Board(), NOW)
    good, tally.evidence = tally.evidence, proven(0.4, 0.4).evidence
    row(tally, Board(), NOW + DAY)
    assert tally.favourable == 0
    tally.evidence = good
    row(tally, Board(), NOW + 2 * DAY)
    assert tally.mode == ""


@pytest.mark.parametrize(("mode", "promote"), [("fixed", True), ("shadow", True), ("cautious", False)])
def test_what_may_not_move_does_not(mode: str, promote: bool) -> None:
    tally, board = proven(0.6, 0.3), Board()
    for day in range(3):
        board = row(tally, board, NOW + day * DAY, mode, promote)
    assert tally.mode == ""


def test_harm_pauses_once_and_an_operator_is_not_contradicted_for_a_day() -> None:
    tally, board = proven(0.2, 0.6), Board()
    board = row(tally, board, NOW, "full")
    assert board.paused == {SCOPE}
    assert (tally.harmed, tally.mode) == ("goal", "cautious")
    version = row(tally, board, NOW + 1, "full").version
    assert version == board.version + 1
    board = tune(tally, Paused(SCOPE, False), board, NOW + 2)
    board = row(tally, board, NOW + 2 + RESPITE - 1, "full")
    assert (board.paused, tally.harmed) == (frozenset(), "")
    board = row(tally, board, NOW + 2 + RESPITE, "full")
    assert (board.paused, tally.harmed) == ({SCOPE}, "goal")


def test_a_moment_that_is_merely_worse_falls_back() -> None:
    """Over many moments the evidence is not enough to pause one, but for its mode it is."""
    tally = proven(0.26, 0.33, 12_000)
    tally.mode = "full"
    board = row(tally, Board(), NOW, "full", watched=10**9)
    assert (board.paused, tally.mode) == (frozenset(), "cautious")


def test_the_mode_moves_once_a_day() -> None:
    tally, board = proven(0.6, 0.3), Board()
    for day in range(2):
        board = row(tally, board, NOW + day * DAY)
    assert tally.mode == "full"
    tally.evidence = proven(0.26, 0.33, 12_000).evidence
    board = row(tally, board, NOW + DAY + HOUR, watched=10**9)
    assert tally.mode == "full"
    row(tally, board, NOW + 2 * DAY, watched=10**9)
    assert tally.mode == "cautious"


def test_many_moments_share_the_error_rate() -> None:
    tally = proven(0.30, 0.36, 8_000)
    assert row(tally, Board(), NOW, watched=1).paused == {SCOPE}
    assert row(proven(0.30, 0.36, 8_000), Board(), NOW, watched=10**6).paused == frozenset()


@pytest.mark.parametrize(("measure", "treated", "holdout", "harmed"), [
    ("value", 0.2, 0.6, "value"), ("guard/Unsubscribed", 0.6, 0.2, "Unsubscribed"), ("value", 0.6, 0.2, ""),
    ("guard/Unsubscribed", 0.2, 0.6, ""), ("versus/other", 0.2, 0.6, ""),
])  # fmt: skip
def test_value_and_guards_pause_too_and_move_no_mode(measure: str, treated: float, holdout: float, harmed: str) -> None:
    tally = Tally(measures={measure: proven(treated, holdout).evidence})
    board = tune(tally, Credit("m", True, False, 0.0, 0.0, 0, measure, mode="cautious", promote=True), Board(), NOW)
    assert (tally.harmed, bool(board.paused)) == (harmed, harmed != "")
    assert (tally.mode, tally.looked_on) == ("", 0)
