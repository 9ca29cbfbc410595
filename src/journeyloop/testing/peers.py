"""Other ways to choose, to be compared with: the same protocol, the same rows, the same outcomes.

Each is written as its authors describe it, with silence among its arms where it has any notion of one. MABWiser's are
its own code, if it is installed (`pip install mabwiser`).
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar

import numpy as np

from journeyloop.learn import Choice
from journeyloop.model.arm import Floats
from journeyloop.testing.contest import Actions, Flags, Ours, Rows


class Uniform:
    """Any action or none, each as often."""

    def __init__(self, actions: int, seed: int = 0) -> None:
        self.actions, self.rng = actions, np.random.default_rng(seed)

    def choose(self, xs: Rows) -> Actions:
        return self.rng.integers(self.actions + 1, size=len(xs))

    def close(self, xs: Rows, actions: Actions, converted: Flags, held_out: Flags) -> None:
        """Learns nothing."""


class Fixed:
    """One action for everybody; the best such rule is known only to who knows the truth."""

    def __init__(self, action: int) -> None:
        self.action = action

    def choose(self, xs: Rows) -> Actions:
        return np.full(len(xs), self.action)

    def close(self, xs: Rows, actions: Actions, converted: Flags, held_out: Flags) -> None:
        """Learns nothing."""


class Propensity(Ours):
    """What engines do that rank by propensity: the action most likely to be followed by the goal, for everybody. The
    arms are ours; a share of choices explores. They never ask what would have happened anyway."""

    def choose(self, xs: Rows) -> Actions:
        chosen = [self._one(x) for x in xs]
        self._pending.extend(choice for choice, _ in chosen)
        return np.array([action for _, action in chosen])

    def _one(self, x: Any) -> tuple[Choice, int]:
        choice, arms = self.learner.choose(x), self.learner.arms
        if arms is None or not arms.born or choice.explored:
            return choice, self._numbers[choice.action]
        beliefs = arms.beliefs(self.learner.actions, np.concatenate([[1.0], x]).astype(np.float32))
        best = self.learner.actions[int(np.argmax([mean for mean, _ in beliefs[1:]]))]
        return Choice(best, choice.propensities, False, choice.number, choice.x), self._numbers[best]


class NaiveBayes:
    """Adaptive naive Bayes in the arithmetic of Pega's adaptive models, an arm for silence among them.

    Numbers are cut into bins; a bin's log-odds are log((pos + 0.5) / (all pos + 1)) - log((neg + 0.5) / (all neg + 1));
    the score is the mean of these and of the prior log-odds. What is ranked is the propensity of the score's own bin,
    (pos + 0.5) / (pos + neg + 1), with Thompson's draw from the Beta distribution of that bin.
    """

    CUTS = np.array([-1.2, -0.6, -0.2, 0.2, 0.6, 1.2])
    SCORES = np.linspace(-3.0, 1.0, 21)

    def __init__(self, actions: int, features: int, seed: int = 0, explore: float = 0.05) -> None:
        bins = len(self.CUTS) + 1
        self.counts = np.zeros((actions + 1, 2, features, bins))
        self.totals = np.zeros((actions + 1, 2))
        self.scored = np.zeros((actions + 1, 2, len(self.SCORES) + 1))
        self.explore, self.rng = explore, np.random.default_rng(seed)
        self._columns = np.arange(features)

    def choose(self, xs: Rows) -> Actions:
        scores = self._scores(xs)
        places = np.searchsorted(self.SCORES, scores)
        arms = np.arange(len(self.totals))[None]
        positive, negative = self.scored[arms, 1, places], self.scored[arms, 0, places]
        best = self.rng.beta(positive + 0.5, negative + 0.5).argmax(axis=1)
        anything = self.rng.integers(len(self.totals), size=len(xs))
        return np.where(self.rng.random(len(xs)) < self.explore, anything, best)

    def close(self, xs: Rows, actions: Actions, converted: Flags, held_out: Flags) -> None:
        bins, places = self._bins(xs), np.searchsorted(self.SCORES, self._scores(xs))
        outcomes = converted.astype(np.int64)
        for row, (action, outcome) in enumerate(zip(actions.tolist(), outcomes.tolist(), strict=True)):
            self.counts[action, outcome, self._columns, bins[row]] += 1.0
            self.scored[action, outcome, places[row, action]] += 1.0
        np.add.at(self.totals, (actions, outcomes), 1.0)

    def _bins(self, xs: Rows) -> Actions:
        return np.searchsorted(self.CUTS, xs)

    def _scores(self, xs: Rows) -> Floats:
        shares = np.log(self.counts + 0.5) - np.log(self.totals + 1.0)[:, :, None, None]
        odds = shares[:, 1] - shares[:, 0]
        prior = np.log(self.totals[:, 1] + 0.5) - np.log(self.totals[:, 0] + 0.5)
        told = odds[:, self._columns[None], self._bins(xs)].sum(axis=2).T
        scores: Floats = (told + prior) / (len(self._columns) + 1)
        return scores


class MabWiser:
    """LinUCB or LinTS as MABWiser has them: ridge regression per arm, silence being one of them. ALPHAS served
    best on worlds that nothing is reported of."""

    ALPHAS: ClassVar[dict[str, float]] = {"LinUCB": 0.1, "LinTS": 0.1}

    def __init__(self, actions: int, features: int, kind: str, seed: int = 0, explore: float = 0.0) -> None:
        library = import_module("mabwiser.mab")
        policies = {"LinUCB": library.LearningPolicy.LinUCB, "LinTS": library.LearningPolicy.LinTS}
        self.mab = library.MAB(list(range(actions + 1)), policies[kind](alpha=self.ALPHAS[kind]), seed=seed)
        self.actions, self.explore, self.rng = actions, explore, np.random.default_rng(seed)
        self._taught = False

    def choose(self, xs: Rows) -> Actions:
        anything = self.rng.integers(self.actions + 1, size=len(xs))
        if not self._taught:
            return anything
        found = self.mab.predict(_with_bias(xs))
        best = np.array(found if isinstance(found, list) else [found])
        return np.where(self.rng.random(len(xs)) < self.explore, anything, best)

    def close(self, xs: Rows, actions: Actions, converted: Flags, held_out: Flags) -> None:
        learn = self.mab.partial_fit if self._taught else self.mab.fit
        learn(actions, converted.astype(float), _with_bias(xs))
        self._taught = True


def _with_bias(xs: Rows) -> Floats:
    return np.column_stack([np.ones(len(xs)), xs])


def installed() -> bool:
    """Whether MABWiser is here."""
    return find_spec("mabwiser") is not None
