"""The other side of every hook: what a provider sends and how it signs, written from its documents and not from ours.

Each provider: its entry of sources.yaml, its secret, one request that is an event, one that means nothing to us.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

Headers = dict[str, str]
ECDSA_KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC_KEY = base64.b64encode(
    ECDSA_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()
STANDARD_KEY = b"a key of twenty-four byt"
URL = "https://loop.example.com/v1/hooks/twilio"


@dataclass(frozen=True)
class Request:
    """What is posted; `sign` makes the headers for a body at a time in seconds."""

    body: bytes
    headers: Headers = field(default_factory=dict)
    query: str = ""


@dataclass(frozen=True)
class Provider:
    kind: str
    secret: str
    sign: Callable[[str, Request, int], Headers]
    good: Request
    event: str
    properties: dict[str, Any]
    meaningless: Request
    timed: bool = False
    signs: bool = True
    yaml: str = ""

    def headers(self, request: Request, at: int, secret: str = "") -> list[tuple[str, str]]:
        return [*request.headers.items(), *self.sign(secret or self.secret, request, at).items()]


def body(value: Any) -> bytes:
    return json.dumps(value).encode()


def mac(algorithm: Any, key: str, message: bytes) -> Any:
    return hmac.new(key.encode(), message, algorithm)


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def stripe(secret: str, request: Request, at: int) -> Headers:
    return {
        "Stripe-Signature": f"t={at},v1={mac(hashlib.sha256, secret, f'{at}.'.encode() + request.body).hexdigest()}"
    }


def shopify(secret: str, request: Request, at: int) -> Headers:
    return {"X-Shopify-Hmac-Sha256": b64(mac(hashlib.sha256, secret, request.body).digest())}


def segment(secret: str, request: Request, at: int) -> Headers:
    return {"X-Signature": mac(hashlib.sha1, secret, request.body).hexdigest()}


def twilio(secret: str, request: Request, at: int) -> Headers:
    """The address, then each POST field's name and value, in the order of the names."""
    fields = parse_qs(request.body.decode(errors="ignore"), keep_blank_values=True)
    text = URL + (f"?{request.query}" if request.query else "")
    for name in sorted(fields):
        text += name + fields[name][0]
    return {"X-Twilio-Signature": b64(mac(hashlib.sha1, secret, text.encode()).digest())}


def sendgrid(secret: str, request: Request, at: int) -> Headers:
    signed = ECDSA_KEY.sign(str(at).encode() + request.body, ec.ECDSA(SHA256()))
    prefix = "X-Twilio-Email-Event-Webhook-"
    return {f"{prefix}Signature": b64(signed), f"{prefix}Timestamp": str(at)}


def postmark(secret: str, request: Request, at: int) -> Headers:
    return {"Authorization": "Basic " + b64(f"postmark:{secret}".encode())}


def zendesk(secret: str, request: Request, at: int) -> Headers:
    time = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    signed = b64(mac(hashlib.sha256, secret, time.encode() + request.body).digest())
    return {"X-Zendesk-Webhook-Signature": signed, "X-Zendesk-Webhook-Signature-Timestamp": time}


def intercom(secret: str, request: Request, at: int) -> Headers:
    return {"X-Hub-Signature": "sha1=" + mac(hashlib.sha1, secret, request.body).hexdigest()}


def standard(secret: str, request: Request, at: int) -> Headers:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, b"msg_1.%d." % at + request.body, hashlib.sha256).digest()
    return {"webhook-id": "msg_1", "webhook-timestamp": str(at), "webhook-signature": f"v1,{b64(signed)} v1a,ignored"}


def bearer(secret: str, request: Request, at: int) -> Headers:
    return {"Authorization": f"Bearer {secret}"}


def erp(secret: str, request: Request, at: int) -> Headers:
    return {"X-Erp-Signature": "v0=" + b64(mac(hashlib.sha512, secret, request.body).digest())}


FAILED = {
    "id": "evt_1",
    "type": "payment_intent.payment_failed",
    "created": 1_795_348_790,
    "data": {
        "object": {
            "id": "pi_1",
            "amount": 60_000,
            "currency": "eur",
            "customer": "cus_1",
            "metadata": {"user_id": "ada", "order_id": "o1"},
            "last_payment_error": {"code": "card_declined", "decline_code": "insufficient_funds", "message": "No."},
        }
    },
}
ORDER = {
    "id": 820_982_911_946_154_508,
    "checkout_token": "c1",
    "created_at": "2026-11-22T11:59:50+00:00",
    "total_price": "600.00",
    "currency": "EUR",
    "email": "ada@example.com",
    "customer": {"id": 9_007_199_254_740_993, "email": "ada@example.com", "verified_email": True},
    "line_items": [{"product_id": 9_007_199_254_740_995, "title": "Lamp", "price": "300.00", "quantity": 2}],
}
PLAYED = {
    "type": "track",
    "event": "Product Viewed",
    "messageId": "ajs-1",
    "anonymousId": "a1",
    "timestamp": "2026-11-22T11:59:50Z",
    "originalTimestamp": "2026-11-22T09:00:00Z",
    "sentAt": "2026-11-22T09:00:01Z",
    "properties": {"price": "12.50"},
    "context": {"library": {"name": "analytics.js"}},
}
STOP = {"MessageSid": "SM1", "From": "+4917012345678", "To": "+15005550006", "Body": "Stop", "OptOutType": "STOP"}
OPEN = {"event": "open", "email": "ada@example.com", "timestamp": 1_795_348_790, "sg_event_id": "sg1"}
BOUNCE = {
    "RecordType": "Bounce",
    "ID": 42,
    "Type": "HardBounce",
    "MessageID": "pm1",
    "Email": "ada@example.com",
    "BouncedAt": "2026-11-22T11:59:50Z",
    "Inactive": True,
    "Metadata": {"user_id": "ada"},
}
TICKET = {
    "type": "zen:event-type:ticket.priority_changed",
    "id": "ze1",
    "time": "2026-11-22T11:59:50Z",
    "detail": {"id": "35436", "requester_id": "8447388090494", "priority": "URGENT", "status": "OPEN"},
    "event": {"current": "URGENT", "previous": "NORMAL"},
}
CHAT = {
    "type": "notification_event",
    "id": "notif_1",
    "topic": "conversation.user.created",
    "created_at": 1_795_348_790,
    "data": {"item": {"id": "c1", "contacts": {"contacts": [{"id": "ic1", "external_id": "ada"}]}}},
}
SHIPPED = {"type": "Parcel Late", "timestamp": "2026-11-22T11:59:50Z", "data": {"user_id": "ada", "days": 3}}
CLOUD = {
    "specversion": "1.0",
    "id": "ce1",
    "source": "/erp",
    "type": "Parcel Late",
    "time": "2026-11-22T11:59:50Z",
    "data": {"user_id": "ada", "days": 3},
}
INVOICE = {"no": "i1", "state": "due", "cents": 1999, "customer": {"ref": "ada"}}
ERP_YAML = """
  signature: {header: X-Erp-Signature, algorithm: sha512, encoding: base64, prefix: v0=}
  id: body.no
  events:
    - event: Invoice Due
      when: body.state == "due"
      user_id: body.customer.ref
      properties: {value: double(body.cents) / 100.0, missing: body.nothing}
"""

PROVIDERS = [
    Provider(
        "stripe", "whsec_stripe", stripe, Request(body(FAILED)), "Payment Failed",
        {"value": 600.0, "currency": "EUR", "decline_code": "insufficient_funds", "order_id": "o1"},
        Request(body(FAILED | {"type": "customer.created"})), timed=True,
    ),
    Provider(
        "shopify", "shpss_1", shopify,
        Request(body(ORDER), {"X-Shopify-Topic": "orders/create", "X-Shopify-Webhook-Id": "sw1"}), "Order Completed",
        {"order_id": "820982911946154508", "total": 600.0, "revenue": 600.0, "checkout_id": "c1"},
        Request(body(ORDER), {"X-Shopify-Topic": "products/update"}),
    ),
    Provider(
        "segment", "shared", segment, Request(body(PLAYED)), "Product Viewed", {"price": 12.5},
        Request(body({"batch": [PLAYED]})),
    ),
    Provider(
        "twilio", "auth token", twilio, Request(urlencode(STOP).encode()), "SMS Unsubscribed", {"message_id": "SM1"},
        Request(urlencode({"MessageSid": "SM2", "MessageStatus": "sent", "To": "+4917012345678"}).encode()),
        yaml=f"  url: {URL}\n",
    ),
    Provider(
        "sendgrid", PUBLIC_KEY, sendgrid, Request(body([OPEN])), "Email Opened", {},
        Request(body([OPEN | {"sg_machine_open": True}])), timed=True,
    ),
    Provider(
        "postmark", "password", postmark, Request(body(BOUNCE)), "Email Bounced", {"bounce_type": "HardBounce"},
        Request(body(BOUNCE | {"Type": "Transient", "Inactive": False})), signs=False,
    ),
    Provider(
        "zendesk", "zs", zendesk, Request(body(TICKET)), "Support Ticket Escalated", {"priority": "urgent"},
        Request(body(TICKET | {"event": {"current": "LOW"}})), timed=True,
    ),
    Provider(
        "intercom", "client secret", intercom, Request(body(CHAT)), "Live Chat Conversation Started",
        {"conversation_id": "c1"}, Request(body(CHAT | {"topic": "ping"})),
    ),
    Provider(
        "standard", "whsec_" + b64(STANDARD_KEY), standard, Request(body(SHIPPED)), "Parcel Late", {"days": 3},
        Request(b""), timed=True,
    ),
    Provider(
        "cloudevents", "token", bearer, Request(body(CLOUD), {"Content-Type": "application/cloudevents+json"}),
        "Parcel Late", {"days": 3}, Request(b""), signs=False,
    ),
    Provider(
        "mapping", "erp secret", erp, Request(body(INVOICE)), "Invoice Due", {"value": 19.99},
        Request(body(INVOICE | {"state": "paid"})), yaml=ERP_YAML,
    ),
]  # fmt: skip
"""`standard` and `cloudevents` have nothing that means nothing: whatever they name is an event."""
