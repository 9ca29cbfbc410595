"""Everything a turn may know beside its state and its input: the arguments that stand for clock, chance and memory."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from journeyloop.model.arm import Arms
from journeyloop.model.board import Board
from journeyloop.model.breaker import BREAKER
from journeyloop.model.budget import Budget, left
from journeyloop.model.credits import Beat, Count, Spend
from journeyloop.model.effects import Effect, Note
from journeyloop.model.identifier import Identifier
from journeyloop.model.inputs import Message, To
from journeyloop.model.plan import Plan

EVERYBODY = "*"
"""The key of what is shared by all moments."""

TYPES = frozenset({"user_id", "anonymous_id", "email", "phone", "device_id"})


class Frame(Struct, gc=False):
    """`now` in ms; `epoch` counts server starts, `epoch_started` its time; `secret` keys every hash.

    `out` collects messages and effects in order. `tally` counts clause verdicts per (moment, clause index, truth): an
    observation for /metrics, never read by the kernel, as is `refused`, which counts identifiers that were not taken by
    (type, reason). `duplicate` says that the input had been folded before, `past` that it tells of a time before we
    came: whatever it brings about, even by a merge, is no signal. `arms` is the board's other half: what has been
    learned, by moment; only `tune` changes it, between turns. `rooms` is what the board leaves of each budget, and
    `reserved` what this very input has promised of it, which the board does not know yet.
    """

    now: int
    plan: Plan
    board: Board
    secret: bytes
    epoch: int
    epoch_started: int
    out: list[Any] = field(default_factory=list)
    tally: dict[tuple[str, int, str], int] = field(default_factory=dict)
    refused: dict[tuple[str, str], int] = field(default_factory=dict)
    duplicate: bool = False
    past: bool = False
    arms: dict[str, Arms] = field(default_factory=dict)
    reserved: dict[str, int] = field(default_factory=dict)
    rooms: dict[str, int] = field(default_factory=dict)

    def emit(self, effect: Effect) -> None:
        self.out.append(effect)

    def last(self, message: Message) -> bool:
        """Whether nothing is on its way behind this message: what came before it has been answered to the end."""
        for one in reversed(self.out):
            if type(one) is To:
                return one.message is message
        return False

    def identify(self, identifier: Identifier, message: Message) -> None:
        self.out.append(To("identify", identifier, message))

    def advance(self, person: bytes, message: Message) -> None:
        self.out.append(To("advance", person, message))

    def count(self, moment: str, key: str, by: int = 1) -> None:
        self.out.append(To("tune", moment, Count(moment, key, by)))

    def refuse(self, type_: str, reason: str) -> None:
        """An identifier was not taken. Types are the sender's words: beyond a few they count as `other`."""
        key = (type_ if type_ in TYPES else "other", reason)
        self.refused[key] = self.refused.get(key, 0) + 1

    def tune(self, moment: str, message: Message) -> None:
        self.out.append(To("tune", moment, message))

    def spend(self, budget: Budget, promised: int = 0, paid: int = 0, until: int = 0) -> None:
        """Promise, release or pay; nothing, to let the price follow the time."""
        self.reserved[budget.of] = self.reserved.get(budget.of, 0) + max(0, promised)
        self.out.append(To("tune", EVERYBODY, Spend(budget, promised, paid, until)))

    def beat(self, signals: int = 0, led: int = 0, contacts: int = 0) -> None:
        """Tell the breaker, if there is one and it still holds."""
        breaker = self.plan.policy.breaker
        if breaker is not None and BREAKER not in self.board.paused:
            self.out.append(To("tune", EVERYBODY, Beat(breaker, signals, led, contacts)))

    def left(self, budget: Budget) -> int:
        """What may still be promised. The board is summed up once, not for each candidate."""
        if budget.of not in self.rooms:
            self.rooms[budget.of] = left(budget, self.board.spent.get(budget.of), self.now)
        return self.rooms[budget.of] - self.reserved.get(budget.of, 0)

    def note(self, kind: str, person: bytes, moment: str, text: str, reason: str = "") -> None:
        self.out.append(Note(kind, person, moment, text, reason))
