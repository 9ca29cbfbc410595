"""What another policy would have been worth, from what was decided with known probabilities.

One row per closed window: features x, the probability of each choice as logged (0: it could not be chosen), the choice
that was made, what came of it (y), and the probability of each choice under the other policy. Column 0 is silence.

Doubly robust (Dudik, Langford & Li, ICML 2011): psi = sum over choices a of wanted(a) q(x, a) + w (y - q(x, chosen)),
w = wanted(chosen) / logged(chosen). The weights alone make it unbiased, however wrong the forecast q is; a good q makes
it narrow. q is fitted on other people than the row's, so a row never forecasts itself. Where the other policy wants
what the log never tried, only q speaks: that share is told as `unsupported`.

The interval is that of `learn.evidence`: the confidence sequence with the variance clustered by person.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from journeyloop.learn.evidence import ALPHA, boundary
from journeyloop.model.arm import Floats

Places = NDArray[np.int64]

FOLDS = 5
SHARED_RIDGE, OWN_RIDGE = 1.0, 20.0
"""How strongly the forecast shrinks: that of all choices to 0, what each adds to the one that all share."""


class Log(Struct):
    """n rows of K choices: `x` (n, d) with the bias, `logged` (n, K), `chosen` (n,), `person` (n,) numbered from 0."""

    x: Floats
    logged: Floats
    chosen: Places
    person: Places

    def __len__(self) -> int:
        return len(self.chosen)


class Interval(Struct, frozen=True):
    """An estimate with its confidence sequence."""

    estimate: float
    low: float
    high: float


class Estimates(Struct, frozen=True):
    """The same value four ways: they should agree, and where they do not, the forecast or the weights are at fault."""

    doubly_robust: float
    self_normalised: float
    weighted: float
    direct: float


def weights(log: Log, wanted: Floats) -> Floats:
    """How often each row stands for one under the other policy. 0 where its choice was not left to chance."""
    rows = np.arange(len(log))
    chance = log.logged[rows, log.chosen]
    found: Floats = np.divide(wanted[rows, log.chosen], chance, out=np.zeros(len(log)), where=chance > 0.0)
    return found


def effective(weight: Floats) -> float:
    """The effective sample size (Kish): so many rows of the other policy's own would tell as much."""
    squares = float(weight @ weight)
    return float(weight.sum()) ** 2 / squares if squares else 0.0


def unsupported(log: Log, wanted: Floats) -> float:
    """The share of the other policy's choices that the log could never have made."""
    return float(np.where(log.logged > 0.0, 0.0, wanted).sum()) / len(log)


def scores(log: Log, wanted: Floats, y: Floats, q: Floats) -> Floats:
    """psi of every row; its mean is the doubly-robust estimate. `q` (n, K) are the forecasts."""
    own = q[np.arange(len(log)), log.chosen]
    found: Floats = (wanted * q).sum(axis=1) + weights(log, wanted) * (y - own)
    return found


def estimates(log: Log, wanted: Floats, y: Floats, q: Floats) -> Estimates:
    """All four."""
    weight = weights(log, wanted)
    total = float(weight.sum())
    return Estimates(
        doubly_robust=float(scores(log, wanted, y, q).mean()),
        self_normalised=float(weight @ y) / total if total else 0.0,
        weighted=float(weight @ y) / len(log),
        direct=float((wanted * q).sum()) / len(log),
    )


def self_normalised_scores(log: Log, wanted: Floats, y: Floats) -> Floats:
    """The linearised rows of the self-normalised estimate: their mean is it, their spread is its own."""
    weight = weights(log, wanted)
    mean = float(weight @ y) / float(weight.sum())
    found: Floats = mean + weight * (y - mean) / weight.mean()
    return found


def interval(psi: Floats, person: Places, alpha: float = ALPHA) -> Interval:
    """The mean of psi with its 1 - alpha confidence sequence."""
    rows, mean = len(psi), float(psi.mean())
    spread = np.bincount(person, weights=psi - mean)
    reach = sqrt(float(spread @ spread) / rows) * boundary(rows, alpha)
    return Interval(mean, mean - reach, mean + reach)


# --- the forecast -----------------------------------------------------------------------------------------------------


def forecasts(log: Log, y: Floats) -> Floats:
    """q (n, K): y under each choice, linear in x, each person's rows forecast from the other folds of people.

    One regression for all choices, and per choice another of what that leaves, shrunk hard: a choice that was seldom
    made is forecast like the others. Linear, because y may be any amount; nothing depends on it being right.
    """
    fold = log.person % FOLDS
    q = np.empty_like(log.logged)
    for number in range(FOLDS):
        q[fold == number] = _fitted(log, y, fold != number, fold == number)
    return q


def _fitted(log: Log, y: Floats, known: NDArray[np.bool_], asked: NDArray[np.bool_]) -> Floats:
    x, target = log.x[known], y[known]
    shared = _ridge(x, target, SHARED_RIDGE)
    left = target - x @ shared
    found = np.repeat((log.x[asked] @ shared)[:, None], log.logged.shape[1], axis=1)
    for choice in range(log.logged.shape[1]):
        own = log.chosen[known] == choice
        if own.any():
            found[:, choice] += log.x[asked] @ _ridge(x[own], left[own], OWN_RIDGE)
    return found


def _ridge(x: Floats, y: Floats, strength: float) -> Floats:
    return np.asarray(np.linalg.solve(x.T @ x + strength * np.eye(x.shape[1]), x.T @ y), np.float64)
