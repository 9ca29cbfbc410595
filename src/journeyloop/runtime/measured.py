"""What a moment has come to, for `GET /v1/moments`: the effect on each thing measured, the verdict, and what the arms
know."""

from __future__ import annotations

from typing import Any

from msgspec import to_builtins

from journeyloop.learn import uplift
from journeyloop.learn.evidence import AMOUNTS_NEEDED, GOALS_NEEDED
from journeyloop.learn.ratio import ratio_alarm
from journeyloop.learn.verdict import verdict
from journeyloop.model.arm import BORN_AT, Arms
from journeyloop.model.board import VALUE, Board, Evidence, Tally
from journeyloop.model.budget import MICROS, left
from journeyloop.model.moment import DAY, Moment
from journeyloop.model.plan import Plan


def measured(moment: Moment, tally: Tally, plan: Plan, now: int) -> dict[str, Any]:
    """The effects with their intervals (which hold at every look), the finding in words, the ratio of the arms."""
    share = plan.policy.treated(moment.holdout)
    return {
        "mode_now": moment.mode_now(tally.mode),
        "uplift": _effect(tally.evidence),
        "value": _effect(tally.measures.get(VALUE), AMOUNTS_NEEDED),
        "guards": _under(tally, "guard/"),
        "versus": _under(tally, "versus/"),
        "finding": to_builtins(_finding(moment, tally, plan, share, now)),
        "ratio": _ratio(tally, share),
        "customers": customers(tally),
    }


def models(arms: dict[str, Arms]) -> list[dict[str, Any]]:
    """`GET /v1/models`: one line per arm; `responses` learned, `waiting` for their turn."""
    return [
        {
            "moment": moment,
            "action": name or None,
            "responses": one.seen[index],
            "waiting": len(one.waiting.get(name, ())),
            "born": one.born,
            "born_at": BORN_AT,
        }
        for moment, one in sorted(arms.items())
        for index, name in enumerate(one.names)
    ]


def budgets(plan: Plan, board: Board, now: int) -> list[dict[str, Any]]:
    """What is left of each budget, and what its price is."""
    return [
        {
            "of": one.of,
            "at_most": one.at_most,
            "within": one.within,
            "left": left(one, board.spent.get(one.of), now) / MICROS,
            "price": board.prices.get(one.of, 0.0),
        }
        for one in plan.policy.budgets
    ]


def _effect(evidence: Evidence | None, needed: int = GOALS_NEEDED) -> Any:
    found = None if evidence is None else uplift(evidence, needed=needed)
    return None if found is None else to_builtins(found)


def _under(tally: Tally, prefix: str) -> dict[str, Any]:
    found = {name.removeprefix(prefix): one for name, one in tally.measures.items() if name.startswith(prefix)}
    return {name: _effect(one) for name, one in found.items()}


def _finding(moment: Moment, tally: Tally, plan: Plan, share: float, now: int) -> Any:
    days = max(1.0, (now - tally.began) / DAY) if tally.began else 1.0
    rate = tally.counts.get("signals", 0) / days
    return verdict(tally, 1.0 - share, rate, watched=plan.measures)


def _ratio(tally: Tally, share: float) -> dict[str, Any]:
    """Customers per arm under the share in force, or under an earlier one that raises an alarm: the logarithm of the
    evidence that something is wrong with them."""
    groups = [_alarmed(one) for one in customers(tally)]
    now = {"share": share, "treated": 0, "holdout": 0, "alarm": None}
    standing = [one for one in groups if abs(one["share"] - share) < 1e-6]
    return next((one for one in [*groups, *standing] if one["alarm"] is not None), standing[-1] if standing else now)


def customers(tally: Tally) -> list[dict[str, Any]]:
    """How many people were drawn into each arm, per share of treated that was in force: each has its own ratio."""
    flat = tally.counts
    shares = sorted({key.split()[1].rstrip(":") for key in flat if key.startswith("customers ")})
    return [
        {"share": float(share), **{arm: flat.get(f"customers {share}: {arm}", 0) for arm in ("treated", "holdout")}}
        for share in shares
    ]


def _alarmed(group: dict[str, Any]) -> dict[str, Any]:
    return {**group, "alarm": ratio_alarm(group["treated"], group["holdout"], group["share"])}
