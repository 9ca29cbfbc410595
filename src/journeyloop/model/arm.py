"""What is believed about one choice: a Gaussian over the weights of a logistic regression, updated row by row.

With p = sigmoid(m.x), R = max(p(1-p), 0.001), u = P x and c = 1 / (1 + R x.u), one outcome y moves the mean by
c (y - p) u and the covariance by -R c u u^T: a Kalman step on the logistic curve at the mean (Titterington's recursive
form of Laplace's method, as in Spiegelhalter & Lauritzen, Networks 20, 1990). The covariance is full: a diagonal one
earned half as much.

The beliefs of one moment lie in one stack, silence first, so that all its candidates are scored in two products. Sums
keep float64, so that a replay on another machine agrees to 1e-9; features are float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, isfinite

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Vector = NDArray[np.float32]

SILENCE = ""
"""The name of the arm of doing nothing."""

MOST_FEATURES = 24
LEAST = 1e-3
BIAS_VARIANCE = 25.0
"""The prior of silence: at a base rate of 0.03 a variance of 0.05 still says 0.094 after 1,000 outcomes."""
BORN_VARIANCE = 0.2
BORN_AT = 200
"""Outcomes of silence before action arms are born from its mean; until then a moment explores uniformly."""
WEIGHT_LIMIT = 20.0


class Arms(Struct, gc=False):
    """All arms of one moment: `names` (silence first), `means` (K, d), `covariances` (K, d, d), `seen` outcomes each.

    `meaning` is the hash of the goal and features they were learned for. `waiting` are rows not yet learned, per arm:
    packed, in the order they came; the action arms wait like this until silence knows enough. `reached` says how many
    of the outcomes seen were the goal.
    """

    meaning: str
    names: list[str]
    means: Floats
    covariances: Floats
    seen: list[int]
    waiting: dict[str, list[bytes]]
    reached: list[int]

    @property
    def width(self) -> int:
        """The number of features, with the bias."""
        return int(self.means.shape[1])

    @property
    def born(self) -> bool:
        """Whether silence has seen enough for the action arms to begin."""
        return self.seen[0] >= BORN_AT

    def score(self, x: Vector) -> tuple[list[float], list[float]]:
        """The log-odds of the goal under each arm for features x (d,): means and standard deviations."""
        wide = x.astype(np.float64)
        products = (self.covariances.reshape(-1, len(wide)) @ wide).reshape(self.means.shape)
        variances: list[float] = (products @ wide).tolist()
        means: list[float] = (self.means @ wide).tolist()
        return means, [variance**0.5 if variance > 0.0 else 0.0 for variance in variances]

    def expected(self, x: Vector) -> float:
        """The mean log-odds of the goal under silence alone."""
        return float(self.means[0] @ x)

    def beliefs(self, names: Sequence[str], x: Vector) -> list[tuple[float, float]]:
        """Mean and standard deviation of the log-odds for silence, then for these actions. One that came later than the
        others knows what silence knows, and doubts it."""
        means, sds = self.score(x)
        known = dict(zip(self.names, zip(means, sds, strict=True), strict=True))
        if not known.keys() >= set(names):
            doubt = (BORN_VARIANCE * sum(slot * slot for slot in x.tolist())) ** 0.5
            known = dict.fromkeys(names, (means[0], doubt)) | known
        return [known[SILENCE], *[known[name] for name in names]]

    def learn(self, index: int, x: Vector, y: float) -> None:
        """One outcome y in {0, 1} of one arm. A step that is not finite changes nothing."""
        wide = x.astype(np.float64)
        mean, covariance = self.means[index], self.covariances[index]
        p = sigmoid(float(mean @ wide))
        curvature = max(p * (1.0 - p), LEAST)
        u = covariance @ wide
        gain = 1.0 / (1.0 + curvature * float(wide @ u))
        if not isfinite(gain):
            return
        mean += (gain * (y - p)) * u
        np.clip(mean, -WEIGHT_LIMIT, WEIGHT_LIMIT, out=mean)
        step = (curvature * gain) ** 0.5 * u  # both sides alike: the covariance stays symmetric to the last bit
        covariance -= np.multiply.outer(step, step)
        self.seen[index] += 1
        self.reached[index] += y > 0.0


def sigmoid(z: float) -> float:
    """The logistic function.

    >>> sigmoid(0.0), sigmoid(-1000.0), sigmoid(1000.0)
    (0.5, 0.0, 1.0)
    """
    if z < 0.0:
        odds = exp(z) if z > -700.0 else 0.0
        return odds / (1.0 + odds)
    return 1.0 / (1.0 + exp(-z)) if z < 700.0 else 1.0


def unborn(meaning: str, width: int) -> Arms:
    """A moment nothing is known of: silence with its wide prior, and no action."""
    covariance = np.eye(width)
    covariance[0, 0] = BIAS_VARIANCE
    return Arms(meaning, [SILENCE], np.zeros((1, width)), covariance[None], [0], {}, [0])


def bear(arms: Arms, names: Sequence[str]) -> None:
    """Add arms that do not exist yet: what silence knows, with doubt. They stand in the order of their names, as in the
    store: the last bits of a product depend on the row it is computed in."""
    fresh = [name for name in names if name not in arms.names]
    if not fresh:
        return
    means = np.concatenate([arms.means, np.repeat(arms.means[:1], len(fresh), axis=0)])
    cautious = np.repeat(np.eye(arms.width)[None] * BORN_VARIANCE, len(fresh), axis=0)
    covariances = np.concatenate([arms.covariances, cautious])
    none = [0] * len(fresh)
    names, seen, reached = [*arms.names, *fresh], [*arms.seen, *none], [*arms.reached, *none]
    order = sorted(range(len(names)), key=names.__getitem__)
    arms.means, arms.covariances = means[order], covariances[order]
    arms.names, arms.seen = [names[at] for at in order], [seen[at] for at in order]
    arms.reached = [reached[at] for at in order]
