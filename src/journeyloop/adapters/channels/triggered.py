"""What all tools that send in our place have in common: they keep the template, we say which one and what is in it. The
decision's id goes with it, so that what they report of the message can name it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from msgspec import DecodeError, json

from journeyloop.adapters.channels.environ import Environ, secret
from journeyloop.adapters.channels.outward import Outward, Reply
from journeyloop.adapters.channels.receipts import usual
from journeyloop.runtime.channels import Connection, Message, Receipt

_ID = re.compile(r"[A-Za-z0-9_=-]{1,64}")


class Triggered:
    """One request to a tool begins its message. `told` says it in the tool's words, `named` is what it calls its id."""

    def __init__(
        self, url: str, headers: dict[str, str], told: Callable[[Message], dict[str, Any]], outward: Outward,
        named: str = "", idempotent: bool = False,
    ) -> None:  # fmt: skip
        self.url, self.headers, self.told, self.outward = url, headers, told, outward
        self.named, self.idempotent = named, idempotent

    async def send(self, message: Message, go: Callable[[], None]) -> Receipt:
        reply = await self.outward.post(self.url, self.headers, json.encode(self.told(message)), go)
        return receipt(reply, self.named)

    async def close(self) -> None:
        await self.outward.close()


def bearer(connection: Connection, environ: Environ) -> dict[str, str]:
    """Raises LookupError: no key."""
    return {"authorization": f"Bearer {secret(connection, environ, 'key')}", "content-type": "application/json"}


def variables(message: Message) -> dict[str, Any]:
    """What the template is filled with. The author's own words win."""
    written = message.content.get("variables")
    ours = {"decision_id": message.id} | ({"unsubscribe_url": message.unsubscribe} if message.unsubscribe else {})
    return ours | (written if isinstance(written, dict) else {})


def template(message: Message) -> Any:
    """Which of their templates: its id or its name."""
    return message.content["template"]


def receipt(reply: Reply, name: str = "") -> Receipt:
    """Like `usual`. What was taken has an id of theirs under this name: by it the message is found there."""
    found = usual(reply)
    if found.state == "sent" and (id_ := _said(reply.body, name)):
        found.reason = f"{name} {id_}"
    return found


def _said(body: bytes, name: str) -> str:
    try:
        said = json.decode(body).get(name)
    except (DecodeError, AttributeError, UnicodeDecodeError):
        return ""
    return said if isinstance(said, str) and _ID.fullmatch(said) else ""
