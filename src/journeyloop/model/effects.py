"""What a turn asks the world to do. Performed after the commit, in order, never inside the turn."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from journeyloop.model.decision import Decision, Delivery
from journeyloop.model.errand import Errand
from journeyloop.model.ledger import Entry


class Decided(Struct, gc=False):
    """Store this decision."""

    decision: Decision


class Resolved(Struct, array_like=True, gc=False):
    """The window of one moment of a decision has closed: `converted`, `ignored` or `void`, when the goal was reached
    (0: not) and what it was worth. `value` is 0 where it was taken back."""

    decision: bytes
    moment: str
    action: str
    outcome: str
    goal_at: int
    value: float


class DeliveryChanged(Struct, gc=False):
    """Store this state of a delivery (a copy)."""

    person: bytes
    delivery: Delivery


class Send(Struct, gc=False):
    """The intent is committed: hand the message to its channel if nothing has stopped it since. `names` are all that
    the person goes by, `to` the addresses its channel can reach them by, `user_id` what their own system calls them.
    `vouched`: whoever reads it there is this person; else it is filled without profile fields. `given` are the
    variables of its templates beside the profile."""

    person: bytes
    delivery: Delivery
    anonymous_ids: list[str]
    profile: dict[str, Any]
    names: list[str] = []
    to: list[str] = []
    user_id: str = ""
    vouched: bool = True
    given: dict[str, Any] = {}


class Queued(Struct, gc=False):
    """This delivery waits, from now on, for a free slot of its channel."""

    person: bytes
    delivery: Delivery


class Reserved(Struct, gc=False):
    """A coupon goes with this decision: nobody else is given its code."""

    pool: str
    code: str
    decision: bytes


class Returned(Struct, gc=False):
    """A coupon that was not handed out after all: its pool has it again."""

    pool: str
    code: str


class Recall(Struct, gc=False):
    """Stop this delivery wherever it still can be stopped, and take it off the screen."""

    person: bytes
    decision: bytes
    reason: str
    anonymous_ids: list[str]


class Answer(Struct, gc=False):
    """The answer to an `Asked`. `content` is rendered by the caller's side of the door."""

    request_id: str
    decision: Decision | None
    profile: dict[str, Any]
    given: dict[str, Any] = {}


class Stopped(Struct, gc=False):
    """A person opted out (or in again) of a purpose, or purpose/channel: sends check this before the first byte."""

    person: bytes
    purpose: str
    stopped: bool


class Note(Struct, gc=False):
    """A line for the live feed: what happened to whom, in the loop's own words."""

    kind: str
    person: bytes
    moment: str
    text: str
    reason: str = ""


class Membership(Struct, gc=False):
    """A person is in this audience since `since`, or (0) no longer. `told`: whoever is told of changes hears of it;
    `merged`: because two people turned out to be one, who was in it all the time, or to be two after all."""

    person: bytes
    audience: str
    since: int
    told: bool
    merged: bool = False


class Recorded(Struct, gc=False):
    """A line for the ledger: consent stated, people joined or told apart."""

    entry: Entry


Effect = (
    Membership
    | Recorded
    | Errand
    | Decided
    | Resolved
    | DeliveryChanged
    | Queued
    | Reserved
    | Returned
    | Send
    | Recall
    | Answer
    | Stopped
    | Note
)
