"""The third machine: what is shared by all. One tally per moment; `*` also holds the pauses. Only it makes boards."""

from __future__ import annotations

from msgspec import structs

from journeyloop.learn.evidence import add, join
from journeyloop.learn.freedom import look
from journeyloop.learn.worth import average, bound, keep
from journeyloop.model.board import CONVERSION, Board, Level, Tally
from journeyloop.model.breaker import BREAKER, Pulse
from journeyloop.model.budget import begun, priced
from journeyloop.model.credits import Beat, Count, Credit, Joined, Spend, Worth
from journeyloop.model.inputs import Paused

Message = Beat | Count | Credit | Joined | Spend | Worth | Paused


def tune(tally: Tally, message: Message, board: Board, now: int) -> Board:
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
        case Spend():
            return _spent(board, message, now)
        case Beat():
            return _beaten(board, message, now)
        case Paused(scope=scope, paused=paused):
            if not paused:
                tally.resumed, tally.harmed = now, ""
            if scope == BREAKER:
                board = structs.replace(board, pulse=Pulse(), tripped="")
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


def _beaten(board: Board, message: Beat, now: int) -> Board:
    """Too much within a minute pauses everything, until somebody resumes it."""
    pulse = board.pulse.after(message.signals, message.led, message.contacts, now)
    tripped = pulse.excess(message.breaker)
    paused = board.paused | {BREAKER} if tripped else board.paused
    return structs.replace(
        board, version=board.version + 1, pulse=pulse, tripped=tripped or board.tripped, paused=paused
    )


def _spent(board: Board, message: Spend, now: int) -> Board:
    """The price follows the slices that are over; then this is added."""
    budget = message.budget
    spent = begun(budget, board.spent.get(budget.of), now)
    worth = max((level.worth for level in board.levels.values()), default=0.0) or 1.0
    price = priced(budget, spent, board.prices.get(budget.of, 0.0), worth, now)
    spent = spent.after(budget, message.promised, message.paid, message.until, now)
    return structs.replace(
        board,
        version=board.version + 1,
        prices={**board.prices, budget.of: price},
        spent={**board.spent, budget.of: spent},
    )
