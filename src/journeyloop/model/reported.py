"""Messages that other tools have sent: by which events they are told, over which channel, about what.

Such a message is a contact like one of ours, so that caps hold over both. It is nobody's moment and has no action.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from journeyloop.model.event import Event

SENT = "Journeyloop Send Reported"
"""Told of by `POST /v1/sends`: it says its channel itself."""

LONGEST = 200
MESSAGE_IDS = ("message_id", "email_id", "campaign_message_id")


class Reported(Struct, frozen=True):
    """Where a report says what: `topic` and `id` are paths such as `properties.topic`; without an `id`, the first of
    those that the Segment spec and the providers use. An empty `channel` stands in the report."""

    channel: str
    topic: str = "properties.topic"
    id: str = ""

    def channel_of(self, event: Event) -> str:
        return self.channel or read(event, "properties.channel")

    def message(self, event: Event) -> str:
        """The id of the message told of: reports of its sending and of its delivery have the same."""
        paths = (self.id,) if self.id else tuple(f"properties.{name}" for name in MESSAGE_IDS)
        return next((found for path in paths if (found := read(event, path))), event.message_id)


def read(event: Event, path: str) -> str:
    """A short text of an event, or nothing."""
    found: Any = {"properties": event.properties, "context": event.context}
    for step in path.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    return found if isinstance(found, str) and len(found) <= LONGEST else ""


def _all(channel: str, prefix: str, *became: str) -> dict[str, Reported]:
    return {f"{prefix} {word}": Reported(channel) for word in became}


KNOWN: dict[str, Reported] = {
    **_all("email", "Email", "Sent", "Delivered"),
    **_all("sms", "SMS", "Sent", "Delivered"),
    **_all("whatsapp", "WhatsApp", "Sent", "Delivered"),
    **_all("push", "Push Notification", "Sent", "Delivered", "Received"),
    SENT: Reported(""),
}
"""By event name: the Segment spec's, and what webhooks become."""
