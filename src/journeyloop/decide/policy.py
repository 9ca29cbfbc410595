"""The contact policy: consent, rests, rolling caps. Each rule answers with a reason, or None where it permits."""

from __future__ import annotations

from journeyloop.model.customer import Contact, Customer
from journeyloop.model.frame import Frame
from journeyloop.model.moment import Action, Moment


def consent(customer: Customer, moment: Moment, action: Action, frame: Frame) -> str | None:
    """A purpose that requires consent needs one on record; an unknown purpose is never permitted."""
    return frame.plan.policy.refusal(customer.header, moment.purpose, action.channel)


def rest(customer: Customer, moment: Moment, frame: Frame) -> str | None:
    """A dismissed topic rests."""
    return f"resting: {moment.topic}" if customer.header.rests.get(moment.topic, 0) > frame.now else None


def caps(customer: Customer, moment: Moment, action: Action, frame: Frame) -> str | None:
    """Rolling windows over contacts that were made or are reserved."""
    wanted = Contact(frame.now, moment.name, action.name, moment.topic, action.channel, b"")
    return frame.plan.policy.capped(wanted, customer.header.contacts)


def limit(customer: Customer, moment: Moment, action: Action, now: int) -> str | None:
    """The action's own limit per person."""
    if action.limit is None:
        return None
    made = sum(
        contact.moment == moment.name and contact.action == action.name and contact.at > now - action.limit.within
        for contact in customer.header.contacts
    )
    return f"limit: {action.limit.at_most} for {action.name}" if made >= action.limit.at_most else None
