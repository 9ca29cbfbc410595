"""What was decided, about whom, why, and what became of it.

`Decision` is written once and holds everything needed to compute it again. `Delivery` is its moving part, kept in the
customer until it ends; `Row` waits there for the window of one moment to close.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

ENDED: frozenset[str] = frozenset({"silent", "shadow", "sent", "suppressed", "expired", "failed", "unknown"})

ELIGIBLE = "eligible"

REACHED = frozenset({"intent", "sent", "unknown"})
"""The states in which a message may have arrived."""


class Verdict(Struct, array_like=True, gc=False):
    """One candidate of one moment. `verdict`: `eligible` or the reason it is not; `clauses`: truths of its `where`.

    `mean` and `sd` are the log-odds of the goal with it, `value` what the goal is then worth (`gives` taken off),
    `cost` what a send costs (with the price of budgets); `increment` what it adds over silence; 0 where not learned.
    `versus` is its comparator.
    """

    moment: str
    action: str
    channel: str
    verdict: str
    propensity: float = 0.0
    clauses: list[str] = []
    mean: float = 0.0
    sd: float = 0.0
    value: float = 0.0
    cost: float = 0.0
    weight: float = 1.0
    increment: float = 0.0
    versus: str = ""


def kind_of(verdict: str) -> str:
    """A verdict without what differs from person to person: what is counted.

    >>> kind_of("quiet_hours: until 08:00 Europe/Berlin"), kind_of("hold: cart until 2026-07-01T12:00Z"), kind_of("off")
    ('quiet_hours', 'hold: cart', 'off')
    """
    return verdict.partition(" until ")[0].removesuffix(":")


class SignalRow(Struct, array_like=True, gc=False):
    """One moment taking part in a decision: its arm, mode, the time its signal was raised, and how sure we were of the
    signal with what spoke against it.

    `x` are the features (packed float32). `learned`: its arms are born, and `silence`, `silence_sd` are the log-odds of
    the goal without contact; the goal is then `worth` so much. `forecast` are the goal rates (treated, held out)
    expected of such a person, by what was known before. `moved`: the evidence has moved the mode from what is written.
    """

    moment: str
    signal_at: int
    arm: str
    mode: str
    explore: float
    closes: int
    confidence: float = 1.0
    doubts: list[str] = []
    x: bytes = b""
    learned: bool = False
    silence: float = 0.0
    silence_sd: float = 0.0
    worth: float = 1.0
    forecast: tuple[float, float] = (0.0, 0.0)
    moved: bool = False


class Decision(Struct, array_like=True, gc=False):
    """An immutable record. `chosen` is (moment, action) or None for silence, then `reason` says why.

    `draw` is the keyed hash of the effect id as a number in [0, 1): with the verdicts and rows it repeats the choice.
    `versus` is the action that was ranked first where its comparator was sent in its place, or the comparator where it
    was not: a coin decides.
    `not_before` is when its message may leave (ms, 0: at once).
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
    versus: str = ""
    not_before: int = 0


class Delivery(Struct, array_like=True, gc=False):
    """The life of one message. Its id is its decision's id, which is also the channel's idempotency key. `promised` is
    what it holds of each budget (millionths), and until when at the latest.

    `attempts` are the times it was handed to its channel and came back; `coupon` is the code it holds; `recalled_at` is
    when something made it wrong (ms). `doubt`: an attempt may have arrived that its channel would know again; the next
    may begin at `again_at` (ms).
    """

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
    not_before: int = 0
    promised: dict[str, tuple[int, int]] = {}
    attempts: int = 0
    coupon: str = ""
    recalled_at: int = 0
    doubt: bool = False
    again_at: int = 0


class Row(Struct, array_like=True, gc=False):
    """One moment of one decision, waiting for its window to close. `action` is None for silence; `share` is the
    probability of being treated and the means are the expected goal rates, all as they were at the signal.

    `x` are the features; `contacted`: somebody was to be contacted by this decision, by whatever moment. `exposed` is
    when they saw the place (0: not). `value_means` are the expected values per signal, `guards` when each guard goal
    happened (0: not) and `guard_means` what was expected of each; `revoked` when the goal was taken back, and
    `settled`: all but the value is counted already, with this `outcome`; the value waits until there can be no refund
    any more. `judged` is the moment's as it was at the signal. `versus`: a coin was thrown for this action, which
    `action` is if it fell for it; `versus_means` were the goal rates expected of it and of its comparator.
    """

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
    x: bytes = b""
    contacted: bool = False
    exposed: int = 0
    value_means: tuple[float, float] = (0.0, 0.0)
    guards: list[int] = []
    guard_means: list[tuple[float, float]] = []
    revoked: int = 0
    settled: bool = False
    versus: str = ""
    judged: str = ""
    outcome: str = ""
    versus_means: tuple[float, float] = (0.0, 0.0)
