"""Intercom: https://developers.intercom.com/docs/webhooks. Conversations as Segment's live-chat events.

A contact's `external_id` is the user id that a page gave the messenger, which a visitor could have written: what comes
with it is told of that person and names nobody else. What was said is not kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

from journeyloop.adapters.hooks.payload import an_object, iso, look, named, rows, text, track, unique
from journeyloop.adapters.hooks.signing import header, hex_hmacs, require
from journeyloop.runtime.hooked import Posted, Source, Told

NAMES = {
    "conversation.user.created": "Live Chat Conversation Started",
    "conversation.user.replied": "Live Chat Message Sent",
    "conversation.admin.replied": "Live Chat Message Received",
    "conversation.admin.closed": "Live Chat Conversation Ended",
    "conversation.priority.updated": "Support Ticket Escalated",
    "ticket.created": "Support Ticket Opened",
    "contact.unsubscribed": "Email Unsubscribed",
}


def signed(posted: Posted, secrets: Sequence[str], source: Source) -> None:
    """HMAC-SHA1 of the body with the app's client secret. There is no time in it: a repeat is known by its id."""
    shown = header(posted, "x-hub-signature").removeprefix("sha1=")
    require([shown], hex_hmacs(secrets, "sha1", posted.body))


def told(posted: Posted, source: Source) -> Iterator[Told | None]:
    body = an_object(posted.body)
    topic, item = text(body, "topic"), look(body, "data", "item")
    name = NAMES.get(topic)
    if name is None or (topic == "conversation.priority.updated" and text(item, "priority") != "priority"):
        yield None
        return
    contact = _contact(topic, item)
    who = text(contact, "external_id")
    key = "contact_id" if topic.startswith("contact.") else "conversation_id"
    id_ = unique("intercom", text(body, "id") or sha256(posted.body).hexdigest())
    at = iso(look(body, "created_at"))
    call = track("intercom", name, id_, at, {key: text(item, "id")}, {"userId": who} if who else {})
    yield Told(call, named(intercom_contact=text(contact, "id"), email=text(contact, "email")), hearsay=bool(who))


def _contact(topic: str, item: Any) -> Any:
    """The contact itself, the first of a conversation, or who wrote its first message."""
    if topic.startswith("contact."):
        return item
    listed = rows(item, "contacts", "contacts")
    return listed[0] if listed else look(item, "source", "author")
