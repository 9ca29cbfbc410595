"""What the world outside does: a bank that declines a card, a help desk that escalates, the shop's own backend. Each is
one request as its provider would sign it.
"""

from __future__ import annotations

import hmac
import time
from base64 import b64encode
from typing import Any
from uuid import uuid4

from msgspec import Struct, json

STRIPE_SECRET, ZENDESK_SECRET = "demo-bank", "demo-help-desk"


class Call(Struct, frozen=True):
    """A request to the loop. `key`: it carries the server key."""

    path: str
    body: bytes
    headers: dict[str, str] = {}
    key: bool = False


def vouched(user_id: str, first_name: str, email: str, phone: str) -> list[Call]:
    """The shop's backend has verified an account: who it is, how to reach them, and what they allowed."""
    traits = {"first_name": first_name, "email": email, "phone": phone}
    told = {"userId": user_id, "traits": {name: value for name, value in traits.items() if value}}
    allowed = {"user_id": user_id, "purposes": {"marketing": True}, "source": "account page"}
    return [_backend("/v1/identify", told), _backend("/v1/consent", allowed)]


def card_declined(user_id: str, amount: float) -> Call:
    """Stripe: a payment intent has failed."""
    intent = {
        "id": f"pi_{uuid4().hex}",
        "object": "payment_intent",
        "amount": round(amount * 100),
        "currency": "usd",
        "last_payment_error": {"code": "card_declined", "decline_code": "insufficient_funds"},
        "metadata": {"user_id": user_id},
    }
    event = {
        "id": f"evt_{uuid4().hex}",
        "object": "event",
        "type": "payment_intent.payment_failed",
        "created": int(time.time()),
        "data": {"object": intent},
    }
    body, at = json.encode(event), str(int(time.time()))
    signed = hmac.digest(STRIPE_SECRET.encode(), f"{at}.".encode() + body, "sha256").hex()
    return Call("/v1/hooks/stripe", body, {"stripe-signature": f"t={at},v1={signed}"})


def escalated(user_id: str) -> Call:
    """Zendesk: a ticket has become urgent."""
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    event = {
        "id": uuid4().hex,
        "type": "zen:event-type:ticket.priority_changed",
        "time": at,
        "event": {"current": "URGENT", "previous": "NORMAL"},
        "detail": {"id": "4711", "priority": "URGENT", "status": "OPEN", "requester_external_id": user_id},
    }
    body = json.encode(event)
    signed = b64encode(hmac.digest(ZENDESK_SECRET.encode(), at.encode() + body, "sha256")).decode()
    headers = {"x-zendesk-webhook-signature": signed, "x-zendesk-webhook-signature-timestamp": at}
    return Call("/v1/hooks/zendesk", body, headers)


def ordered(user_id: str, revenue: float) -> Call:
    """The shop's backend: somebody has ordered by telephone."""
    order = {"order_id": f"order-{uuid4().hex[:12]}", "revenue": revenue, "currency": "USD"}
    return _backend("/v1/track", {"userId": user_id, "event": "Order Completed", "properties": order})


def _backend(path: str, body: dict[str, Any]) -> Call:
    return Call(path, json.encode(body), key=True)
