"""The contact policy: consent, rests, rolling caps. Each rule answers with a reason, or None where it permits."""

from __future__ import annotations

from journeyloop.model.customer import Contact, Customer
from journeyloop.model.frame import Frame
from journeyloop.model.moment import Action, Moment, span
from journeyloop.model.policy import Cap


def consent(customer: Customer, purpose: str, frame: Frame) -> str | None:
    """A purpose that requires consent needs one on record; an unknown purpose is never permitted."""
    return frame.plan.policy.refusal(purpose, customer.header.stated(purpose))


def rest(customer: Customer, moment: Moment, frame: Frame) -> str | None:
    """A dismissed topic rests."""
    return f"resting: {moment.topic}" if customer.header.rests.get(moment.topic, 0) > frame.now else None


def caps(customer: Customer, moment: Moment, action: Action, frame: Frame) -> str | None:
    """Rolling windows over contacts that were made or are reserved."""
    for cap in frame.plan.policy.caps:
        if not _applies(cap, moment, action):
            continue
        made = sum(_counts(contact, cap, frame.now) for contact in customer.header.contacts)
        if made >= cap.at_most:
            return f"cap: {cap.at_most} per {_scope(cap)}"
    return None


def limit(customer: Customer, moment: Moment, action: Action, now: int) -> str | None:
    """The action's own limit per person."""
    if action.limit is None:
        return None
    made = sum(
        contact.moment == moment.name and contact.action == action.name and contact.at > now - action.limit.within
        for contact in customer.header.contacts
    )
    return f"limit: {action.limit.at_most} for {action.name}" if made >= action.limit.at_most else None


def _applies(cap: Cap, moment: Moment, action: Action) -> bool:
    return (
        cap.channel in (None, action.channel)
        and cap.topic in (None, moment.topic)
        and cap.moment in (None, moment.name)
    )


def _counts(contact: Contact, cap: Cap, now: int) -> bool:
    return (
        contact.at > now - cap.within
        and cap.channel in (None, contact.channel)
        and cap.topic in (None, contact.topic)
        and cap.moment in (None, contact.moment)
    )


def _scope(cap: Cap) -> str:
    of = next((f" and {name}" for name in (cap.channel, cap.topic, cap.moment) if name), "")
    return f"person{of} in {span(cap.within)}"


def horizon(frame: Frame) -> int:
    """How long a contact must be remembered (ms)."""
    windows = [cap.within for cap in frame.plan.policy.caps]
    for moment in frame.plan.moments.values():
        windows += [action.limit.within for action in moment.actions if action.limit]
    return max(windows, default=0)
