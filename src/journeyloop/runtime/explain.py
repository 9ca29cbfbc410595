"""Why it fired, or did not, for this person: the last look of the moment at them, told stage by stage."""

from __future__ import annotations

from typing import Any

from journeyloop.model.condition import ABSENT, Clause, look
from journeyloop.model.customer import Customer
from journeyloop.model.look import Look
from journeyloop.model.moment import Moment
from journeyloop.model.plan import Plan
from journeyloop.model.profile import Scene
from journeyloop.runtime import records, telling
from journeyloop.runtime.decided import decision
from journeyloop.runtime.ports import Reader

STAGES = {
    "clause": "a condition does not hold",
    "progress": "not all of it has happened yet",
    "unlikely": "its chance is not known or not high enough",
    "armed": "waiting: the timer is running",
    "cancelled": "cancelled: what it waited not to happen, happened",
    "late": "too late to matter",
    "gated": "stopped by the noise gate",
    "signal": "the signal was raised",
}


def why(reader: Reader, plan: Plan, moment: Moment, customer: Customer | None, now: int) -> dict[str, Any]:
    """`GET /v1/why`: clauses, timer, gate, presence, holdout, policy, decision: how far the moment came."""
    found: dict[str, Any] = {"moment": moment.name, "title": moment.title, "mode": moment.mode, "plan": plan.hash}
    if customer is None:
        return {**found, "stage": "unknown_person", "answer": "Nobody with this identifier has been seen."}
    last = customer.sealed.looks.get(moment.name)
    if last is None:
        return {**found, "stage": "not_seen", "answer": f"No {_listens_for(moment)} was seen from this person."}
    return {
        **found,
        "stage": last.outcome,
        "reason": last.reason,
        "at": last.at,
        "event": last.event,
        "clauses": _clauses(moment, last),
        "timer": _timer(customer, moment, now),
        "presence": _presence(customer),
        "gate": _gate(customer, moment, last),
        "holdout": {"moment": customer.header.arms.get(moment.name), "universal": customer.header.arms.get("*")},
        "policy": plan.policy.refusal(customer.header, moment.purpose)
        or customer.header.held(moment.topic, moment.purpose, now),
        **_decided(reader, plan, moment, last),
    }


def _listens_for(moment: Moment) -> str:
    detect = moment.detect
    if detect.event:
        return f"“{detect.event}” event"
    if detect.steps:
        return f"“{detect.steps[0].event}” event"
    if detect.propensity:
        return "event"
    return f"change of “{detect.crossed}”" if detect.crossed else f"request for placement “{detect.ask}”"


def _clauses(moment: Moment, last: Look) -> list[dict[str, Any]]:
    """Each clause over the values of the last look, those after the first that failed included."""
    read = Scene(last.values)
    return [
        {"clause": clause.text, "result": clause.truth(read.activation, read.values), "read": _read(clause, last)}
        for clause in moment.clauses
    ]


def _read(clause: Clause, last: Look) -> dict[str, Any]:
    """The values the clause saw; null where there was none."""
    values = {".".join(path): look(last.values, path) for path in clause.paths}
    return {path: None if value is ABSENT else value for path, value in values.items()}


def _timer(customer: Customer, moment: Moment, now: int) -> list[dict[str, Any]]:
    return [
        {"armed_at": one.at, "due": one.due, "in_ms": one.due - now}
        for one in customer.header.armed
        if one.moment == moment.name
    ]


def _presence(customer: Customer) -> str:
    presence = customer.header.presence
    if not presence.ever:
        return "unknown: no tab of this person ever connected"
    return "a tab is open" if presence.browsers else "no tab is open"


def _gate(customer: Customer, moment: Moment, last: Look) -> dict[str, Any]:
    return {
        "bot": customer.header.bot,
        "signals_this_session": customer.header.session.signals.get(moment.name, 0),
        "at_most": moment.confirm.at_most,
        "dwell_ms": moment.confirm.dwell,
        "confidence_at_least": moment.confirm.confidence,
        "confidence": last.confidence,
        "doubts": last.doubts,
    }


def _decided(reader: Reader, plan: Plan, moment: Moment, last: Look) -> dict[str, Any]:
    """The decision of the last signal, if one was raised, and the answer in one sentence."""
    stage = STAGES.get(last.outcome, last.outcome)
    answer = f"It did not fire: {stage}{f' ({last.reason})' if last.reason else ''}."
    if last.outcome != "signal":
        return {"fired": False, "answer": answer, "decision": None}
    raw = reader.get("decisions", last.decision) if last.decision else None
    if raw is None:
        return {"fired": True, "answer": "It fired.", "decision": None}
    told = decision(reader, records.decode_decision(raw), plan)
    acted = told["action"] is not None and told["action"]["moment"] == moment.name
    own = [one["verdict"] for one in told["candidates"] if one["moment"] == moment.name]
    if acted:
        reason = told["state_reason"] or told["reason"]
        sentence = f"It fired and chose {told['action']['action']}: {told['state']} ({reason})."
    else:
        refused = told["reason"] if "eligible" in own or not own else own[0]
        sentence = f"It fired and stayed silent: {refused}."
    return {"fired": True, "answer": sentence, "decision": told}


def decided(reader: Reader, plan: Plan, decision_id: bytes) -> dict[str, Any] | None:
    """`GET /v1/decisions/{decision_id}`: the decision, and the same in `words`; None if there is none."""
    raw = reader.get("decisions", decision_id)
    if raw is None:
        return None
    told = decision(reader, records.decode_decision(raw), plan)
    return {**told, "words": telling.in_words(told).splitlines()}


def in_words(told: dict[str, Any]) -> str:
    """What `why` tells, as lines for a terminal."""
    lines = [told["answer"]]
    if told.get("event"):
        lines.append(f"  upon    {told['event']}")
    for clause in told.get("clauses", []):
        read = ", ".join(f"{path} = {value!r}" for path, value in clause["read"].items())
        lines.append(f"  {clause['result']:8}{clause['clause']}    ({read})")
    lines += [f"  timer   due in {timer['in_ms'] / 1000:.0f} s" for timer in told.get("timer", [])]
    if "presence" in told:
        lines.append(f"  tab     {told['presence']}")
        if told["gate"]["confidence"] is not None:
            doubts = "".join(f", {doubt}" for doubt in told["gate"]["doubts"])
            lines.append(f"  sure    {told['gate']['confidence']:.2f}{doubts}")
        lines.append(f"  holdout {told['holdout']['moment'] or 'not drawn yet'}")
        lines.append(f"  policy  {told['policy'] or 'permits'}")
    if told.get("decision"):
        lines += ["", telling.in_words(told["decision"])]
    return "\n".join(lines)
