"""A message to any receiver that takes webhooks, by Standard Webhooks (https://www.standardwebhooks.com).

Its id is the decision's, the same for every attempt, so a receiver that keeps to the specification takes it once and
an attempt of unknown end is simply repeated.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from msgspec import json

from journeyloop.adapters.channels.environ import Environ, secret
from journeyloop.adapters.channels.outward import Outward, Reply
from journeyloop.adapters.channels.receipts import BUSY, pause, usual
from journeyloop.adapters.channels.signing import keys_of, signed
from journeyloop.runtime.channels import Connection, Message, Receipt

TYPE = "message.due"
LATER = frozenset({408, 425, BUSY})
"""Answers beside 5xx after which the specification asks a sender to try again."""


class Webhook:
    """`clock` gives seconds since the epoch."""

    idempotent = True

    def __init__(self, url: str, keys: Sequence[bytes], outward: Outward, clock: Callable[[], float]) -> None:
        self.url, self.keys, self.outward, self.clock = url, keys, outward, clock

    async def send(self, message: Message, go: Callable[[], None]) -> Receipt:
        now = int(self.clock())
        body = json.encode(_told(message, now))
        return _receipt(await self.outward.post(self.url, signed(self.keys, message.id, now, body), body, go))

    async def close(self) -> None:
        await self.outward.close()


def connect(connection: Connection, environ: Environ) -> Webhook:
    """Raises LookupError: no secret, or one that is none."""
    keys = keys_of(secret(connection, environ, "secret"))
    outward = Outward(connection.terms.timeout, connection.loopback, reuse=True)
    return Webhook(connection.options["url"], keys, outward, time.time)


def _told(message: Message, now: int) -> dict[str, object]:
    data = {
        "decision_id": message.id,
        "moment": message.moment,
        "action": message.action,
        "purpose": message.purpose,
        "user_id": message.user_id or None,
        "content": message.content,
        "expires_at": _iso(message.expires / 1000),
        "unsubscribe": message.unsubscribe or None,
        "test": message.test,
    }
    return {"type": TYPE, "timestamp": _iso(now), "data": data}


def _receipt(reply: Reply) -> Receipt:
    if reply.status in LATER or reply.status >= 500:
        return Receipt("again", f"http_{reply.status}", pause(reply.headers), trouble=True)
    return usual(reply)


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
