"""Everything a turn may know beside its state and its input: the arguments that stand for clock, chance and memory."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from journeyloop.model.board import Board
from journeyloop.model.plan import Plan


class Frame(Struct, gc=False):
    """`now` in ms; `epoch` counts server starts, `epoch_started` its time; `secret` keys every hash.

    `out` collects messages and effects in order. `tally` counts clause verdicts per (moment, clause index, truth): an
    observation for /metrics, never read by the kernel.
    """

    now: int
    plan: Plan
    board: Board
    secret: bytes
    epoch: int
    epoch_started: int
    out: list[Any] = field(default_factory=list)
    tally: dict[tuple[str, int, str], int] = field(default_factory=dict)
