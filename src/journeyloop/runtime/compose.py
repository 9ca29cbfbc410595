"""From a committed intent to what its channel is handed: filled for this person, and addressed."""

from __future__ import annotations

from typing import Any

from journeyloop.act.links import Tags
from journeyloop.act.render import rendered
from journeyloop.model.effects import Send
from journeyloop.model.goods import LISTS
from journeyloop.model.moment import Action, Moment
from journeyloop.model.plan import Plan
from journeyloop.model.reach import ONPAGE
from journeyloop.runtime.channels import Message
from journeyloop.runtime.unsubscribe import Ending, link


def compose(send: Send, plan: Plan, leaving: str) -> Message:
    """`leaving` is where one click ends such messages. Raises Unrenderable: it cannot be filled for this person."""
    delivery = send.delivery
    moment = plan.moments[delivery.moment]
    action = moment.action(delivery.action)
    assert action is not None  # the intent was written under this plan, or the last look has stopped it
    return Message(
        id=delivery.decision.hex(),
        moment=moment.name,
        action=action.name,
        purpose=moment.purpose,
        person=send.person.hex(),
        to=send.to,
        content=filled(send, plan, moment, action, leaving),
        expires=delivery.expires,
        unsubscribe=leaving if plan.endable(moment, delivery.channel) else "",
        user_id=send.user_id,
    )


def filled(send: Send, plan: Plan, moment: Moment, action: Action, unsubscribe: str = "") -> dict[str, Any]:
    """The content with every text filled and every link as it leaves. Raises Unrenderable."""
    profile, given = known(send)
    given = given | ({"unsubscribe_url": unsubscribe} if unsubscribe else {})
    kept = (unsubscribe,) if unsubscribe else ()
    tags = tags_of(plan, moment, action, send.delivery.decision.hex(), kept)
    return rendered(action, profile, given, str(send.profile.get("locale") or ""), tags)


def known(send: Send) -> tuple[dict[str, Any], dict[str, Any]]:
    """Profile and other variables, as far as nobody else can read them where the message goes."""
    if send.vouched:
        return send.profile, send.given
    return {}, {name: value for name, value in send.given.items() if name not in LISTS}


def tags_of(plan: Plan, moment: Moment, action: Action, decision: str = "", kept: tuple[str, ...] = ()) -> Tags:
    """What the links of this action are given."""
    told = {"source": "journeyloop", "medium": action.channel, "campaign": moment.name, "content": action.name}
    utm = {f"utm_{name}": value for name, value in told.items()} if action.utm else {}
    return Tags(plan.site, utm, decision, kept, action.channel == ONPAGE, plan.channels.get(action.channel) == "push")


def way_out(send: Send, plan: Plan, secret: bytes) -> str:
    """The link by which this person ends such e-mails, if people can reach this server."""
    if not plan.public_url or plan.channels.get(send.delivery.channel) != "email":
        return ""
    purpose = plan.moments[send.delivery.moment].purpose
    return link(plan.public_url, Ending(send.person, purpose, send.delivery.channel), secret)
