"""Zendesk: https://developer.zendesk.com/documentation/webhooks/verifying/. Its event webhooks, and triggers whose body
has the same fields.

Events name the requester by Zendesk's id. A trigger can add `requester_external_id`, which your own system gave them,
and `requester_email`. What a ticket says is not kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

from journeyloop.adapters.hooks.payload import an_object, look, named, text, track, unique
from journeyloop.adapters.hooks.signing import base64_hmacs, header, require, require_fresh
from journeyloop.detect.skew import millis
from journeyloop.runtime.hooked import Posted, Source, Told

PREFIX = "zen:event-type:"
URGENT, OVER = frozenset({"high", "urgent"}), frozenset({"solved", "closed"})


def signed(posted: Posted, secrets: Sequence[str], source: Source) -> None:
    """HMAC-SHA256 of the time and the body."""
    shown = header(posted, "x-zendesk-webhook-signature")
    at = header(posted, "x-zendesk-webhook-signature-timestamp")
    require([shown], base64_hmacs(secrets, "sha256", at.encode() + posted.body))
    require_fresh(millis(at), posted.now)


def told(posted: Posted, source: Source) -> Iterator[Told | None]:
    event = an_object(posted.body)
    name, detail = _name(event), look(event, "detail")
    if name is None:
        yield None
        return
    who = text(detail, "requester_external_id")
    properties = {
        "ticket_id": text(detail, "id"),
        "priority": text(detail, "priority").lower(),
        "status": text(detail, "status").lower(),
        "channel": text(detail, "via", "channel"),
    }
    id_ = unique("zendesk", text(event, "id") or sha256(posted.body).hexdigest())
    call = track("zendesk", name, id_, text(event, "time"), properties, {"userId": who} if who else {})
    names = named(zendesk_user=text(detail, "requester_id"), email=text(detail, "requester_email"))
    yield Told(call, names)


def _name(event: dict[str, Any]) -> str | None:
    now = text(event, "event", "current").lower()
    match text(event, "type").removeprefix(PREFIX):
        case "ticket.created":
            return "Support Ticket Opened"
        case "ticket.escalated":
            return "Support Ticket Escalated"
        case "ticket.priority_changed" if now in URGENT:
            return "Support Ticket Escalated"
        case "ticket.status_changed" if now in OVER:
            return "Support Ticket Solved"
    return None
