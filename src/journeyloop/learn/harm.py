"""What a moment harms: its goal, what the goal is worth after refunds, or a guard. Enough to pause it for."""

from __future__ import annotations

from journeyloop.learn.evidence import ALPHA, AMOUNTS_NEEDED, harms, worsens
from journeyloop.model.board import CONVERSION, Evidence, Tally

GOAL = "goal"


def harm_in(measure: str, evidence: Evidence, watched: int = 1) -> str:
    """`goal`, `value` or the guard's name if the moment makes it worse, or "". `watched` measures, of all moments
    together, share the error rate: one of them is wrongly named with probability alpha."""
    kind, _, guard = measure.partition("/")
    match kind:
        case "guard":
            return guard if worsens(evidence, ALPHA / watched) else ""
        case "value":
            return measure if harms(evidence, ALPHA / watched, AMOUNTS_NEEDED) else ""
        case "":
            return GOAL if harms(evidence, ALPHA / watched) else ""
    return ""


def harm_of(tally: Tally, watched: int = 1) -> str:
    """The first measure of a moment that is worse because of it, or ""."""
    measures = {CONVERSION: tally.evidence, **tally.measures}
    return next((harmed for name, one in measures.items() if (harmed := harm_in(name, one, watched))), "")
