"""Text messages and WhatsApp by Twilio (https://www.twilio.com/docs/messaging/api/message-resource).

Twilio has no idempotency keys: what left without an answer may have been taken, and is not sent again. What became of
a message after Twilio took it comes to the `callback`, with the decision's id in its query.
"""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from msgspec import DecodeError, json

from journeyloop.adapters.channels.environ import Environ, secret
from journeyloop.adapters.channels.outward import Outward
from journeyloop.adapters.channels.receipts import usual
from journeyloop.runtime.channels import Connection, Message, Receipt

PREFIX, SERVICE = "whatsapp:", "MG"
LONGEST_TEXT = 1_600
LONGEST_WAIT = 36_000
"""Seconds that Twilio may keep a message waiting."""

UNSUBSCRIBED = 21610
WORDS = {
    21211: "no valid number",
    21408: "no permission for this country",
    21610: "unsubscribed",
    21612: "not reachable from this number",
    21614: "not a mobile number",
    21617: "text too long",
    63016: "outside the 24 hours in which WhatsApp takes free text",
}


class Twilio:
    """`sender` is a number or a messaging service, with `whatsapp:` before it for WhatsApp. `clock` gives seconds since
    the epoch."""

    idempotent = False

    def __init__(
        self, api: str, account: str, token: str, sender: str, callback: str, outward: Outward,
        clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self.url = f"{api.rstrip('/')}/2010-04-01/Accounts/{quote(account, safe='')}/Messages.json"
        self.sender, self.callback, self.outward, self.clock = sender, callback, outward, clock
        self._headers = {
            "authorization": f"Basic {b64encode(f'{account}:{token}'.encode()).decode()}",
            "content-type": "application/x-www-form-urlencoded",
        }

    async def send(self, message: Message, go: Callable[[], None]) -> Receipt:
        if len(str(message.content.get("text", ""))) > LONGEST_TEXT:
            return Receipt("failed", f"text: longer than {LONGEST_TEXT} characters")
        form = urlencode(self._form(message)).encode()
        reply = await self.outward.post(self.url, self._headers, form, go)
        code = _code(reply.body) if reply.status >= 400 else 0
        receipt = usual(reply, _named(code))
        receipt.opted_out = code == UNSUBSCRIBED
        return receipt

    async def close(self) -> None:
        await self.outward.close()

    def _form(self, message: Message) -> list[tuple[str, str]]:
        """The message in Twilio's words. It is not to wait there longer than it is worth something."""
        content, whatsapp = message.content, self.sender.startswith(PREFIX)
        bare = self.sender.removeprefix(PREFIX)
        found = [
            ("To", f"{PREFIX if whatsapp else ''}{message.to[0]}"),
            ("MessagingServiceSid", bare) if bare.startswith(SERVICE) else ("From", self.sender),
            ("ValidityPeriod", str(max(1, min(LONGEST_WAIT, int(message.expires / 1000 - self.clock()))))),
        ]
        if "template" in content:
            found.append(("ContentSid", str(content["template"])))
            if variables := content.get("variables"):
                found.append(("ContentVariables", json.encode(variables).decode()))
        else:
            found.append(("Body", str(content.get("text", ""))))
        found += [("MediaUrl", str(one)) for one in _listed(content.get("media"))]
        return [*found, *self._callback(message)]

    def _callback(self, message: Message) -> list[tuple[str, str]]:
        if not self.callback:
            return []
        query = {"decision_id": message.id} | ({"user_id": message.user_id} if message.user_id else {})
        return [("StatusCallback", f"{self.callback}?{urlencode(query)}")]


def connect(connection: Connection, environ: Environ) -> Twilio:
    """Raises LookupError: no token."""
    options, token = connection.options, secret(connection, environ, "token")
    outward = Outward(connection.terms.timeout, connection.loopback)
    return Twilio(
        options["api"], options["account"], token, options["from"], options["callback"], outward, time.time
    )  # fmt: skip


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def _code(body: bytes) -> int:
    """Twilio's number of an error, 0 if it gives none."""
    try:
        code = json.decode(body).get("code")
    except (DecodeError, AttributeError, UnicodeDecodeError):
        return 0
    return code if isinstance(code, int) else 0


def _named(code: int) -> str:
    return f"twilio_{code}" + (f": {WORDS[code]}" if code in WORDS else "") if code else ""
