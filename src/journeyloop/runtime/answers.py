"""What somebody who asks for a placement is told: a decision in the words of the API, or what it would be now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from journeyloop.act.render import Unrenderable, rendered
from journeyloop.model.decision import Decision
from journeyloop.model.effects import Answer
from journeyloop.model.inputs import Asked
from journeyloop.model.plan import Plan
from journeyloop.runtime.batch import Batch
from journeyloop.runtime.catalogue import homed
from journeyloop.runtime.compose import tags_of
from journeyloop.runtime.memory import Memory
from journeyloop.runtime.ports import Reader, Snapshot


def answered(answer: Answer, placement: str, plan: Plan) -> dict[str, Any]:
    """`{"action": …, "content": …}`, or `{"action": None, "reason": …}`."""
    if answer.decision is not None:
        return _decided(answer, answer.decision, plan)
    what = f"for placement {placement} is true for this person"
    if placement not in plan.by_ask:
        what = f"answers for placement {placement}"
    return {"action": None, "reason": f"no moment {what}", "decision_id": None}


def _decided(answer: Answer, decision: Decision, plan: Plan) -> dict[str, Any]:
    base = {"decision_id": decision.id.hex(), "reason": decision.reason}
    if decision.chosen is None or decision.state == "shadow":
        return {"action": None, **base}
    moment = plan.moments[decision.chosen[0]]
    action = next(one for one in moment.actions if one.name == decision.chosen[1])
    try:
        content = rendered(action, answer.profile, homed(answer.given, plan), tags=tags_of(plan, moment, action))
    except Unrenderable as error:
        return {"action": None, **base, "reason": f"content: {error}"}
    return {
        "action": action.name, "moment": moment.name, "channel": action.channel, "placement": action.placement,
        "content": content, "expires": decision.expires, **base,
    }  # fmt: skip


def previewed(reader: Reader, secret: bytes, plan: Plan, asks: Sequence[Asked], now: int) -> dict[str, dict[str, Any]]:
    """What these asks would be answered now. The same turns, over a copy that is thrown away. Only the arms of what is
    asked for are read: all of them can be many megabytes, and everybody waits meanwhile."""
    asked = [moment.name for ask in asks for moment in plan.by_ask.get(ask.placement, ())]
    batch = Batch(Snapshot(reader), Memory(secret, plan, reader, asked), {plan.hash: plan}.__getitem__)
    for ask in asks:
        batch.apply(ask, now)
    told = {one.request_id: one for one in batch.effects if isinstance(one, Answer)}
    found = {ask.placement: answered(told[ask.request_id], ask.placement, plan) for ask in asks}
    return {name: {**one, "decision_id": None, "preview": True} for name, one in found.items()}
