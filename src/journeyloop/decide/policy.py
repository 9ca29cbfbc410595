"""The contact policy: consent, rolling caps, hours, budgets. Each rule answers with a reason, or None if it permits."""

from __future__ import annotations

from journeyloop.model.customer import Contact, Customer
from journeyloop.model.frame import Frame
from journeyloop.model.hours import untimely
from journeyloop.model.moment import Action, Moment
from journeyloop.model.policy import reserved
from journeyloop.model.profile import place


def consent(customer: Customer, moment: Moment, action: Action, frame: Frame) -> str | None:
    """A purpose that requires consent needs one on record; an unknown purpose is never permitted."""
    return frame.plan.policy.refusal(customer.header, moment.purpose, action.channel)


def hours(customer: Customer, action: Action, at: int, frame: Frame) -> str | None:
    """Quiet hours, and the action's own, at the time it would be sent."""
    kept = frame.plan.policy.hours(action)
    return untimely(kept, at, place(customer)) if kept else None


def caps(customer: Customer, moment: Moment, action: Action, at: int, frame: Frame) -> str | None:
    """Rolling windows around when it would be sent, over contacts that were made or are reserved."""
    wanted = Contact(at, moment.name, action.name, moment.topic, action.channel, b"")
    return frame.plan.policy.capped(wanted, reserved(customer.header, frame.now))


def limit(customer: Customer, moment: Moment, action: Action, now: int) -> str | None:
    """The action's own limit per person."""
    if action.limit is None:
        return None
    made = sum(
        contact.moment == moment.name and contact.action == action.name and contact.at > now - action.limit.within
        for contact in customer.header.contacts
    )
    return f"limit: {action.limit.at_most} for {action.name}" if made >= action.limit.at_most else None


def budgets(action: Action, frame: Frame) -> str | None:
    """What is left of the budgets it would need, by the board and by what this input has promised."""
    for budget in frame.plan.policy.budgets:
        wanted = budget.takes(action)
        if wanted > max(0, frame.left(budget)):
            return f"budget: {budget.of}"
    return None


def pace(frame: Frame) -> None:
    """A slice of a budget's time is over: its price is adjusted, whether anybody spends or not."""
    for budget in frame.plan.policy.budgets:
        spent = frame.board.spent.get(budget.of)
        if spent is None or spent.width != budget.width or frame.now // budget.width > spent.paced:
            frame.spend(budget)
