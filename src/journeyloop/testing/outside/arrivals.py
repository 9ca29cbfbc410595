"""What arrives in the world outside: e-mails over SMTP, texts in Twilio's shape, calls to other tools."""

from __future__ import annotations

import asyncio
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from msgspec import Struct

LOOPBACK = "127.0.0.1"
KEPT = 200


class Arrived(Struct):
    """One thing that arrived: `kind` is email, sms, whatsapp, tool or alert; `at` counts from 1."""

    kind: str
    to: str
    title: str
    text: str
    at: int = 0
    headers: dict[str, str] = {}
    html: str = ""


class Arrivals(Struct):
    """All that arrived, oldest first; of more than a screen the oldest are forgotten."""

    all: list[Arrived] = []
    count: int = 0

    def add(self, one: Arrived) -> None:
        self.count += 1
        one.at = self.count
        self.all = [*self.all, one][-KEPT:]


class Mailbox:
    """Takes every e-mail."""

    def __init__(self, arrivals: Arrivals) -> None:
        self.arrivals = arrivals

    async def take(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        headers = {name.lower(): str(value) for name, value in message.items()}
        self.arrivals.add(
            Arrived(
                "email",
                ", ".join(envelope.rcpt_tos),
                headers.get("subject", ""),
                _part(message, "plain"),
                headers=headers,
                html=_part(message, "html"),
            )
        )
        return "250 Taken"


Mailbox.handle_DATA = Mailbox.take  # type: ignore[attr-defined]  # aiosmtpd's name for it


async def mail_server(arrivals: Arrivals) -> asyncio.Server:
    """A mail server on a free port of this machine."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(
        lambda: SMTP(Mailbox(arrivals), hostname="mail.example", enable_SMTPUTF8=True, loop=loop), LOOPBACK, 0
    )


def text_message(fields: dict[str, str]) -> Arrived:
    """What Twilio's API was asked to send (https://www.twilio.com/docs/messaging/api/message-resource)."""
    to = fields.get("To", "")
    whatsapp = to.startswith("whatsapp:")
    text = fields.get("Body") or f"template {fields.get('ContentSid', '')} {fields.get('ContentVariables', '')}".strip()
    return Arrived("whatsapp" if whatsapp else "sms", to.removeprefix("whatsapp:"), "", text)


def told(body: dict[str, Any], headers: dict[str, str]) -> Arrived:
    """What another tool was told by webhook."""
    facts = body.get("data") if isinstance(body.get("data"), dict) else body
    words = ", ".join(f"{name}: {value}" for name, value in (facts or {}).items() if value not in (None, "", [], {}))
    return Arrived("tool", "the old mail tool", str(body.get("type", "")), words, headers=headers)


def _part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    return found.get_content().strip() if found is not None else ""
