"""What a moment harms: its goal, what the goal is worth after refunds, or a guard. Enough to pause it for."""

from __future__ import annotations

from journeyloop.learn.evidence import ALPHA, AMOUNTS_NEEDED, harms, worsens
from journeyloop.model.board import CONVERSION, VALUE, Tally


def harm_of(tally: Tally, moments: int = 1, alpha: float = ALPHA) -> str | None:
    """The measure that is worse because of the moment. Over all moments and all that is measured of each, one is
    wrongly named with probability alpha at most."""
    each = alpha / (moments * (1 + len(tally.measures)))
    if harms(tally.evidence, each):
        return CONVERSION
    for measure, evidence in tally.measures.items():
        if harms(evidence, each, AMOUNTS_NEEDED) if measure == VALUE else worsens(evidence, each):
            return measure
    return None
