"""Does the moment find intent or chase static? One word per moment, in a sentence, with the figures behind it.

finds intent    the confidence sequence of the goal, or of its value, is above 0
harms: paused   the one-sided bound of the goal or its value is below 0, or that of a guard above it, at alpha / M
chases static   whatever it does, it is less than an effect worth having
not yet known   none of these; with the days that are left at today's traffic, if the estimate stays as it is
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from msgspec import Struct, field

from journeyloop.learn.evidence import (
    ALPHA,
    AMOUNTS_NEEDED,
    GOALS_NEEDED,
    ROWS_NEEDED,
    Uplift,
    deviation,
    harms,
    helps,
    smaller_arm,
    uplift,
    worsens,
)
from journeyloop.learn.power import WORTH, rows_until
from journeyloop.learn.words import days, interval, percent, points
from journeyloop.model.board import Evidence

FINDS, HARMS, STATIC = "finds intent", "harms: paused", "chases static"
UNKNOWN, NO_HOLDOUT = "not yet known", "cannot be known: no holdout"
GOAL, VALUE = "goal", "value"
NEVER_DAYS = 365


class Measured(Struct, frozen=True):
    """What is measured of a moment: its goal, what the goal is worth after refunds, and each guard by name."""

    goal: Evidence
    value: Evidence | None = None
    guards: Mapping[str, Evidence] = field(default_factory=dict[str, Evidence])


class Finding(Struct, frozen=True):
    """The verdict on a moment. `days_left` only while it is not yet known (None: not within a year); `harmed`: what
    is worse because of it: `goal`, `value` or a guard."""

    word: str
    sentence: str
    days_left: int | None = None
    goal: Uplift | None = None
    value: Uplift | None = None
    harmed: str | None = None


def harm_of(measured: Measured, moments: int = 1, alpha: float = ALPHA) -> str | None:
    """What the moment harms: `goal`, `value` or a guard's name. Over all moments and all that is measured of each,
    one is wrongly named with probability alpha at most."""
    each = alpha / (moments * (1 + (measured.value is not None) + len(measured.guards)))
    if harms(measured.goal, each):
        return GOAL
    if measured.value is not None and harms(measured.value, each, AMOUNTS_NEEDED):
        return VALUE
    return next((name for name, guard in measured.guards.items() if worsens(guard, each)), None)


def verdict(
    measured: Measured,
    held_out: float,
    rows_per_day: float,
    worth: float | None = None,
    moments: int = 1,
    paused: str | None = None,
) -> Finding:
    """`held_out`: the share of people held out now. `worth`: the smallest effect worth having; a fifth of the holdout's
    rate if not given. `moments`: how many are watched for harm. `paused`: what this one was paused for, if it was:
    once paused nothing is learned of it, so the finding stands until somebody resumes it."""
    goal = uplift(measured.goal)
    value = uplift(measured.value, needed=AMOUNTS_NEEDED) if measured.value is not None else None
    least = WORTH * measured.goal.holdout.mean() if worth is None else worth
    harmed = paused or harm_of(measured, moments)
    if harmed is not None:
        return Finding(HARMS, _harmful(measured, harmed), None, goal, value, harmed)
    if _helps(measured):
        return Finding(FINDS, _useful(measured), None, goal, value)
    if goal is not None and goal.enough and goal.high < least:
        return Finding(STATIC, _static(measured, goal, least), None, goal, value)
    if not 0.0 < held_out < 1.0:
        return Finding(NO_HOLDOUT, _blind(held_out), None, goal, value)
    left = _days_left(measured.goal, goal, least, rows_per_day)
    return Finding(UNKNOWN, _unknown(measured.goal, goal, left, rows_per_day), left, goal, value)


def _helps(measured: Measured) -> bool:
    """By the goal or its value. Each is wrongly above 0 with probability alpha / 2: both sides of its sequence share
    alpha, and only the upper one counts here."""
    return helps(measured.goal) or (measured.value is not None and helps(measured.value, needed=AMOUNTS_NEEDED))


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


def _useful(measured: Measured) -> str:
    if helps(measured.goal):
        return f"More reach the goal because of it: {_figures(measured.goal)}."
    return f"It earns more, though not more reach the goal: {_amount(measured.value)}."


def _harmful(measured: Measured, harmed: str) -> str:
    if harmed == GOAL:
        return f"Fewer reach the goal because of it: {_figures(measured.goal)}."
    if harmed == VALUE:
        return f"It loses money: {_amount(measured.value)}."
    guard = measured.guards.get(harmed)
    return f"{harmed} got worse because of it" + (f": {_figures(guard)}." if guard is not None else ".")


def _static(measured: Measured, found: Uplift, worth: float) -> str:
    least = f"an effect worth having would be {points(worth)}"
    return f"If it does anything, it is less than {points(found.high)}; {least}: {_figures(measured.goal)}."


def _blind(held_out: float) -> str:
    if held_out >= 1.0:
        return "Everybody is held out: nobody is treated."
    return "Nobody is held out, so nobody knows what would have happened anyway."


def _unknown(evidence: Evidence, found: Uplift | None, left: int | None, rows_per_day: float) -> str:
    so_far = f"So far {_figures(evidence)}." if found is not None else "No window has closed in both arms yet."
    if rows_per_day <= 0.0:
        return f"{so_far} No signals come in."
    if not smaller_arm(evidence).goals:
        return f"{so_far} Too few have reached the goal to say how long it will take."
    if left is None:
        return f"{so_far} At this traffic never, or not within a year."
    return f"{so_far} About {days(left)} more at today's traffic, if it goes on like this."


def _figures(evidence: Evidence) -> str:
    found = uplift(evidence)
    rates = ", ".join(
        f"{percent(group.mean())} of {group.rows:,} {name}"
        for name, group in (("treated", evidence.treated), ("held out", evidence.holdout))
    )
    return f"{points(found.estimate)} {interval(found.low, found.high)}, {rates}" if found is not None else rates


def _amount(evidence: Evidence | None) -> str:
    found = uplift(evidence) if evidence is not None else None
    return f"{found.estimate:+.2f} [{found.low:+.2f}, {found.high:+.2f}] per signal" if found is not None else "unknown"
