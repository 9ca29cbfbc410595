"""Which channel comes first: a page while a tab is open, then the next by which the person can be reached now.

Only where policy.yaml says `fallback`, and only among what would be sent at once: what waits is another candidate, so
that the loop can learn when. Somebody who asks for a placement waits for an answer on this very page.
"""

from __future__ import annotations

from journeyloop.model.customer import Customer
from journeyloop.model.decision import ELIGIBLE, Verdict
from journeyloop.model.frame import Frame
from journeyloop.model.moment import Action, Moment
from journeyloop.model.reach import ONPAGE, unreachable


def no_tab(customer: Customer, moment: Moment, action: Action, frame: Frame) -> str | None:
    """Why a page is no way to this person now, or None. Where there is no other way, it may wait for one."""
    if not frame.plan.policy.fallback or action.channel != ONPAGE or action.placement is not None or action.after.waits:
        return None
    if customer.header.presence.open(frame.epoch):
        return None
    ways = frame.plan.channels
    others = (one.channel for one in moment.actions if one.channel != ONPAGE and one.channel in ways)
    return "unreachable: no tab is open" if any(not unreachable(customer, ways[one]) for one in others) else None


def first_channel(moment: Moment, verdicts: list[Verdict], placement: str | None, frame: Frame) -> None:
    """Of the eligible of one moment that would be sent at once, those of the first channel stay."""
    policy = frame.plan.policy
    if not policy.fallback or placement is not None:
        return
    pairs = zip(moment.actions, verdicts, strict=True)
    now = [one for action, one in pairs if one.verdict == ELIGIBLE and not action.after.waits]
    if now:
        first = min(now, key=lambda one: policy.rank(one.channel)).channel
        for one in now:
            if one.channel != first:
                one.verdict = f"priority: {first} comes first"
