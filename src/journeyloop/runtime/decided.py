"""A decision as JSON: what each candidate was expected to bring, what was chosen and why, and what became of it."""

from __future__ import annotations

from typing import Any

from journeyloop.model.arm import sigmoid
from journeyloop.model.decision import Decision, Delivery, SignalRow, Verdict
from journeyloop.model.plan import Plan
from journeyloop.runtime import records
from journeyloop.runtime.ports import Reader


def decision(reader: Reader, made: Decision, plan: Plan) -> dict[str, Any]:
    """One decision with all it used. `plan` only names currencies: those of the moments as they are now."""
    raw = reader.get("deliveries", made.id)
    delivery = None if raw is None else records.decode_delivery(raw)
    learned = {row.moment: row.learned for row in made.rows}
    return {
        "id": made.id.hex(),
        "person": made.person.hex(),
        "at": made.at,
        "state": made.state if delivery is None else delivery.state,
        "state_reason": made.reason if delivery is None else delivery.reason,
        "action": None if made.chosen is None else {"moment": made.chosen[0], "action": made.chosen[1]},
        "reason": made.reason,
        "explored": made.reason.startswith("explored"),
        "propensity": _propensity(made),
        "versus": made.versus or None,
        "plan": made.plan,
        "board": made.board,
        "draw": made.draw,
        "expires": made.expires,
        "not_before": made.not_before or None,
        "moments": [_moment(reader, made, row, plan) for row in made.rows],
        "candidates": [_candidate(one, learned[one.moment]) for one in made.candidates],
        **_became(delivery),
    }


def _moment(reader: Reader, made: Decision, row: SignalRow, plan: Plan) -> dict[str, Any]:
    """One moment that took part. `silence` is the forecast without contact, `forecast` what the evidence expected."""
    moment = plan.moment(row.moment)
    treated, held_out = row.forecast
    return {
        "moment": row.moment,
        "arm": row.arm,
        "mode": row.mode,
        "moved": row.moved,
        "explore": row.explore,
        "signal_at": row.signal_at,
        "closes": row.closes,
        "confidence": row.confidence,
        "doubts": row.doubts,
        "learned": row.learned,
        "silence": _chance(row.silence, row.silence_sd) if row.learned else None,
        "worth": row.worth if row.learned else None,
        "currency": moment.goal.currency if moment else None,
        "goal": moment.goal.event if moment else None,
        "forecast": {"treated": treated, "holdout": held_out},
        "outcome": _outcome(reader, made.id, row.moment),
    }


def _candidate(one: Verdict, learned: bool) -> dict[str, Any]:
    told = {
        "moment": one.moment,
        "action": one.action,
        "channel": one.channel,
        "verdict": one.verdict,
        "propensity": one.propensity,
    }
    if not learned:
        return told
    return {
        **told,
        "chance": _chance(one.mean, one.sd),
        "value": one.value,
        "cost": one.cost,
        "weight": one.weight,
        "increment": one.increment,
    }


def _chance(mean: float, sd: float) -> dict[str, float]:
    """Log-odds as the probability of the goal, its deviation by the delta method; and as they were recorded."""
    p = sigmoid(mean)
    return {"mean": p, "sd": sd * p * (1.0 - p), "log_odds": mean, "log_odds_sd": sd}


def _propensity(made: Decision) -> float:
    """The probability of what was chosen; silence has what the candidates leave."""
    if made.chosen is None:
        return max(0.0, 1.0 - sum(one.propensity for one in made.candidates))
    return next((one.propensity for one in made.candidates if (one.moment, one.action) == made.chosen), 0.0)


def _outcome(reader: Reader, decision_id: bytes, moment: str) -> dict[str, Any] | None:
    """What became of the moment's window; None while it is open."""
    raw = reader.get("outcomes", decision_id + moment.encode())
    if raw is None:
        return None
    found = records.decode_outcome(raw)
    return {"outcome": found.outcome, "goal_at": found.goal_at, "value": found.value}


def _became(delivery: Delivery | None) -> dict[str, Any]:
    return {
        "shown": delivery.shown if delivery else 0,
        "clicked": delivery.clicked if delivery else 0,
        "dismissed": delivery.dismissed if delivery else 0,
        "recalled": delivery.recalled if delivery else "",
        "recalled_at": delivery.recalled_at or None if delivery else None,
        "ended": delivery.ended or None if delivery else None,
    }
