"""SendGrid's event webhook: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event. A list of what
became of e-mails; the secret is the public key that SendGrid shows.

Custom arguments stand beside the other fields: `user_id` says who it is, `topic` what it was about. An open that
SendGrid marks as a machine's is nobody's open; a message that was refused for now has not bounced.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from msgspec import json

from journeyloop.adapters.hooks.payload import (
    BOUNCED,
    CLICKED,
    bounced,
    ids,
    iso,
    look,
    named,
    objects,
    text,
    track,
    unique,
    without_query,
)
from journeyloop.adapters.hooks.signing import header, require_fresh, seconds
from journeyloop.runtime.hooked import Posted, Source, Told, Unsigned

SOFT = frozenset({"Mailbox Unavailable", "Content", "Reputation", "Frequency or Volume Too High", "Technical Failure"})
"""Classes of bounces that say nothing of the address, or that may pass: a full mailbox, a filter."""

NAMES = {
    "delivered": "Email Delivered",
    "open": "Email Opened",
    "click": CLICKED,
    "bounce": BOUNCED,
    "spamreport": "Email Marked as Spam",
    "unsubscribe": "Email Unsubscribed",
    "group_unsubscribe": "Email Unsubscribed",
}


def signed(posted: Posted, secrets: Sequence[str], source: Source) -> None:
    """ECDSA with SHA-256 over the time and the body."""
    shown = header(posted, "x-twilio-email-event-webhook-signature")
    at = header(posted, "x-twilio-email-event-webhook-timestamp")
    keys = [_key(secret) for secret in secrets]
    if not any(_fits(key, shown, at.encode() + posted.body) for key in keys):
        raise Unsigned("signature_wrong")
    require_fresh(seconds(at), posted.now)


def told(posted: Posted, source: Source) -> Iterator[Told | None]:
    for event in objects(posted.body):
        name = NAMES.get(text(event, "event"))
        yield _read(name, event) if name and not _is_nothing(event) else None


def _read(name: str, event: dict[str, Any]) -> Told:
    id_ = text(event, "sg_event_id") or sha256(json.encode(event)).hexdigest()
    email, decision = text(event, "email"), text(event, "decision_id")
    properties = {
        "email_id": text(event, "sg_message_id"),
        "link_url": without_query(text(event, "url")),
        "group_id": text(event, "asm_group_id"),
        "decision_id": decision,
        "topic": text(event, "topic"),
        **(bounced(email, text(event, "bounce_classification") in SOFT) if name == BOUNCED else {}),
    }
    call = track("sendgrid", name, unique("sendgrid", id_), iso(look(event, "timestamp")), properties, ids(event))
    return Told(call, named(email=email), clicked=decision if name == CLICKED else "")


def _is_nothing(event: dict[str, Any]) -> bool:
    return look(event, "sg_machine_open") is True or text(event, "type") == "blocked"


def _key(secret: str) -> ec.EllipticCurvePublicKey:
    try:
        found = load_der_public_key(b64decode(secret, validate=True))
    except ValueError:
        raise Unsigned("secret_malformed") from None
    if not isinstance(found, ec.EllipticCurvePublicKey):
        raise Unsigned("secret_malformed")
    return found


def _fits(key: ec.EllipticCurvePublicKey, shown: str, message: bytes) -> bool:
    try:
        key.verify(b64decode(shown, validate=True), message, ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True
