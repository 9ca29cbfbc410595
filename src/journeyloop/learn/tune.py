"""The third machine: what is shared by all. One tally per moment; `*` also holds the pauses. Only it makes boards."""

from __future__ import annotations

from journeyloop.learn.evidence import add, join
from journeyloop.model.board import Board, Tally
from journeyloop.model.inputs import Count, Credit, Joined, Paused


def tune(tally: Tally, message: Count | Credit | Joined | Paused, board: Board) -> Board:
    """Change the tally in place; the board as it is now."""
    match message:
        case Count(key=key, by=by):
            tally.counts[key] = tally.counts.get(key, 0) + by
            return board
        case Credit(moment=moment):
            add(tally.evidence, message)
            means = {**board.means, moment: (tally.evidence.treated.mean(), tally.evidence.holdout.mean())}
            return Board(board.version + 1, board.paused, means)
        case Joined():
            join(tally.evidence, message)
            return board
        case Paused(scope=scope, paused=paused):
            scopes = board.paused | {scope} if paused else board.paused - {scope}
            return Board(board.version + 1, frozenset(scopes), board.means)
