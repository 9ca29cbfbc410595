"""What an action would say to a person now: for those who write it. Nothing is decided, sent or counted."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from journeyloop.act.render import Unrenderable, rendered, spoken
from journeyloop.model.customer import Customer
from journeyloop.model.effects import Send
from journeyloop.model.moment import Action, Moment
from journeyloop.model.plan import Plan
from journeyloop.runtime.catalogue import Catalogue, Silent, checked
from journeyloop.runtime.channels import Withheld
from journeyloop.runtime.compose import filled, tags_of
from journeyloop.runtime.trial import UNSUBSCRIBE, sample


async def preview(
    plan: Plan, moment: Moment, action: Action, customer: Customer, catalogue: Catalogue, now: int
) -> dict[str, Any]:
    """`content` is what would be sent, None if nothing would be: then `reason` says why, `missing` which fields cannot
    be filled, and `filled` holds the others."""
    send, reason = sample(moment, action, customer, plan, now), ""
    try:
        send = replace(send, given=await checked(send.given, action, plan, catalogue))
        content = filled(send, plan, moment, action, UNSUBSCRIBE)
    except Silent as silent:
        content, reason = None, f"catalogue: {silent}"
    except Withheld as stopped:
        content, reason = None, str(stopped)
    except Unrenderable as error:
        content, reason = None, f"content: {error}"
    parts, missing = _parts(send, plan, moment, action)
    told: dict[str, Any] = {
        "moment": moment.name,
        "action": action.name,
        "channel": action.channel,
        "purpose": moment.purpose,
    }
    told |= {"language": spoken(action, str(send.profile.get("locale") or ""))[0] or None, "html": sorted(action.html)}
    return told | {"content": content, "reason": reason, "missing": missing, "filled": parts}


def _parts(send: Send, plan: Plan, moment: Moment, action: Action) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Each field alone: those that can be filled, and why the others cannot."""
    parts: dict[str, Any] = {}
    missing: list[dict[str, str]] = []
    content = spoken(action, str(send.profile.get("locale") or ""))[1]
    given, tags = send.given | {"unsubscribe_url": UNSUBSCRIBE}, tags_of(plan, moment, action, kept=(UNSUBSCRIBE,))
    for name, value in content.items():
        alone = replace(action, content={name: value}, translations={})
        try:
            parts |= rendered(alone, send.profile, given, tags=tags)
        except Unrenderable as error:
            missing.append({"field": name, "reason": str(error)})
    return parts, missing
