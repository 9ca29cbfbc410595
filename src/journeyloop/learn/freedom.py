"""How much a moment may do by itself: its mode goes up when it is proven to help and down when it is not; a moment that
harms is paused.

`cautious` becomes `full` after the lower bound of the confidence sequence was above 0 at two daily looks in a row; it
falls back when the upper bound is below 0, or harm pauses it. At most one change a day.
"""

from __future__ import annotations

from msgspec import structs

from journeyloop.learn.evidence import uplift
from journeyloop.learn.harm import harm_in
from journeyloop.model.board import CONVERSION, Board, Tally
from journeyloop.model.credits import Credit
from journeyloop.model.moment import DAY, MOVING

LOOKS = 2
RESPITE = DAY
"""An operator who ends a pause is not contradicted for so long (ms)."""


def look(tally: Tally, credit: Credit, board: Board, now: int) -> Board:
    """After each credit: pause at once on harm; move the mode at the first credit on the goal of a day."""
    scope = f"moment:{credit.moment}"
    free = scope not in board.paused and now >= tally.resumed + RESPITE
    if free and (harmed := harm_in(credit.measure, tally.measured(credit.measure), credit.watched)):
        board = structs.replace(board, version=board.version + 1, paused=board.paused | {scope})
        tally.harmed, tally.moved_on = harmed, 0  # harm does not wait for another day
        _move(tally, credit, "cautious", now)
    if credit.measure == CONVERSION:
        _daily(tally, credit, now)
    return board


def _daily(tally: Tally, credit: Credit, now: int) -> None:
    day = now // DAY
    found = uplift(tally.evidence)
    if day == tally.looked_on or found is None or not credit.promote or credit.mode not in MOVING:
        return
    tally.looked_on = day
    tally.favourable = tally.favourable + 1 if found.enough and found.low > 0.0 else 0
    if found.enough and found.high < 0.0:
        _move(tally, credit, "cautious", now)
    elif tally.favourable >= LOOKS:
        _move(tally, credit, "full", now)


def _move(tally: Tally, credit: Credit, mode: str, now: int) -> None:
    day = now // DAY
    if credit.mode not in MOVING or (tally.mode or credit.mode) == mode or tally.moved_on == day:
        return
    tally.mode, tally.moved_on = mode, day
