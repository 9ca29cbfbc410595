"""Does the moment change what people do? Intention-to-treat, anytime-valid, robust to several signals per person.

One row per closed window of either arm: psi = mu1 - mu0 + T/pi (y - mu1) - (1-T)/(1-pi) (y - mu0), where mu are the
arms' running means when the signal was raised, so each psi is an unbiased estimate given the past. The interval is the
asymptotic confidence sequence of Waudby-Smith et al. (arXiv 2103.06476): it holds at every look, however often people
look. Its variance is clustered by person: sum over persons c of (S_c - n_c mean)^2, kept as five running numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, log, sqrt

from msgspec import Struct

from journeyloop.model.board import Evidence, Group
from journeyloop.model.credits import Credit, Joined

ALPHA = 0.05
HORIZON = 20_000
ROWS_NEEDED = 100
GOALS_NEEDED = 25
AMOUNTS_NEEDED = 100
"""Goals in the smaller arm before an amount is believed: a few large orders weigh more than many small ones."""


class Uplift(Struct, frozen=True):
    """The difference in goal rate (or value per row), treated minus held out, with its interval. `enough`: the smaller
    arm has 100 rows and 25 goals (for value: 100); before that the interval is not to be relied on."""

    estimate: float
    low: float
    high: float
    rows: int
    enough: bool


def score(y: float, treated: bool, share: float, mean_treated: float, mean_holdout: float) -> float:
    """The doubly-robust score of one row. `y` may be any number: 0 or 1 for a goal or a guard, an amount for value
    after refunds. The means are what was expected of y in each arm, known before the row was drawn."""
    base = mean_treated - mean_holdout
    if treated:
        return base + (y - mean_treated) / share
    return base - (y - mean_holdout) / (1.0 - share)


def add(evidence: Evidence, credit: Credit) -> None:
    """Count one row; the credit carries the person's sum and number of rows before this one."""
    score, before, rows = credit.psi, credit.sum_before, credit.rows_before
    evidence.rows += 1
    evidence.total += score
    evidence.squares += 2.0 * before * score + score * score
    evidence.cross += before + score * (rows + 1)
    evidence.sizes += 2 * rows + 1
    group = evidence.treated if credit.treated else evidence.holdout
    group.rows += 1
    group.goals += credit.goal
    group.total += credit.y


def join(evidence: Evidence, joined: Joined) -> None:
    """Two persons with rows turned out to be one: their clusters become one."""
    evidence.squares += 2.0 * joined.sum_one * joined.sum_two
    evidence.cross += joined.sum_one * joined.rows_two + joined.sum_two * joined.rows_one
    evidence.sizes += 2 * joined.rows_one * joined.rows_two


# --- what the evidence says -------------------------------------------------------------------------------------------


def uplift(evidence: Evidence, alpha: float = ALPHA, needed: int = GOALS_NEEDED) -> Uplift | None:
    """The estimate with its 1 - alpha confidence sequence; None before the second row."""
    t = evidence.rows
    if t < 2:
        return None
    mean, reach = evidence.total / t, deviation(evidence) * boundary(t, alpha)
    smaller = smaller_arm(evidence)
    return Uplift(mean, mean - reach, mean + reach, t, enough(evidence, smaller, needed))


def upper(evidence: Evidence, alpha: float = ALPHA) -> float:
    """The one-sided upper bound: with probability 1 - alpha the effect is below it at every look."""
    t = evidence.rows
    return evidence.total / t + deviation(evidence) * boundary_one_sided(t, alpha) if t >= 2 else inf


def lower(evidence: Evidence, alpha: float = ALPHA) -> float:
    """The one-sided lower bound."""
    t = evidence.rows
    return evidence.total / t - deviation(evidence) * boundary_one_sided(t, alpha) if t >= 2 else -inf


def helps(evidence: Evidence, alpha: float = ALPHA, needed: int = GOALS_NEEDED) -> bool:
    """The whole confidence sequence is above 0: what `finds intent` and a promotion ask for."""
    found = uplift(evidence, alpha, needed)
    return found is not None and found.enough and found.low > 0.0


def harms(evidence: Evidence, alpha: float = ALPHA, needed: int = GOALS_NEEDED) -> bool:
    """The goal (or value) is worse than without the moment. Over M moments ask at alpha / M."""
    return enough(evidence, evidence.holdout, needed) and upper(evidence, alpha) < 0.0


def worsens(evidence: Evidence, alpha: float = ALPHA) -> bool:
    """A guard, a goal that must not happen more often, happens more often because of the moment."""
    return enough(evidence, evidence.treated, GOALS_NEEDED) and lower(evidence, alpha) > 0.0


def enough(evidence: Evidence, group: Group, needed: int) -> bool:
    """The smaller arm has 100 rows, and so many goals as are needed at the rate of `group`.

    For harm that is the arm where harm leaves the goals: the holdout, or for a guard the treated. A moment that
    destroys every conversion of a treated arm smaller than its holdout would never have 25 there, and never be paused.
    """
    smaller = smaller_arm(evidence)
    return smaller.rows >= ROWS_NEEDED and smaller.rows * group.goals >= needed * group.rows


def smaller_arm(evidence: Evidence) -> Group:
    return min((evidence.treated, evidence.holdout), key=lambda group: group.rows)


def deviation(evidence: Evidence) -> float:
    """The standard deviation of one row, clustered by person."""
    mean = evidence.total / evidence.rows
    spread = evidence.squares - 2.0 * mean * evidence.cross + mean * mean * evidence.sizes
    return sqrt(max(0.0, spread) / evidence.rows)


def boundary(t: int, alpha: float = ALPHA) -> float:
    """Half the width of the confidence sequence after t rows, in standard deviations of one row."""
    return _boundary(t, alpha, lambda root: root / alpha)


def boundary_one_sided(t: int, alpha: float = ALPHA) -> float:
    """The same for a bound on one side only."""
    return _boundary(t, 2.0 * alpha, lambda root: 1.0 + root / (2.0 * alpha))


def _boundary(t: int, alpha: float, odds: Callable[[float], float]) -> float:
    """Narrowest near the horizon, by the choice of `tuned` (rho squared)."""
    tuned = (-2.0 * log(alpha) + log(1.0 - 2.0 * log(alpha))) / HORIZON
    scaled = t * tuned + 1.0
    return sqrt(2.0 * scaled / (t * t * tuned) * log(odds(sqrt(scaled))))
