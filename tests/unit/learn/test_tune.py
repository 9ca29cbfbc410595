"""The board is made anew by each message that changes it, and says of a moment what its tally says."""

from __future__ import annotations

from journeyloop.learn import level_of, tune
from journeyloop.model.board import NOWHERE, Board, Tally
from journeyloop.model.credits import Count, Credit, Joined, Worth
from journeyloop.model.inputs import Paused


def test_counts_leave_the_board_alone() -> None:
    tally, board = Tally(), Board()
    for _ in range(2):
        assert tune(tally, Count("m", "signals", 2), board, 0) is board
    assert (tally.counts, level_of(tally)) == ({"signals": 4}, NOWHERE)


def test_each_measure_has_its_own_evidence_and_the_board_its_means() -> None:
    tally, board = Tally(), Board()
    board = tune(tally, Credit("m", True, True, 1.0, 0.0, 0, "", 1.0), board, 0)
    board = tune(tally, Credit("m", True, True, 8.0, 0.0, 0, "value", 8.0), board, 0)
    board = tune(tally, Credit("m", True, False, 0.0, 8.0, 1, "value", -4.0), board, 0)
    board = tune(tally, Credit("m", False, True, -1.0, 0.0, 0, "guard/Unsubscribed", 1.0), board, 0)
    assert board.level("m").means == {"": (1.0, 0.0), "value": (2.0, 0.0), "guard/Unsubscribed": (0.0, 1.0)}
    assert (board.version, tally.evidence.rows, tally.measures["value"].rows) == (4, 1, 2)
    assert board.level("m") == level_of(tally)
    assert board.level("another") is NOWHERE


def test_amounts_that_cancel_out_are_not_taken_for_goals() -> None:
    """A total of nothing over two goals is a mean of nothing, not of one."""
    tally = Tally()
    for y in (5.0, -5.0):
        tune(tally, Credit("m", True, True, 0.0, 0.0, 0, "value", y), Board(), 0)
    assert level_of(tally).means["value"] == (0.0, 0.0)


def test_what_a_goal_is_worth_is_on_the_board() -> None:
    tally, board = Tally(), Board()
    for value in [10.0] * 19 + [30.0]:
        board = tune(tally, Worth("m", value), board, 0)
    assert (board.level("m").worth, board.level("m").most) == (11.0, 200.0)


def test_a_merge_joins_the_clusters_of_its_measure_only() -> None:
    tally, board = Tally(), Board()
    assert tune(tally, Joined("m", 1.0, 2, 3.0, 4, "value"), board, 0) is board
    assert (tally.evidence.squares, tally.measures["value"].squares) == (0.0, 6.0)


def test_an_operators_pause_and_its_end() -> None:
    tally, board = Tally(), Board(levels={"m": NOWHERE})
    board = tune(tally, Paused("moment:m", True), board, 5)
    assert (board.paused, tally.resumed, board.levels) == ({"moment:m"}, 0, {"m": NOWHERE})
    board = tune(tally, Paused("moment:m", False), board, 7)
    assert (board.paused, tally.resumed, board.version) == (frozenset(), 7, 2)
