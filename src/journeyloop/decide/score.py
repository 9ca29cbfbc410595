"""What the arms expect of each candidate for this person: filled into verdicts and rows, where a replay finds it."""

from __future__ import annotations

from collections.abc import Mapping

from journeyloop.model.arm import Vector, sigmoid
from journeyloop.model.board import CONVERSION, Level
from journeyloop.model.customer import Customer
from journeyloop.model.decision import SignalRow, Verdict
from journeyloop.model.feature import packed, vector
from journeyloop.model.frame import Frame
from journeyloop.model.moment import Action, Moment
from journeyloop.model.profile import scene
from journeyloop.model.ranking import Option
from journeyloop.model.signal import Signal


def features(customer: Customer, signal: Signal, frame: Frame) -> Vector:
    """x of this person at this signal."""
    learning = signal.moment.learning
    values = scene(learning.reader, signal.event, customer, frame).values
    return vector(learning.features, {**values, "signal": {"confidence": signal.confidence}}, frame.now)


def score(row: SignalRow, verdicts: list[Verdict], moment: Moment, x: Vector, frame: Frame) -> None:
    """What is known of the moment, if anything yet."""
    row.x = packed(x)
    level = frame.board.level(moment.name)
    row.worth, row.mode = level.worth or 1.0, moment.mode_now(level.mode)
    row.moved = row.mode != moment.mode
    arms = frame.arms.get(moment.name)
    if arms is None or arms.meaning != moment.learning.meaning or not arms.born:
        row.forecast = level.means.get(CONVERSION, (0.0, 0.0))
        return
    silence, *beliefs = arms.beliefs([action.name for action in moment.actions], x)
    row.learned, row.silence, row.silence_sd = True, *silence
    row.forecast = _forecast(sigmoid(row.silence), level)
    prices = _prices(frame)
    for verdict, action, belief in zip(verdicts, moment.actions, beliefs, strict=True):
        verdict.mean, verdict.sd = belief
        price(row, verdict, action, prices)


def _prices(frame: Frame) -> dict[str, float]:
    """The price of a budget goes with it: one that the plan has no more is not adjusted again."""
    return {one.of: frame.board.prices.get(one.of, 0.0) for one in frame.plan.policy.budgets}


def price(row: SignalRow, verdict: Verdict, action: Action, prices: Mapping[str, float]) -> None:
    """What a candidate earns and costs, at these prices of budgets, and so what it adds."""
    verdict.value = worth(row, action) - action.gives * (1 + prices.get("gives", 0))
    verdict.cost = action.cost * (1 + prices.get("cost", 0)) + prices.get("contacts", 0.0)
    verdict.weight = action.weight
    verdict.increment = option(row, verdict).increment


def worth(row: SignalRow, action: Action) -> float:
    """What the goal is worth with this action, before its gifts."""
    return row.worth if action.value is None else action.value


def option(row: SignalRow, verdict: Verdict, base: int = 0) -> Option:
    """A candidate as it is ranked."""
    return Option(
        verdict.mean, verdict.sd, row.silence, row.silence_sd, verdict.value, row.worth, verdict.cost, verdict.weight,
        row.mode, base,
    )  # fmt: skip


def _forecast(silent: float, level: Level) -> tuple[float, float]:
    """Silence's own forecast, moved by the difference so far. It must not depend on this person's arm."""
    treated, held_out = level.means.get(CONVERSION, (0.0, 0.0))
    return min(1.0, max(0.0, silent + treated - held_out)), silent
