"""From a committed intent to what its channel is handed: filled for this person, and addressed."""

from __future__ import annotations

from journeyloop.act.render import render
from journeyloop.model.effects import Send
from journeyloop.model.moment import Action
from journeyloop.model.plan import Plan
from journeyloop.runtime.channels import Message


def compose(send: Send, plan: Plan) -> Message:
    """Raises Unrenderable: the content cannot be filled for this person, or its action is gone."""
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
        content=filled(action, send),
        expires=delivery.expires,
        user_id=send.user_id,
    )


def filled(action: Action, send: Send) -> dict[str, object]:
    """The content with every text filled. Raises Unrenderable."""
    return render(action.content, send.profile if send.vouched else {})
