"""May somebody else's message go to this person now? Answered by the rules that hold for ours; nothing is kept of it.

What is ours alone does not matter here: whether a channel is configured, an action's own limit, which placement.
"""

from __future__ import annotations

from msgspec import Struct

from journeyloop.decide.holdout import UNIVERSAL, draw
from journeyloop.model.budget import MICROS
from journeyloop.model.customer import Contact, Customer
from journeyloop.model.frame import Frame
from journeyloop.model.hours import quiet_end
from journeyloop.model.identifier import Identifier
from journeyloop.model.permission import against
from journeyloop.model.profile import place
from journeyloop.model.reach import MISSING, USUAL, VERIFIED

STEPS = 16
"""What ends one rule may begin another: after so many nobody can plan with the answer."""


class Wanted(Struct, frozen=True):
    """A message as its sender describes it. `address`: where it would go, if that is how they ask."""

    purpose: str
    channel: str
    topic: str = ""
    address: Identifier | None = None


class Permission(Struct, frozen=True):
    """`until`: the first time (ms) at which nothing that is known now speaks against it any more; None: no such time
    is known, or nothing speaks against it."""

    reasons: list[str]
    until: int | None = None


def may_send(customer: Customer, wanted: Wanted, frame: Frame) -> Permission:
    """Every reason against it. Of somebody whom nobody knows, the customer is empty."""
    lasting = _lasting(customer, wanted, frame)
    passing = _passing(customer, wanted, frame.now, frame)
    if lasting or not passing:
        return Permission(lasting + passing)
    return Permission(passing, _until(customer, wanted, frame))


def _lasting(customer: Customer, wanted: Wanted, frame: Frame) -> list[str]:
    """What time alone does not end."""
    policy, budgets = frame.plan.policy, frame.plan.policy.budgets
    spent = any(one.of == "contacts" and frame.left(one) < MICROS for one in budgets)
    reasons = (
        frame.board.stops("", wanted.channel),
        _held_out(customer, frame),
        _unverified(customer, wanted, frame),
        policy.refusal(customer.header, wanted.purpose, wanted.channel),
        "budget: contacts" if spent else None,
    )
    return [reason for reason in reasons if reason]


def _passing(customer: Customer, wanted: Wanted, at: int, frame: Frame) -> list[str]:
    policy = frame.plan.policy
    kept = policy.quiet(wanted.channel)
    return [
        reason
        for reason in against(customer, _contact(wanted, at), wanted.purpose, kept, policy)
        if not reason.startswith("consent: ")
    ]


def _contact(wanted: Wanted, at: int) -> Contact:
    return Contact(at, "", "", wanted.topic, wanted.channel, b"")


def _held_out(customer: Customer, frame: Frame) -> str | None:
    """By the arm that is stored, or that would be drawn; of somebody who is nobody yet, none."""
    header, share = customer.header, frame.plan.policy.holdout
    arm = header.arms.get(UNIVERSAL)
    if arm is None and header.person:
        arm = "holdout" if draw(frame.secret, UNIVERSAL, header.person) < share else "treated"
    return None if arm in (None, "treated") else "held out: mixed" if arm == "mixed" else "held out: holdout: universal"


def _unverified(customer: Customer, wanted: Wanted, frame: Frame) -> str | None:
    """An address that we know and nobody vouched for. One that we have never heard of is its sender's business."""
    kind = frame.plan.channels.get(wanted.channel) or USUAL.get(wanted.channel, "anybody")
    if kind not in VERIFIED:
        return None
    known = [name for name in customer.sealed.names if name.type == kind]
    if wanted.address and wanted.address[0] == kind:
        known = [name for name in known if name.value == wanted.address[1]]
    return f"unreachable: {MISSING[kind]}" if known and not any(name.verified for name in known) else None


def _until(customer: Customer, wanted: Wanted, frame: Frame) -> int | None:
    """From the end of one rule to the end of the next, until none is left."""
    at: int | None = frame.now
    for _ in range(STEPS):
        if at is None or not _passing(customer, wanted, at, frame):
            return at
        at = _next(customer, wanted, at, frame)
    return None


def _next(customer: Customer, wanted: Wanted, at: int, frame: Frame) -> int | None:
    """When the last of those rules ends that speak against it at `at`; None: one of them never does."""
    header, policy = customer.header, frame.plan.policy
    ends = [header.rests.get(wanted.topic, 0), *(header.holds.get(name, 0) for name in (wanted.topic, wanted.purpose))]
    kept = policy.quiet(wanted.channel)
    quiet = quiet_end(kept, at, place(customer)) if kept else at
    room = policy.room(_contact(wanted, at), header.contacts)
    return None if quiet is None or room is None else max(at + 1, quiet, room, *ends)
