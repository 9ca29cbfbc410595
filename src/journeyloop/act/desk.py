"""The agent's desk: a message there waits until an agent asks. Handed over, it is sent; asked again, it is the same.

What an agent was told cannot be unsaid, but it can be taken off the desk while it is unanswered.
"""

from __future__ import annotations

from journeyloop.act.life import move
from journeyloop.act.render import unrenderable
from journeyloop.model.customer import Customer
from journeyloop.model.decision import Delivery
from journeyloop.model.frame import Frame
from journeyloop.model.plan import Plan
from journeyloop.model.profile import profile_values
from journeyloop.model.reach import DESK


def at_desk(delivery: Delivery, plan: Plan) -> bool:
    """Whether it waits for an agent, and not for a page or a courier."""
    return plan.channels.get(delivery.channel) == DESK


def answered(delivery: Delivery) -> bool:
    return bool(delivery.clicked or delivery.dismissed)


def in_hand(customer: Customer, now: int, plan: Plan) -> Delivery | None:
    """What an agent has been handed and may still answer."""
    found = [
        one
        for one in customer.header.deliveries
        if one.state == "sent" and at_desk(one, plan) and not (answered(one) or one.recalled) and now < one.expires
    ]
    return found[-1] if found else None


def waiting(customer: Customer, now: int, plan: Plan) -> list[Delivery]:
    """What an agent would be handed, oldest first, if nothing speaks against it by then."""
    return [
        one
        for one in customer.header.deliveries
        if one.state == "due" and at_desk(one, plan) and one.not_before <= now < one.expires
    ]


def unanswerable(delivery: Delivery, plan: Plan) -> bool:
    """Whether no answer of an agent counts: it is in nobody's hand, or there was one."""
    return at_desk(delivery, plan) and (delivery.state != "sent" or answered(delivery))


def take(customer: Customer, delivery: Delivery, refusal: str | None, frame: Frame) -> bool:
    """Hand one over, in the same commit as its intent, or end it here."""
    moment = frame.plan.moment(delivery.moment)
    action = moment.action(delivery.action) if moment else None
    if action is not None and refusal is None:
        refusal = unrenderable(action.content, profile_values(customer, frame.now, frame.plan.computed))
    move(customer, delivery, "suppressed" if refusal else "sent", refusal or "an agent asked", frame)
    return refusal is None
