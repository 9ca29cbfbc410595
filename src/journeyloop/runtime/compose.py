"""From a committed intent to what its channel is handed: filled for this person, and addressed."""

from __future__ import annotations

from journeyloop.act.render import render
from journeyloop.model.effects import Send
from journeyloop.model.moment import Action
from journeyloop.model.plan import Plan
from journeyloop.runtime.channels import Message
from journeyloop.runtime.unsubscribe import Ending, link


def compose(send: Send, plan: Plan, secret: bytes) -> Message:
    """Raises Unrenderable: the content cannot be filled for this person."""
    delivery = send.delivery
    moment = plan.moments[delivery.moment]
    action = moment.action(delivery.action)
    assert action is not None  # the intent was written under this plan, or the last look has stopped it
    leaving = _way_out(send, plan, secret)
    return Message(
        id=delivery.decision.hex(),
        moment=moment.name,
        action=action.name,
        purpose=moment.purpose,
        person=send.person.hex(),
        to=send.to,
        content=filled(action, send, leaving),
        expires=delivery.expires,
        unsubscribe=leaving if plan.endable(moment, delivery.channel) else "",
        user_id=send.user_id,
    )


def filled(action: Action, send: Send, leaving: str = "") -> dict[str, object]:
    """The content with every text filled. Raises Unrenderable."""
    profile = send.profile if send.vouched else {}
    return render(action.content, profile, {"unsubscribe_url": leaving} if leaving else {})


def _way_out(send: Send, plan: Plan, secret: bytes) -> str:
    """The link by which this person ends such e-mails, if people can reach this server."""
    if not plan.public_url or plan.channels.get(send.delivery.channel) != "email":
        return ""
    purpose = plan.moments[send.delivery.moment].purpose
    return link(plan.public_url, Ending(send.person, purpose, send.delivery.channel), secret)
