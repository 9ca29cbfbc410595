"""A message as a letter: its MIME parts and headers, and the way out in it. Nothing is sent here.

Nothing that was filled into a text can become a header of its own. The id of the decision stands in the Message-ID, the
same for every attempt, and where the provider gives it back.
"""

from __future__ import annotations

import re
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from html import escape

from email_validator import EmailNotValidError, validate_email
from msgspec import Struct, json

from journeyloop.act.render import Unrenderable
from journeyloop.adapters.channels.plain import plain
from journeyloop.runtime.channels import Message

_POLICY = SMTP.clone(cte_type="7bit")
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_END = re.compile(r"</body\s*>", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
_PAGE = (
    '<!doctype html><html><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"></head><body>{}</body></html>'
)
_BUTTON = (
    '<p><a href="{url}" style="display:inline-block;padding:12px 24px;border-radius:6px;background:#1a1a1a;'
    'color:#ffffff;text-decoration:none">{label}</a></p>'
)
_PREHEADER = '<div style="display:none;max-height:0;overflow:hidden">{}</div>'
_FOOTER = '<p style="font-size:12px"><a href="{}">Unsubscribe</a></p>'


class Sender(Struct, frozen=True):
    """Who writes, where answers go, and whose mail server it is: what gives the id of a decision back."""

    mailbox: str
    reply_to: str = ""
    provider: str = "other"


class Mailbox(Struct, frozen=True):
    """An address as the envelope has it. `utf8`: only a server that takes international addresses takes it."""

    name: str
    address: str
    utf8: bool


class Letter(Struct, frozen=True):
    """What goes to the server: the envelope and the whole text of the message, as it was `utf8` or not."""

    sender: str
    recipient: str
    utf8: bool
    content: bytes


def mailbox(text: str) -> Mailbox:
    """Raises ValueError: this is not one address."""
    if _CONTROL.search(text):
        raise ValueError("not one line")
    name, address = parseaddr(text)
    try:
        found = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise ValueError("not an address") from None
    return Mailbox(name, found.ascii_email or found.normalized, found.ascii_email is None)


def letter(message: Message, by: Sender, now: datetime) -> Letter:
    """Raises Unrenderable: the content makes no letter; ValueError: the recipient has no address that is one."""
    content, to = message.content, mailbox(message.to[0])
    sender = _mailbox_of("from", str(content.get("from") or by.mailbox))
    policy = _POLICY.clone(utf8=True) if to.utf8 or sender.utf8 else _POLICY
    written = EmailMessage(policy)
    try:
        written["From"], written["To"] = _address(sender), _address(to)
        written["Subject"] = _subject(message)
        written["Date"] = format_datetime(now)
        written["Message-ID"] = f"<{message.id}@{sender.address.rpartition('@')[2]}>"
        if by.reply_to:
            written["Reply-To"] = _one_line(by.reply_to)
        _parts(written, message)
        raw = written.as_bytes()
    except (ValueError, MessageError, LookupError) as error:
        raise Unrenderable(f"no mail can be made of it: {type(error).__name__}") from None
    return Letter(sender.address, to.address, to.utf8 or sender.utf8, _headers(message, by.provider) + raw)


def _address(one: Mailbox) -> Address:
    local, _, domain = one.address.rpartition("@")
    return Address(one.name, local, domain)


def _mailbox_of(field: str, text: str) -> Mailbox:
    try:
        return mailbox(text)
    except ValueError as error:
        raise Unrenderable(f"{field}: {error}") from None


def _subject(message: Message) -> str:
    subject = _one_line(str(message.content.get("subject") or ""))
    if not subject:
        raise Unrenderable("subject: empty")
    return f"[Test] {subject}" if message.test else subject


def _one_line(text: str) -> str:
    """What stands in a header is one line, whatever was filled into it."""
    return " ".join(_CONTROL.sub(" ", text).split())


def _headers(message: Message, provider: str) -> bytes:
    """Those that must not be folded, and those that providers give back with what they tell of the message."""
    lines = [f"X-Journeyloop-Decision: {message.id}"]
    if provider == "sendgrid":
        lines.append("X-SMTPAPI: " + json.encode({"unique_args": {"decision_id": message.id}}).decode())
    elif provider == "postmark":
        lines.append(f"X-PM-Metadata-decision_id: {message.id}")
    if message.unsubscribe:
        lines.append(f"List-Unsubscribe: <{message.unsubscribe}>")
        lines.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click")
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


# --- the parts ------------------------------------------------------------------------------------------------------


def _parts(written: EmailMessage, message: Message) -> None:
    """Plain text always; HTML beside it if there is some."""
    html, label, url = str(message.content.get("html") or ""), *_button(message)
    text = str(message.content.get("text") or "").strip() or plain(html)
    if not text and not html.strip():
        raise Unrenderable("content: neither text nor html has any words")
    written.set_content(_text(text, label, url, message.unsubscribe))
    if html.strip():
        preheader = _one_line(str(message.content.get("preheader") or ""))
        written.add_alternative(_html(html, preheader, label, url, message.unsubscribe), subtype="html")


def _button(message: Message) -> tuple[str, str]:
    button = message.content.get("button")
    if not isinstance(button, dict):
        return "", ""
    url = str(button.get("url", ""))
    if url.startswith("/"):
        raise Unrenderable("button.url: a mail has no page that a path could start from, write https://…")
    return _one_line(str(button.get("label") or url)), _one_line(url)


def _text(text: str, label: str, url: str, leaving: str) -> str:
    text += f"\n\n{label}: {url}" if url else ""
    text += f"\n\n-- \nUnsubscribe: {leaving}" if leaving and leaving not in text else ""
    return text + "\n"


def _html(html: str, preheader: str, label: str, url: str, leaving: str) -> str:
    page = html if _BODY.search(html) else _PAGE.format(html)
    after = _BUTTON.format(url=escape(url), label=escape(label)) if url else ""
    after += _FOOTER.format(escape(leaving)) if leaving and leaving not in html else ""
    if preheader:
        start = _BODY.search(page)
        at = start.end() if start else 0
        page = page[:at] + _PREHEADER.format(escape(preheader)) + page[at:]
    ends = list(_END.finditer(page))
    at = ends[-1].start() if ends else len(page)
    return page[:at] + after + page[at:]
