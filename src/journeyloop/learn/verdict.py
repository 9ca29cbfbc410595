"""Does the moment find intent or chase static? One word per moment, in a sentence, with the figures behind it.

finds intent    the confidence sequence of the goal, or of its value, is above 0
harms           the one-sided bound of the goal or its value is below 0, or that of a guard above it
chases static   whatever it does, it is less than an effect worth having
not yet known   none of these; with the days that are left at today's traffic, if the estimate stays as it is
"""

from __future__ import annotations

from math import ceil

from msgspec import Struct

from journeyloop.learn.evidence import (
    AMOUNTS_NEEDED,
    GOALS_NEEDED,
    ROWS_NEEDED,
    Uplift,
    deviation,
    helps,
    smaller_arm,
    uplift,
)
from journeyloop.learn.harm import GOAL, harm_of
from journeyloop.learn.power import WORTH, rows_until
from journeyloop.learn.words import days, interval, percent, points
from journeyloop.model.board import VALUE, Evidence, Tally, guard_measure

FINDS, STATIC = "finds intent", "chases static"
HARMS, PAUSED = "harms", "harms: paused"
UNKNOWN, NO_HOLDOUT = "not yet known", "cannot be known: no holdout"
NEVER_DAYS = 365


class Finding(Struct, frozen=True):
    """The verdict on a moment: a word, and a sentence with its figures. `days_left`: until it is known, None if that is
    not within a year, or it is known. `harmed`: what is worse because of it, `goal`, `value` or a guard."""

    word: str
    sentence: str
    days_left: int | None = None
    goal: Uplift | None = None
    value: Uplift | None = None
    harmed: str = ""


def verdict(
    tally: Tally, held_out: float, rows_per_day: float, worth: float | None = None, watched: int = 1
) -> Finding:
    """`held_out`: the share of people held out now. `worth`: the smallest effect worth having; a fifth of the holdout's
    rate if not given. `watched`: how many measures, of all moments, share the error rate of harm. Once it is paused for
    harm nothing is learned of a moment, so that stands until somebody resumes it."""
    evidence, goal = tally.evidence, uplift(tally.evidence)
    value = uplift(tally.measures[VALUE], needed=AMOUNTS_NEEDED) if VALUE in tally.measures else None
    least = WORTH * evidence.holdout.mean() if worth is None else worth
    harmed = tally.harmed or harm_of(tally, watched)
    if harmed:
        return Finding(PAUSED if tally.harmed else HARMS, _harmful(tally, harmed), None, goal, value, harmed)
    if _above(goal) or _above(value):
        return Finding(FINDS, _useful(tally, value), None, goal, value)
    if goal is not None and goal.enough and goal.high < least:
        return Finding(STATIC, _static(evidence, goal, least), None, goal, value)
    if not 0.0 < held_out < 1.0:
        return Finding(NO_HOLDOUT, _blind(held_out), None, goal, value)
    left = _days_left(evidence, goal, least, rows_per_day)
    return Finding(UNKNOWN, _unknown(evidence, goal, left, rows_per_day), left, goal, value)


def _above(found: Uplift | None) -> bool:
    """Goal and value are each wrongly above 0 with probability alpha / 2: both sides of a sequence share its alpha."""
    return found is not None and found.enough and found.low > 0.0


def _days_left(evidence: Evidence, found: Uplift | None, worth: float, rows_per_day: float) -> int | None:
    """Until the interval excludes 0, or what is worth having: one of them it will. And until there is enough."""
    smaller = smaller_arm(evidence)
    if found is None or not smaller.goals or rows_per_day <= 0.0:
        return None
    settled = rows_until(deviation(evidence), max(found.estimate, worth - found.estimate))
    if settled is None:
        return None
    filled = evidence.rows * max(GOALS_NEEDED / smaller.goals, ROWS_NEEDED / smaller.rows)
    left = max(1, ceil((max(settled, filled) - evidence.rows) / rows_per_day))
    return left if left <= NEVER_DAYS else None


# --- sentences --------------------------------------------------------------------------------------------------------


def _useful(tally: Tally, value: Uplift | None) -> str:
    if helps(tally.evidence):
        return f"More reach the goal because of it: {_figures(tally.evidence)}."
    return f"It earns more, though not surely more reach the goal: {_amount(value)}."


def _harmful(tally: Tally, harmed: str) -> str:
    if harmed == GOAL:
        return f"Fewer reach the goal because of it: {_figures(tally.evidence)}."
    if harmed == VALUE:
        return f"It earns less than doing nothing would: {_amount(uplift(tally.measures.get(VALUE, Evidence())))}."
    return f"More {harmed} because of it: {_figures(tally.measures.get(guard_measure(harmed), Evidence()))}."


def _static(evidence: Evidence, found: Uplift, worth: float) -> str:
    least = f"{points(found.high)} at most, and {points(worth)} would be worth having"
    return f"What it does is small if anything, {least}: {_figures(evidence)}."


def _blind(held_out: float) -> str:
    if held_out >= 1.0:
        return "Everybody is held out: nobody is treated."
    return "Nobody is held out, so nobody knows what would have happened anyway."


def _unknown(evidence: Evidence, found: Uplift | None, left: int | None, rows_per_day: float) -> str:
    so_far = f"So far {_figures(evidence)}." if found is not None else "No windows have closed yet."
    if rows_per_day <= 0.0:
        return f"{so_far} No signals come in."
    if found is None:
        return so_far
    if not smaller_arm(evidence).goals:
        return f"{so_far} Too few have reached the goal to say how long it will take."
    if left is None:
        return f"{so_far} At this traffic never, or not within a year."
    return f"{so_far} About {days(left)} more at today's traffic, if it goes on like this."


def _figures(evidence: Evidence) -> str:
    """The rates of both arms; before them the difference, once there is enough to speak of one."""
    found = uplift(evidence)
    rates = ", ".join(
        f"{percent(group.mean())} of {group.rows:,} {name}"
        for name, group in (("treated", evidence.treated), ("held out", evidence.holdout))
    )
    if found is None or not found.enough:
        return rates
    return f"{points(found.estimate)} {interval(found.low, found.high)}, {rates}"


def _amount(found: Uplift | None) -> str:
    return f"{found.estimate:+.2f} [{found.low:+.2f}, {found.high:+.2f}] per signal" if found is not None else "unknown"
