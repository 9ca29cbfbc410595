"""Answers to tools that ask before they send: the words they use are checked, whom they ask about is looked up, and the
kernel's rules are read over what is committed. Nobody is created, nothing drawn, nothing written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from msgspec import Struct

from journeyloop.decide.permission import Permission, Wanted, may_send
from journeyloop.model.board import Board
from journeyloop.model.customer import Customer, Header
from journeyloop.model.frame import Frame
from journeyloop.model.identifier import ADDRESSES, Identifier
from journeyloop.model.plan import Plan
from journeyloop.model.policy import Policy
from journeyloop.model.reach import CHANNELS
from journeyloop.runtime import reads
from journeyloop.runtime.ports import Reader
from journeyloop.runtime.staging import NOT_LISTED, withheld

MARKETING = "marketing"


class Message(Struct, frozen=True):
    """What a tool would like to send, in its own words. Without a `purpose` it is the one that asks consent."""

    identifier: Identifier
    channel: str
    topic: str = ""
    purpose: str = ""


def channels(plan: Plan) -> set[str]:
    """What may be asked for: tools send over channels that are not configured here."""
    reported = {one.channel for one in plan.policy.reported.values() if one.channel}
    return {*CHANNELS, *plan.channels, *plan.policy.priority, *reported}


def topics(plan: Plan) -> set[str]:
    """What moments, caps and purposes speak of. A tool's own topic is known once a cap names it."""
    capped = {cap.topic for cap in plan.policy.caps if cap.topic}
    return {*plan.policy.purposes, *capped, *(moment.topic for moment in plan.moments.values())}


def usual_purpose(policy: Policy) -> str:
    """The only one that asks consent, or marketing; "" where neither says which."""
    asking = [name for name, purpose in policy.purposes.items() if purpose.consent_required]
    return asking[0] if len(asking) == 1 else MARKETING if MARKETING in policy.purposes else ""


def wrong(plan: Plan, message: Message) -> tuple[str, str] | None:
    """What the policy does not know: a code and a sentence; a typing error must not read as a permission."""
    purpose = message.purpose or usual_purpose(plan.policy)
    if not purpose:
        return "unknown_purpose", f"`purpose` is needed{_instead('', plan.policy.purposes)}"
    for what, word, known in (
        ("channel", message.channel, channels(plan)),
        ("topic", message.topic, topics(plan)),
        ("purpose", purpose, set(plan.policy.purposes)),
    ):
        if word not in known and (word or what != "topic"):
            return f"unknown_{what}", f"There is no such {what}{_instead(word, known)}"
    return None


def _instead(word: str, known: Iterable[str]) -> str:
    names = sorted(known)
    close = get_close_matches(word, names, n=1, cutoff=0.6)
    return f": did you mean {close[0]}?" if close else f": write one of {', '.join(names)}."


def permissions(
    reader: Reader, secret: bytes, plan: Plan, board: Board, messages: Sequence[Message], now: int
) -> list[dict[str, Any]]:
    """One answer a message, in their order, all at `now`."""
    frame = Frame(now, plan, board, secret, 0, 0)
    return [_told(_permission(reader, message, frame)) for message in messages]


def _permission(reader: Reader, message: Message, frame: Frame) -> Permission:
    customer = reads.find_customer(reader, frame.secret, message.identifier)
    customer = customer or Customer(Header(b"", frame.now))
    purpose = message.purpose or usual_purpose(frame.plan.policy)
    address = message.identifier if message.identifier[0] in ADDRESSES else None
    found = may_send(customer, Wanted(purpose, message.channel, message.topic, address), frame)
    names = [message.identifier[1], *(name.value for name in customer.sealed.names)]
    return Permission([NOT_LISTED, *found.reasons]) if withheld(frame.plan, names) else found


def _told(found: Permission) -> dict[str, Any]:
    return {"may_send": not found.reasons, "reasons": found.reasons, "until": found.until}
