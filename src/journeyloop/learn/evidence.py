"""Does the moment change what people do? Intention-to-treat, anytime-valid, robust to several signals per person.

One row per closed window of either arm: psi = mu1 - mu0 + T/pi (y - mu1) - (1-T)/(1-pi) (y - mu0), where mu are the
arms' running means when the signal was raised, so each psi is an unbiased estimate given the past. The interval is the
asymptotic confidence sequence of Waudby-Smith et al. (arXiv 2103.06476): it holds at every look, however often people
look. Its variance is clustered by person: sum over persons c of (S_c - n_c mean)^2, kept as five running numbers.
"""

from __future__ import annotations

from math import log, sqrt

from msgspec import Struct

from journeyloop.model.board import Evidence
from journeyloop.model.decision import Row
from journeyloop.model.inputs import Credit, Joined

ALPHA = 0.05
HORIZON = 20_000
ROWS_NEEDED = 100
GOALS_NEEDED = 25


class Uplift(Struct, frozen=True):
    """The difference in goal rate, treated minus held out, with its interval. `enough`: the smaller arm has 100 rows
    and 25 goals; before that the interval is not to be relied on."""

    estimate: float
    low: float
    high: float
    rows: int
    enough: bool


def psi(row: Row) -> float:
    """The row's doubly-robust score. Its `share` is the probability of being treated, strictly between 0 and 1."""
    reached = 1.0 if row.goal_at else 0.0
    base = row.mean_treated - row.mean_holdout
    if row.arm == "treated":
        return base + (reached - row.mean_treated) / row.share
    return base - (reached - row.mean_holdout) / (1.0 - row.share)


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


def join(evidence: Evidence, joined: Joined) -> None:
    """Two persons with rows turned out to be one: their clusters become one."""
    evidence.squares += 2.0 * joined.sum_one * joined.sum_two
    evidence.cross += joined.sum_one * joined.rows_two + joined.sum_two * joined.rows_one
    evidence.sizes += 2 * joined.rows_one * joined.rows_two


def uplift(evidence: Evidence, alpha: float = ALPHA) -> Uplift | None:
    """The estimate with its 1 - alpha confidence sequence; None before the second row."""
    t = evidence.rows
    if t < 2:
        return None
    mean = evidence.total / t
    spread = evidence.squares - 2.0 * mean * evidence.cross + mean * mean * evidence.sizes
    reach = sqrt(max(0.0, spread) / t) * boundary(t, alpha)
    smaller = min((evidence.treated, evidence.holdout), key=lambda group: group.rows)
    enough = smaller.rows >= ROWS_NEEDED and smaller.goals >= GOALS_NEEDED
    return Uplift(mean, mean - reach, mean + reach, t, enough)


def boundary(t: int, alpha: float = ALPHA) -> float:
    """Half the width of the confidence sequence after t rows, in standard deviations of one row."""
    tuned = (-2.0 * log(alpha) + log(1.0 - 2.0 * log(alpha))) / HORIZON
    scaled = t * tuned + 1.0
    return sqrt(2.0 * scaled / (t * t * tuned) * log(sqrt(scaled) / alpha))
