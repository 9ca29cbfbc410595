"""Choose among the eligible, silence included. A pure function of what a decision records, so that a replay repeats it.

Rules first (`fixed`), then what is learned (`cautious`, `full`), then shadows. Moments whose arms are not born yet
explore uniformly over their candidates and silence; where they meet moments that know, each side has the share of its
candidates. K counts silence.
"""

from __future__ import annotations

from msgspec import Struct

from journeyloop.decide.score import option
from journeyloop.model.decision import SignalRow, Verdict
from journeyloop.model.ranking import rank

COIN = 2.0**40


class Choice(Struct):
    """`index` into the candidates, None for silence; `propensities` one per candidate (silence has the rest). `versus`:
    a coin was thrown, and this is the action it fell against."""

    index: int | None
    propensities: list[float]
    reason: str
    versus: str = ""


def arbitrate(rows: list[SignalRow], candidates: list[Verdict], draw: float) -> Choice:
    """Rules first, then exploration, then shadows; nothing eligible is silence with the first reason met. Where what is
    chosen has a comparator that may be sent too, a coin decides between them.

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
        first = _certain(fixed[0], candidates, "the first eligible action, as written")
        return _tossed(first, candidates, draw)
    if explored:
        return _tossed(_learned(explored, rows, candidates, draw), candidates, draw)
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


def _learned(among: list[int], rows: list[SignalRow], candidates: list[Verdict], draw: float) -> Choice:
    """Those that know nothing yet beside those that do."""
    known = {row.moment for row in rows if row.learned}
    new = [index for index in among if candidates[index].moment not in known]
    old = [index for index in among if candidates[index].moment in known]
    share = len(new) / len(among)
    drawn = draw < share
    one = _uniform(new, draw / share if drawn else 0.0) if new else NOTHING
    other = _ranked(old, rows, candidates, 0.0 if drawn else (draw - share) / (1.0 - share)) if old else NOTHING
    propensities = [0.0] * len(candidates)
    for part, (_, _, own) in ((share, one), (1.0 - share, other)):
        for index, propensity in own.items():
            propensities[index] = part * propensity
    chosen, reason, _ = one if drawn else other
    return Choice(chosen, propensities, reason)


def _tossed(choice: Choice, candidates: list[Verdict], draw: float) -> Choice:
    """A comparator has half of what its action would have had. It is an ordinary candidate too."""
    pairs = {index: other for index in range(len(candidates)) if (other := _comparator(candidates, index)) is not None}
    if not pairs:
        return choice
    propensities = list(choice.propensities)
    for index, other in pairs.items():
        half = choice.propensities[index] / 2.0
        propensities[index] -= half
        propensities[other] += half
    picked = choice.index
    if picked is None or picked not in pairs:
        return Choice(picked, propensities, choice.reason)
    sent, left = (picked, pairs[picked]) if _coin(draw) else (pairs[picked], picked)
    against = candidates[left].action
    return Choice(sent, propensities, f"{choice.reason}, by a coin against {against}", against)


def _comparator(candidates: list[Verdict], index: int) -> int | None:
    """The place of this candidate's comparator, if both may be sent."""
    one = candidates[index]
    if not one.versus or one.verdict != "eligible":
        return None
    wanted = (one.moment, one.versus, "eligible")
    return next((at for at, two in enumerate(candidates) if (two.moment, two.action, two.verdict) == wanted), None)


def _coin(draw: float) -> bool:
    """A bit of the draw far behind those that choose, so that it is independent of the choice."""
    return int(draw * COIN) % 2 == 0


Part = tuple[int | None, str, dict[int, float]]
"""What one side would choose, why, and the propensity of each of its candidates."""
NOTHING: Part = (None, "", {})


def _uniform(among: list[int], draw: float) -> Part:
    options = len(among) + 1
    picked = int(draw * options)
    chosen = among[picked] if picked < len(among) else None
    reason = "explored" if chosen is not None else "explored: silence"
    return chosen, reason, dict.fromkeys(among, 1.0 / options)


def _ranked(among: list[int], rows: list[SignalRow], candidates: list[Verdict], draw: float) -> Part:
    of = {row.moment: (row, base) for base, row in enumerate(rows)}
    options = [option(of[one.moment][0], one, of[one.moment][1]) for one in (candidates[index] for index in among)]
    explore = max((of[candidates[index].moment][0].explore for index in among), default=0.0)
    ranked = rank(options, explore, draw)
    chosen = None if ranked.index is None else among[ranked.index]
    propensities = dict(zip(among, ranked.propensities, strict=True))
    if ranked.explored:
        return chosen, "explored" if chosen is not None else "explored: silence", propensities
    return chosen, "adds the most" if chosen is not None else "silence: no action adds enough", propensities
