"""The third machine: what is shared by all. One tally per moment; `*` also holds the pauses. Only it makes boards."""

from __future__ import annotations

from msgspec import structs

from journeyloop.learn.evidence import add, join
from journeyloop.learn.freedom import look
from journeyloop.learn.worth import average, bound, keep
from journeyloop.model.board import CONVERSION, Board, Level, Tally
from journeyloop.model.credits import Count, Credit, Joined, Worth
from journeyloop.model.inputs import Paused


def tune(tally: Tally, message: Count | Credit | Joined | Worth | Paused, board: Board, now: int) -> Board:
    """Change the tally in place; the board as it is now."""
    match message:
        case Count(key=key, by=by):
            tally.counts[key] = tally.counts.get(key, 0) + by
            tally.began = tally.began or now
            return board
        case Credit(moment=moment):
            add(tally.measured(message.measure), message)
            board = look(tally, message, board, now)
            return _posted(board, moment, _compared(board.level(moment), message.measure, tally))
        case Joined():
            join(tally.measured(message.measure), message)
            return board
        case Worth(moment=moment, value=value):
            keep(tally.worths, value)
            worth, most = average(tally.worths), bound(tally.worths)
            return _posted(board, moment, structs.replace(board.level(moment), worth=worth, most=most))
        case Paused(scope=scope, paused=paused):
            if not paused:
                tally.resumed, tally.harmed = now, ""
            scopes = board.paused | {scope} if paused else board.paused - {scope}
            return structs.replace(board, version=board.version + 1, paused=frozenset(scopes))


def level_of(tally: Tally) -> Level:
    """Where the moment of this tally stands."""
    level = Level({}, average(tally.worths), tally.mode, bound(tally.worths))
    for measure in (CONVERSION, *tally.measures):
        if tally.measured(measure).rows:
            level = _compared(level, measure, tally)
    return level


def _compared(level: Level, measure: str, tally: Tally) -> Level:
    """The means of a measure as they are now, and the mode."""
    evidence = tally.measured(measure)
    means = {**level.means, measure: (evidence.treated.mean(), evidence.holdout.mean())}
    return structs.replace(level, means=means, mode=tally.mode)


def _posted(board: Board, moment: str, level: Level) -> Board:
    return structs.replace(board, version=board.version + 1, levels={**board.levels, moment: level})
