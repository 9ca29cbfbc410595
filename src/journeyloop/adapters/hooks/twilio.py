"""Twilio: https://www.twilio.com/docs/usage/security. Texts that come in, and what became of those that went out.

The address that Twilio calls is part of what it signs, so it stands in sources.yaml; `?user_id=` in it says who the
message was for, `decision_id` that it was ours and which, `topic` what it was about. What somebody wrote is not kept,
only whether it ends or resumes their messages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import parse_qsl

from journeyloop.adapters.hooks.payload import form, ids, named, track, unique
from journeyloop.adapters.hooks.signing import base64_hmacs, header, require
from journeyloop.runtime.hooked import Nonsense, Posted, Source, Told

STOP = frozenset("STOP STOPALL UNSUBSCRIBE CANCEL END QUIT REVOKE OPTOUT".split())
START = frozenset("START UNSTOP YES".split())
WHATSAPP = "whatsapp:"
BECAME = {"delivered": "Delivered", "undelivered": "Failed", "failed": "Failed", "read": "Opened"}


def signed(posted: Posted, secrets: Sequence[str], source: Source) -> None:
    """HMAC-SHA1 of the address with each field and its value after it, sorted. There is no time in it."""
    shown = header(posted, "x-twilio-signature")
    try:
        fields = form(posted.body)
    except Nonsense:
        fields = []
    url = f"{source.url}?{posted.query}" if posted.query else source.url
    message = url + "".join(name + value for name, value in sorted(set(fields)))
    require([shown], base64_hmacs(secrets, "sha1", message.encode()))


def told(posted: Posted, source: Source) -> Iterator[Told | None]:
    fields = dict(form(posted.body))
    sid = fields.get("MessageSid") or fields.get("SmsSid") or ""
    status = fields.get("MessageStatus") or fields.get("SmsStatus") or ""
    if not sid:
        raise Nonsense("missing_id")
    if status == "received" or ("Body" in fields and not fields.get("MessageStatus")):
        yield _received(fields, sid)
    else:
        yield _sent(fields, sid, status, dict(parse_qsl(posted.query)))


def _received(fields: dict[str, str], sid: str) -> Told:
    channel, phone = _channel(fields.get("From", ""))
    word = (fields.get("OptOutType") or fields.get("Body", "")).strip().upper()
    said = "Unsubscribed" if word in STOP else "Subscribed" if word in START else "Received"
    call = track("twilio", f"{channel} {said}", unique("twilio", sid, "received"), None, {"message_id": sid})
    return Told(call, named(phone=phone), vouched=True)


def _sent(fields: dict[str, str], sid: str, status: str, query: dict[str, str]) -> Told | None:
    became = BECAME.get(status)
    if became is None:
        return None
    channel, phone = _channel(fields.get("To", ""))
    properties = {"message_id": sid, "error_code": fields.get("ErrorCode", ""), "status": status}
    properties |= {name: query.get(name, "") for name in ("decision_id", "topic")}
    call = track("twilio", f"{channel} {became}", unique("twilio", sid, status), None, properties, ids(query))
    return Told(call, named(phone=phone))


def _channel(address: str) -> tuple[str, str]:
    """`whatsapp:+49…` or `+49…`."""
    if address.startswith(WHATSAPP):
        return "WhatsApp", address.removeprefix(WHATSAPP)
    return "SMS", address
