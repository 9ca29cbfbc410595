"""What can be learned from this traffic, and when: planned for the confidence sequence, which is looked at every day.

After t rows the estimate lies within z sd / sqrt(t) of the effect with the wanted power, and the sequence reaches
sd * boundary(t): an effect is shown when it is larger than both together. Rows are signals of both arms, about one per
person: many signals per person need more.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, inf, sqrt
from statistics import NormalDist

from msgspec import Struct

from journeyloop.learn.evidence import ALPHA, GOALS_NEEDED, ROWS_NEEDED, boundary, boundary_one_sided
from journeyloop.learn.words import days, percent, points

POWER = 0.8
WORTH = 0.2
"""The smallest effect worth having, as a share of what happens without the moment."""

GENEROUS = 2.0
"""A generously useful effect: so many times one that is worth having."""

SHARES = (0.05, 0.1, 0.2, 0.3, 0.5)
SOON_DAYS, LATE_DAYS = 28, 90
MOST_ROWS = 10**9


class Advice(Struct, frozen=True):
    """The holdout `share` to choose, and the smallest `effect` that it shows within `days`. `learnable`: if not, the
    share is 0 and `days` (None: never) is what a generously useful effect would take."""

    share: float
    effect: float
    days: int | None
    learnable: bool
    words: str


def smallest_effect(
    base_rate: float, rows: int, share_treated: float, alpha: float = ALPHA, power: float = POWER
) -> float:
    """The smallest gain that so many rows show with this power; infinite if they show none."""
    low, high = 0.0, 1.0 - base_rate
    if not shows(rows, high, base_rate, share_treated, alpha, power):
        return inf
    while high - low > 1e-6 * high:
        middle = (low + high) / 2.0
        low, high = (low, middle) if shows(rows, middle, base_rate, share_treated, alpha, power) else (middle, high)
    return high


def rows_needed(
    effect: float, base_rate: float, share_treated: float, alpha: float = ALPHA, power: float = POWER
) -> int | None:
    """After so many rows the gain is shown (a loss: the moment paused) with this power; None: never."""
    return _first(lambda rows: shows(rows, effect, base_rate, share_treated, alpha, power))


def shows(rows: int, effect: float, base_rate: float, share_treated: float, alpha: float, power: float) -> bool:
    """Whether the sequence excludes 0 after so many rows, with this power."""
    treated_rate = base_rate + effect
    possible = 0.0 < share_treated < 1.0 and 0.0 <= treated_rate <= 1.0 and 0.0 < base_rate < 1.0
    if not possible or effect == 0.0 or rows < ROWS_NEEDED:
        return False
    z = NormalDist().inv_cdf(power)
    variance = treated_rate * (1.0 - treated_rate) / share_treated + base_rate * (1.0 - base_rate) / (1 - share_treated)
    bound = boundary(rows, alpha) if effect > 0.0 else boundary_one_sided(rows, alpha)
    smaller = rows * min(share_treated, 1.0 - share_treated)
    goals = smaller * (treated_rate if effect > 0.0 and share_treated < 0.5 else base_rate)
    certain = abs(effect) >= sqrt(variance) * (bound + z / sqrt(rows))
    return certain and smaller >= ROWS_NEEDED and goals - z * sqrt(goals) >= GOALS_NEEDED


def rows_until(deviation: float, distance: float) -> int | None:
    """The sequence reaches no farther than `distance` after so many rows; None: never."""
    return _first(lambda rows: deviation * boundary(rows) <= distance) if distance > 0.0 else None


def advise(base_rate: float, rows_per_day: float, useful: float | None = None) -> Advice:
    """Which holdout to choose. A larger one is sooner there, a smaller one holds out fewer people until something is
    known. So: the smallest that shows a `useful` effect within four weeks, or 90 days."""
    useful = WORTH * base_rate if useful is None else useful
    waits = [(share, _days(rows_needed(useful, base_rate, 1.0 - share), rows_per_day)) for share in SHARES]
    for limit in (SOON_DAYS, LATE_DAYS):
        for share, wait in waits:
            if wait is not None and wait <= limit:
                return Advice(share, useful, wait, True, _learnable(share, useful, base_rate, wait))
    return _late(base_rate, rows_per_day, min(GENEROUS * useful, 1.0 - base_rate))


def _late(base_rate: float, rows_per_day: float, generous: float) -> Advice:
    """Too little traffic for what is worth having; perhaps enough for a large effect."""
    rows = int(LATE_DAYS * max(0.0, rows_per_day))
    effect, share = min((smallest_effect(base_rate, rows, 1.0 - share), share) for share in SHARES)
    if effect <= generous:
        return Advice(share, effect, LATE_DAYS, True, _learnable(share, effect, base_rate, LATE_DAYS))
    needed = [rows_needed(generous, base_rate, 1.0 - share) for share in SHARES]
    wait = _days(min((one for one in needed if one is not None), default=None), rows_per_day)
    return Advice(0.0, generous, wait, False, _hopeless(generous, base_rate, rows_per_day, wait))


def _learnable(share: float, effect: float, base_rate: float, wait: int) -> str:
    goal = f"{points(effect)} (on {percent(base_rate)})"
    return f"Hold out {share:.0%}: an effect of {goal} or more shows within {days(wait)}, four times in five."


def _hopeless(effect: float, base_rate: float, rows_per_day: float, wait: int | None) -> str:
    if base_rate <= 0.0 or rows_per_day <= 0.0:
        return "You cannot learn this here, use `fixed`: nobody reaches the goal anyway, or no signals come in."
    when = f"only after {days(wait)}" if wait is not None else "never"
    traffic = f"{rows_per_day:,.0f} signals a day and a goal that {percent(base_rate)} reach anyway"
    return f"You cannot learn this here, use `fixed`: with {traffic} even {points(effect)} would show {when}."


def _days(rows: int | None, rows_per_day: float) -> int | None:
    return ceil(rows / rows_per_day) if rows is not None and rows_per_day > 0.0 else None


def _first(holds: Callable[[int], bool]) -> int | None:
    """The first number of rows from which on it holds."""
    low, high = 1, MOST_ROWS
    if not holds(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
