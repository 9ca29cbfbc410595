"""May this action be a candidate for this person now? One verdict each: `eligible`, or the first reason against it."""

from __future__ import annotations

from journeyloop.decide import policy
from journeyloop.decide.priority import no_tab
from journeyloop.model.customer import Customer
from journeyloop.model.decision import ELIGIBLE, Verdict
from journeyloop.model.frame import Frame
from journeyloop.model.moment import Action, Moment
from journeyloop.model.profile import Scene
from journeyloop.model.reach import unreachable
from journeyloop.model.signal import Signal

WAITING = ("due", "intent")


def judge(
    customer: Customer, signal: Signal, action: Action, arm: str, placement: str | None, read: Scene, frame: Frame
) -> Verdict:
    """The holdout comes first, then whether it could be sent at all, then whether it should."""
    moment = signal.moment
    truths = action.where.truths(read.activation, read.values)
    begins, until = when(customer, signal, action, frame.now)
    reason = (
        (f"held out: {arm}" if arm != "treated" else None)
        or frame.board.stops(moment.name, action.channel)
        or _possible(customer, moment, action, placement, frame)
        or _stale(customer, moment, frame.now)
        or action.where.reason(truths, read.values)
        or policy.consent(customer, moment, action, frame)
        or customer.header.resting(moment.topic, frame.now)
        or customer.header.held(moment.topic, moment.purpose, begins)
        or policy.hours(customer, action, begins, frame)
        or policy.caps(customer, moment, action, begins, frame)
        or policy.limit(customer, moment, action, frame.now)
        or (action.unless.refusal(moment.name, customer.header.acted) if action.unless else None)
        or policy.budgets(action, frame)
        or _occupied(customer, action, begins, until, frame.now)
    )
    verdict = Verdict(moment.name, action.name, action.channel, reason or ELIGIBLE, 0.0, list(truths))
    verdict.versus = action.versus or ""
    return verdict


def _possible(customer: Customer, moment: Moment, action: Action, placement: str | None, frame: Frame) -> str | None:
    return (
        frame.plan.unable(moment, action)
        or ("other_placement" if action.placement != placement else None)
        or unreachable(customer, frame.plan.channels[action.channel])
        or no_tab(customer, moment, action, frame)
    )


def _stale(customer: Customer, moment: Moment, now: int) -> str | None:
    """`fresh:` asks that a trait was stated recently; one never stated is stale."""
    for name, age in moment.fresh.items():
        stated = customer.traits.get(name.removeprefix("traits."))
        if stated is None or stated[1] < now - age:
            return f"stale_context: {name}"
    return None


def when(customer: Customer, signal: Signal, action: Action, now: int) -> tuple[int, int]:
    """(when it would be sent, when it would be stale)."""
    begins = action.after.begins(now, customer.sealed.context.value("time_zone"))
    return begins, begins + signal.moment.expires if begins > now else signal.expires


def _occupied(customer: Customer, action: Action, begins: int, until: int, now: int) -> str | None:
    """One message at a time per channel: no other may wait while this one would. A planned one waits from its time."""
    waiting = any(
        one.channel == action.channel
        and one.state in WAITING
        and one.not_before < until
        and (begins <= now or begins < one.expires)
        for one in customer.header.deliveries
    )
    return f"occupied: {action.channel}" if waiting else None
