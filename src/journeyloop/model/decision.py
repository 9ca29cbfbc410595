"""What was decided, about whom, why, and what became of it.

`Decision` is written once and holds everything needed to compute it again. `Delivery` is its moving part, kept in the
customer until it ends; `Row` waits there for the window of one moment to close.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

ENDED: frozenset[str] = frozenset({"silent", "shadow", "sent", "suppressed", "expired", "failed", "unknown"})


class Verdict(Struct, array_like=True, gc=False):
    """One candidate of one moment. `verdict`: `eligible` or the reason it is not; `clauses`: truths of its `where`."""

    moment: str
    action: str
    channel: str
    verdict: str
    propensity: float = 0.0
    clauses: list[str] = []


class SignalRow(Struct, array_like=True, gc=False):
    """One moment taking part in a decision: its arm, mode, the time its signal was raised, and how sure we were of the
    signal with what spoke against it."""

    moment: str
    signal_at: int
    arm: str
    mode: str
    explore: float
    closes: int
    confidence: float = 1.0
    doubts: list[str] = []


class Decision(Struct, array_like=True, gc=False):
    """An immutable record. `chosen` is (moment, action) or None for silence, then `reason` says why.

    `draw` is the keyed hash of the effect id as a number in [0, 1): with the verdicts and rows it repeats the choice.
    `state` is only ever the state at the time of writing; the delivery's later states are in the outcome record.
    """

    id: bytes
    person: bytes
    cause: bytes
    at: int
    plan: str
    board: int
    rows: list[SignalRow]
    candidates: list[Verdict]
    draw: float
    chosen: tuple[str, str] | None
    reason: str
    state: str
    expires: int
    features: dict[str, Any] = {}


class Delivery(Struct, array_like=True, gc=False):
    """The life of one message. Its id is its decision's id, which is also the channel's idempotency key."""

    decision: bytes
    moment: str
    action: str
    topic: str
    channel: str
    state: str
    expires: int
    decided: int
    reason: str = ""
    shown: int = 0
    clicked: int = 0
    dismissed: int = 0
    ended: int = 0
    recalled: str = ""
    intended: int = 0


class Row(Struct, array_like=True, gc=False):
    """One moment of one decision, waiting for its window to close. `action` is None for silence; `share` is the
    probability of being treated and the means are the arms' goal rates, all as they were at the signal. `exposed`: when
    the place this decision was for was first seen, whatever was decided (0: not that we know)."""

    decision: bytes
    moment: str
    action: str | None
    arm: str
    opened: int
    closes: int
    goal_at: int = 0
    goal_value: float = 0.0
    share: float = 1.0
    mean_treated: float = 0.0
    mean_holdout: float = 0.0
    exposed: int = 0
