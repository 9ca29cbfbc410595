"""A message as a letter: its parts, and nothing in its headers that was not meant to be there."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from journeyloop.act.render import Unrenderable
from journeyloop.adapters.channels.letter import Sender, letter
from journeyloop.adapters.channels.plain import plain
from tests.unit.channels.test_email import LEAVING, MESSAGE

NOW = datetime(2026, 7, 1, tzinfo=UTC)
SHOP = Sender("The Shop <hello@shop.example>")
HEADERS = {
    "X-Journeyloop-Decision", "List-Unsubscribe", "List-Unsubscribe-Post", "From", "To", "Subject", "Date",
    "Message-ID", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
}  # fmt: skip


def made(sender: Sender = SHOP, unsubscribe: str = LEAVING, **content: Any) -> EmailMessage:
    written = letter(replace(MESSAGE, content={"subject": "Hi", **content}, unsubscribe=unsubscribe), sender, NOW)
    assert written.content.isascii() and all(len(line) < 999 for line in written.content.split(b"\r\n"))
    found = message_from_bytes(written.content, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def body(found: EmailMessage, kind: str) -> str:
    part = found.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content.replace("\r\n", "\n")


@given(st.text(), st.text(), st.text())
def test_nothing_that_is_filled_in_becomes_a_header(subject: str, text: str, name: str) -> None:
    message = replace(MESSAGE, content={"subject": subject, "text": text, "from": f"{name} <a@shop.example>"})
    try:
        raw = letter(message, SHOP, NOW).content
    except Unrenderable:
        return
    found = message_from_bytes(raw, policy=policy.default)
    assert set(found.keys()) <= HEADERS and len(found.keys()) == len(set(found.keys()))
    assert [one.addr_spec for one in found["From"].addresses] == ["a@shop.example"]


def test_a_line_break_in_a_subject_is_a_space() -> None:
    found = made(subject="Hello\r\nBcc: eve@example.com", text="x")
    assert found["Subject"] == "Hello Bcc: eve@example.com" and found["Bcc"] is None


def test_a_long_way_out_is_one_line_and_not_encoded() -> None:
    link = "https://loop.example.com/u/" + "x" * 300
    raw = letter(replace(MESSAGE, unsubscribe=link), SHOP, NOW).content
    assert f"List-Unsubscribe: <{link}>\r\n".encode() in raw


def test_text_alone_is_text_alone() -> None:
    found = made(text="Hello\nyou")
    assert found.get_content_type() == "text/plain"
    assert body(found, "plain") == f"Hello\nyou\n\n-- \nUnsubscribe: {LEAVING}\n"


def test_without_need_of_consent_there_is_no_way_out() -> None:
    found = made(unsubscribe="", html="<p>Your receipt</p>")
    assert found["List-Unsubscribe"] is None
    assert "nsubscribe" not in body(found, "html") + body(found, "plain")


def test_a_way_out_that_the_author_wrote_is_not_repeated() -> None:
    found = made(html=f'<html><body><p>Hi</p><a href="{LEAVING}">no more</a></body></html>')
    assert body(found, "html").count(LEAVING) == body(found, "plain").count(LEAVING) == 1


def test_a_button_and_a_preheader_stand_inside_the_page() -> None:
    button = {"label": 'Back "there"', "url": "https://shop.example/cart?a=1&b=2"}
    found = made(html="<html><body class='x'><p>Hi</p></body></html>", preheader="<Psst>", button=button)
    html = body(found, "html")
    assert html.index("<body class='x'>") < html.index("&lt;Psst&gt;") < html.index("<p>Hi</p>")
    assert html.index("Hi") < html.index('href="https://shop.example/cart?a=1&amp;b=2"') < html.index("</body>")
    assert "Back &quot;there&quot;" in html
    assert 'Back "there": https://shop.example/cart?a=1&b=2' in body(found, "plain")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"subject": " \n ", "text": "x"}, "subject: empty"),
        ({"text": " "}, "content: neither text nor html has any words"),
        ({"text": "x", "from": "nobody"}, "from: not an address"),
        ({"text": "x", "from": "A <a@shop.example>\r\nBcc: x@example.com"}, "from: not one line"),
        ({"text": "x", "button": {"label": "Go", "url": "/cart"}}, "button.url: a mail has no page"),
    ],
)
def test_what_makes_no_letter_says_why(content: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unrenderable, match=reason):
        made(**content)


@pytest.mark.parametrize(
    ("provider", "name", "value"),
    [
        ("sendgrid", "X-SMTPAPI", '{"unique_args":{"decision_id":"' + MESSAGE.id + '"}}'),
        ("postmark", "X-PM-Metadata-decision_id", MESSAGE.id),
        ("other", "X-SMTPAPI", None),
    ],
)
def test_a_provider_is_told_what_it_gives_back(provider: str, name: str, value: str | None) -> None:
    assert made(Sender("a@shop.example", "help@shop.example", provider), text="x")[name] == value


def test_a_test_says_so() -> None:
    raw = letter(replace(MESSAGE, test=True), SHOP, NOW).content
    assert b"Subject: [Test] Hello Ada\r\n" in raw


def test_html_as_words() -> None:
    html = "<head><style>p{}</style></head><h1>Hi</h1><ul><li>one<li>two</ul><a href='https://a.example'>https://a.example</a>"
    assert plain(html) == "Hi\n\n- one\n- two\n\nhttps://a.example"
