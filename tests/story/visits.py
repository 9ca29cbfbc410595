"""What pages and backends say of a visitor, as bare HTTP: for what needs no browser."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.story.servers import Server

CONSENTED = {"consent": {"categoryPreferences": {"marketing": True}}}


def somebody() -> str:
    """An anonymous id nobody had before."""
    return uuid4().hex


def event(name: str, properties: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A track call of a batch, with consent given."""
    said = {"type": "track", "event": name, "messageId": uuid4().hex, "properties": properties or {}}
    return {**said, "context": CONSENTED, **fields}


def identify(traits: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"type": "identify", "messageId": uuid4().hex, "traits": traits, "context": CONSENTED, **fields}


def stall(step: int = 3, **who: str) -> list[dict[str, Any]]:
    """The 600-dollar machine in the cart, and payment on the screen."""
    machine = {"product_id": "espresso", "name": "Espresso machine", "price": 600, "quantity": 1}
    viewed = {"checkout_id": uuid4().hex, "step": step}
    return [event("Product Added", machine, **who), event("Checkout Step Viewed", viewed, **who)]


def batch(server: Server, *events: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Send them with the write key in the body, as a browser does; the answer."""
    answer = server.http.post("/v1/batch", json={"writeKey": server.keys.write, "batch": events, **fields})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
