"""Postmark: https://postmarkapp.com/developer/webhooks/webhooks-overview. It signs nothing: a password in the address
it calls, or a header, is all there is.

`Metadata.user_id` says who it is, `Metadata.topic` what it was about. Opens by Apple's mail privacy and by programs are
nobody's; a bounce is one if Postmark will not send there any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from journeyloop.adapters.hooks.payload import (
    BOUNCED,
    CLICKED,
    an_object,
    bounced,
    ids,
    look,
    named,
    text,
    track,
    unique,
    without_query,
)
from journeyloop.adapters.hooks.signing import require_token
from journeyloop.runtime.hooked import Posted, Source, Told

NAMES = {
    "Delivery": ("Email Delivered", "DeliveredAt", "Recipient"),
    "Open": ("Email Opened", "ReceivedAt", "Recipient"),
    "Click": (CLICKED, "ReceivedAt", "Recipient"),
    "Bounce": (BOUNCED, "BouncedAt", "Email"),
    "SpamComplaint": ("Email Marked as Spam", "BouncedAt", "Email"),
    "SubscriptionChange": ("Email Unsubscribed", "ChangedAt", "Recipient"),
}
HARD = frozenset({"HardBounce", "BadEmailAddress", "ManuallyDeactivated"})
PROGRAMS = ("bot", "crawler", "spider", "privacy", "scanner")


def signed(posted: Posted, secrets: Sequence[str], source: Source) -> None:
    require_token(posted, secrets)


def told(posted: Posted, source: Source) -> Iterator[Told | None]:
    record = an_object(posted.body)
    kind = text(record, "RecordType")
    if kind not in NAMES or _is_nothing(kind, record):
        yield None
        return
    name, at, whom = NAMES[kind]
    when, email, message = text(record, at), text(record, whom), text(record, "MessageID")
    link, decision = text(record, "OriginalLink"), text(record, "Metadata", "decision_id")
    properties = {
        "email_id": message,
        "link_url": without_query(link),
        "bounce_type": text(record, "Type") if kind == "Bounce" else "",
        "decision_id": decision,
        "topic": text(record, "Metadata", "topic"),
        **(bounced(email, soft=False) if kind == "Bounce" else {}),
    }
    id_ = unique("postmark", kind, message, when, text(record, "ID"), email, link)
    call = track("postmark", name, id_, when, properties, ids(look(record, "Metadata")))
    yield Told(call, named(email=email), clicked=decision if kind == "Click" else "")


def _is_nothing(kind: str, record: dict[str, Any]) -> bool:
    match kind:
        case "Open" | "Click":
            return _by_program(record)
        case "Bounce":
            return look(record, "Inactive") is not True and text(record, "Type") not in HARD
        case "SubscriptionChange":
            suppressed = look(record, "SuppressSending") is True
            return not suppressed or text(record, "SuppressionReason") != "ManualSuppression"
    return False


def _by_program(record: dict[str, Any]) -> bool:
    """Apple's proxy calls itself `Mozilla/5.0` and nothing more."""
    agent = text(record, "UserAgent")
    client = text(record, "Client", "Name") + " " + text(record, "Client", "Family")
    return agent == "Mozilla/5.0" or any(word in f"{agent} {client}".lower() for word in PROGRAMS)
