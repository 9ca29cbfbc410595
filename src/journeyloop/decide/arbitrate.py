"""Choose among the eligible, silence included. A pure function of what a decision records, so that a replay repeats it.

Until arms are learned, `cautious` and `full` explore uniformly over the eligible and silence (K counts silence).
"""

from __future__ import annotations

from msgspec import Struct

from journeyloop.model.decision import SignalRow, Verdict


class Choice(Struct):
    """`index` into the candidates, None for silence; `propensities` one per candidate (silence has the rest)."""

    index: int | None
    propensities: list[float]
    reason: str


def arbitrate(rows: list[SignalRow], candidates: list[Verdict], draw: float) -> Choice:
    """Rules first, then exploration, then shadows; nothing eligible is silence with the first reason met.

    Args:
        rows: one per moment taking part, in plan order.
        candidates: every action of every such moment with its verdict.
        draw: uniform in [0, 1).
    """
    modes = {row.moment: row.mode for row in rows}
    eligible = [index for index, one in enumerate(candidates) if one.verdict == "eligible"]
    fixed = [index for index in eligible if modes[candidates[index].moment] == "fixed"]
    explored = [index for index in eligible if modes[candidates[index].moment] in ("cautious", "full")]
    shadow = [index for index in eligible if modes[candidates[index].moment] == "shadow"]
    if fixed:
        return _certain(fixed[0], candidates, "the first eligible action, as written")
    if explored:
        return _uniform(explored, candidates, draw)
    if shadow:
        return _certain(shadow[0], candidates, "shadow: decided, not sent")
    return Choice(None, [0.0] * len(candidates), silence_reason(candidates))


def silence_reason(candidates: list[Verdict]) -> str:
    """The reason that stopped the candidate that came furthest is the one worth telling; they are listed in order."""
    if not candidates:
        return "no candidates"
    return next((one.verdict for one in candidates if not one.verdict.startswith("other_placement")), "other_placement")


def _certain(index: int, candidates: list[Verdict], reason: str) -> Choice:
    return Choice(index, [1.0 if at == index else 0.0 for at in range(len(candidates))], reason)


def _uniform(among: list[int], candidates: list[Verdict], draw: float) -> Choice:
    options = len(among) + 1
    picked = int(draw * options)
    chosen = among[picked] if picked < len(among) else None
    propensities = [1.0 / options if at in among else 0.0 for at in range(len(candidates))]
    return Choice(chosen, propensities, "explored" if chosen is not None else "explored: silence")
