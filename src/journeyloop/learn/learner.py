"""A learner without a server, for research: contexts in, choices out, outcomes when they are known.

It is made of what the server is made of: the arms, the ranking and the lessons. What the server adds is left to the
caller: who may be contacted (`eligible`), a holdout (`observe_silence`), and to resolve a choice at the close of its
window, not earlier for a success than for a failure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike

from journeyloop.learn.lesson import learn
from journeyloop.learn.worth import Kept, average, keep
from journeyloop.model.arm import SILENCE, Arms, Vector
from journeyloop.model.credits import Lesson
from journeyloop.model.feature import packed
from journeyloop.model.identifier import keyed_hash
from journeyloop.model.ranking import Option, rank

MODES = ("cautious", "full")


class Choice(Struct, frozen=True, gc=False):
    """`action` is None for silence. `propensities` says how probable each action and None were; they sum to 1."""

    action: str | None
    propensities: dict[str | None, float]
    explored: bool
    number: int
    x: bytes


class Learner:
    """Which action to take for x, if any, so that more is gained than by silence.

    >>> learner = Learner(["help", "discount"], features=2, seed=7)
    >>> choice = learner.choose([0.5, -1.0], eligible=["help"])
    >>> sorted(choice.propensities.items(), key=str)
    [('discount', 0.0), ('help', 0.5), (None, 0.5)]
    >>> learner.resolve(choice, converted=True)
    True
    >>> learner.resolve(choice, converted=True)  # an outcome counts once
    False
    >>> learner.observe_silence([0.1, 0.3], converted=False)

    Until silence has 200 outcomes the choice is uniform over the eligible and silence.
    """

    def __init__(
        self,
        actions: Sequence[str],
        features: int | Sequence[str],
        mode: str = "full",
        explore: float = 0.05,
        seed: int = 0,
        *,
        values: Mapping[str, float] | None = None,
        costs: Mapping[str, float] | None = None,
        weights: Mapping[str, float] | None = None,
    ) -> None:
        """
        Args:
            features: how many numbers x has, or their names; the bias is added here.
            mode: `full` draws by Thompson sampling, `cautious` acts only on a mean half a deviation above 0.
            explore: the share of choices that is uniform over the eligible and silence, for ever.
            values: what a conversion is worth with an action, if not what conversions are worth on average.
            costs: per send. weights: the operator's preference; it never turns a loss into a gain.

        Raises:
            ValueError: what is given makes no sense; the message says what.
        """
        self.actions = list(actions)
        self.features = features if isinstance(features, int) else len(features)
        self.mode, self.explore = mode, explore
        self.values, self.costs, self.weights = dict(values or {}), dict(costs or {}), dict(weights or {})
        self.arms: Arms | None = None
        self._check()
        self._key = seed.to_bytes(8, "big", signed=True)
        self._made = 0
        self._open: set[int] = set()
        self._worth, self._worths = 1.0, Kept()

    def choose(self, x: ArrayLike, eligible: Sequence[str] | None = None) -> Choice:
        """One choice among the eligible actions (None: all) and silence.

        Raises:
            ValueError: x has another shape or is not finite, or an eligible action is unknown.
        """
        wide = self._vector(x)
        names = self.actions if eligible is None else self._known(eligible)
        draw = int.from_bytes(keyed_hash(self._key, "draw", str(self._made), size=8), "big") / 2**64
        arms = self.arms
        if arms is None or not arms.born:
            options, explore = [Option(0.0, 0.0, 0.0, 0.0)] * len(names), 1.0
        else:
            options, explore = self._options(arms, names, wide), self.explore
        ranked = rank(options, explore, draw)
        propensities: dict[str | None, float] = dict.fromkeys(self.actions, 0.0)
        propensities.update(zip(names, ranked.propensities, strict=True))
        propensities[None] = max(0.0, 1.0 - sum(ranked.propensities))
        action = None if ranked.index is None else names[ranked.index]
        choice = Choice(action, propensities, ranked.explored, self._made, packed(wide))
        self._open.add(self._made)
        self._made += 1
        return choice

    def resolve(self, choice: Choice, converted: bool, value: float = 1.0) -> bool:
        """The window of this choice has closed. False if it was resolved before: an outcome counts once.

        A choice whose action did not arrive is void: do not resolve it.

        Raises:
            ValueError: `value` is not finite, `converted` neither true nor false, or another learner made the choice.
        """
        if not isfinite(abs(value) + sum(abs(total) for _, total in self._worths.values())):
            raise ValueError(f"value is not finite, or too large: {value}")
        if choice.action not in (None, *self.actions) or len(choice.x) != 4 * (self.features + 1):
            raise ValueError("not a choice of this learner")
        reached = _truth(converted)
        if choice.number not in self._open:
            return False
        self._open.remove(choice.number)
        if reached:
            keep(self._worths, value)
            self._worth = average(self._worths)
        self._learn(choice.action or SILENCE, choice.x, reached)
        return True

    def observe_silence(self, x: ArrayLike, converted: bool) -> None:
        """The outcome of somebody held out: silence learns from it."""
        self._learn(SILENCE, packed(self._vector(x)), _truth(converted))

    def _learn(self, action: str, x: bytes, converted: bool) -> None:
        self.arms, _ = learn(self.arms, Lesson("", action, x, converted, ""))

    def _options(self, arms: Arms, names: list[str], x: Vector) -> list[Option]:
        (silence, doubt), *beliefs = arms.beliefs(names, x)
        return [
            Option(
                mean, sd, silence, doubt, self.values.get(name, self._worth), self._worth, self.costs.get(name, 0.0),
                self.weights.get(name, 1.0), self.mode,
            )
            for name, (mean, sd) in zip(names, beliefs, strict=True)
        ]  # fmt: skip

    def _vector(self, x: ArrayLike) -> Vector:
        with np.errstate(over="ignore"):  # told by the error instead
            given = np.asarray(x, np.float32)
            if given.shape != (self.features,):
                raise ValueError(f"x has shape {given.shape}, not ({self.features},)")
            wide = np.empty(self.features + 1, np.float32)
            wide[0], wide[1:] = 1.0, given
            if not isfinite(wide.dot(wide)):
                raise ValueError("x is not finite, or too large")
        return wide

    def _known(self, eligible: Sequence[str]) -> list[str]:
        unknown = [name for name in eligible if name not in self.actions]
        if unknown:
            raise ValueError(f"unknown actions: {', '.join(map(str, unknown))}")
        return [name for name in self.actions if name in eligible]

    def _check(self) -> None:
        named = [*self.values, *self.costs, *self.weights]
        numbers = [*self.values.values(), *self.costs.values(), *self.weights.values()]
        faults = {
            "actions are names, at least one, each once, and none is empty": (
                2 < len({SILENCE, None, *self.actions}) == len(self.actions) + 2
            ),
            "there is no such action in values, costs or weights": set(named) <= set(self.actions),
            "values, costs and weights are finite numbers": all(isfinite(number) for number in numbers),
            "weights are not negative": all(weight >= 0.0 for weight in self.weights.values()),
            "features is a number, or names": self.features >= 0,
            f"mode is one of {', '.join(MODES)}": self.mode in MODES,
            "explore is between 0 and 1": 0.0 <= self.explore <= 1.0,
        }
        for fault, fine in faults.items():
            if not fine:
                raise ValueError(fault)


def _truth(converted: bool) -> bool:
    """An outcome that is missing (None, NaN) is no outcome."""
    if converted not in (True, False):
        raise ValueError(f"converted is neither true nor false: {converted}")
    return bool(converted)
