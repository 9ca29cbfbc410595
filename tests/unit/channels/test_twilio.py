"""A message in Twilio's words, and Twilio's words in ours."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from typing import Any

import pytest

from journeyloop.adapters.channels import connect
from journeyloop.runtime.channels import Connection, Message, Receipt
from journeyloop.testing.endpoints import Answer, Endpoint, http
from tests.story.providers import fields

NOW = 1_800_000_000_000


def message(content: dict[str, Any], expires: int = NOW, user_id: str = "u1") -> Message:
    return Message("00ff", "stall", "nudge", "service", "aa", ["+4917012345678"], content, expires, user_id=user_id)


def send(told: Message, answer: Answer = http(201), **options: str) -> tuple[Receipt, dict[str, str], Endpoint]:
    async def play() -> tuple[Receipt, Endpoint]:
        async with Endpoint(answer).open() as endpoint:
            wanted = {"api": endpoint.url + "/", "account": "AC1", "from": "+15005550006", "callback": "", **options}
            channel = connect(Connection("sms", "twilio", wanted, {"token": "T"}, loopback=True), {"T": "secret"})
            receipt = await channel.send(told, lambda: None)
            await channel.close()
            return receipt, endpoint

    receipt, endpoint = asyncio.run(play())
    return receipt, fields(endpoint.asked[0]) if endpoint.asked else {}, endpoint


def test_a_text() -> None:
    receipt, form, endpoint = send(message({"text": "Grüße & more"}))
    assert receipt == Receipt("sent")
    assert {key: form[key] for key in ("To", "From", "Body")} == {
        "To": "+4917012345678", "From": "+15005550006", "Body": "Grüße & more",
    }  # fmt: skip
    assert "StatusCallback" not in form and "MessagingServiceSid" not in form
    assert endpoint.asked[0].headers["authorization"] == "Basic " + b64encode(b"AC1:secret").decode()


@pytest.mark.parametrize(
    ("sender", "to", "named", "value"),
    [
        ("MG12", "+4917012345678", "MessagingServiceSid", "MG12"),
        ("whatsapp:+15005550006", "whatsapp:+4917012345678", "From", "whatsapp:+15005550006"),
        ("whatsapp:MG12", "whatsapp:+4917012345678", "MessagingServiceSid", "MG12"),
    ],
)
def test_who_it_comes_from(sender: str, to: str, named: str, value: str) -> None:
    _, form, _ = send(message({"text": "Hello"}), **{"from": sender})
    assert (form["To"], form[named]) == (to, value)
    assert len({"From", "MessagingServiceSid"} & form.keys()) == 1


def test_a_template_with_its_variables_and_media() -> None:
    content = {"template": "HX1", "variables": {"1": "Ada"}, "media": ["https://example.com/a.png"]}
    _, form, _ = send(message(content))
    assert form["ContentSid"] == "HX1" and json.loads(form["ContentVariables"]) == {"1": "Ada"}
    assert form["MediaUrl"] == "https://example.com/a.png" and "Body" not in form


@pytest.mark.parametrize(("expires", "waits"), [(0, "1"), (4_000_000_000_000, "36000")])
def test_it_waits_at_twilio_no_longer_than_it_is_worth_something(expires: int, waits: str) -> None:
    assert send(message({"text": "Hello"}, expires))[1]["ValidityPeriod"] == waits


def test_the_callback_says_which_message_and_whose() -> None:
    url = "https://loop.example/v1/hooks/twilio"
    assert send(message({"text": "a"}), callback=url)[1]["StatusCallback"] == f"{url}?decision_id=00ff&user_id=u1"
    nobody = send(message({"text": "a"}, user_id=""), callback=url)[1]["StatusCallback"]
    assert nobody == f"{url}?decision_id=00ff"


@pytest.mark.parametrize(("length", "state"), [(1_600, "sent"), (1_601, "failed")])
def test_a_text_has_a_length(length: int, state: str) -> None:
    receipt, _, endpoint = send(message({"text": "x" * length}))
    assert receipt.state == state and len(endpoint.asked) == (state == "sent")


@pytest.mark.parametrize(
    ("answer", "receipt"),
    [
        (http(201, b"not json"), Receipt("sent")),
        (
            http(400, b'{"code": 21610, "message": "x"}'),
            Receipt("failed", "twilio_21610: unsubscribed", opted_out=True),
        ),
        (http(400, b'{"code": 21614}'), Receipt("failed", "twilio_21614: not a mobile number")),
        (http(400, b'{"code": 12345}'), Receipt("failed", "twilio_12345")),
        (http(400, b"\xff["), Receipt("failed", "http_400")),
        (http(400, b'{"code": "+4917012345678"}'), Receipt("failed", "http_400")),
        (http(401, b'{"code": 20003}'), Receipt("failed", "twilio_20003", trouble=True)),
        (http(302), Receipt("failed", "http_302: a redirect is not followed", trouble=True)),
        (http(429, b'{"code": 20429}', retry_after="3"), Receipt("again", "twilio_20429", 3.0, trouble=True)),
        (http(503, b"", retry_after="3"), Receipt("again", "http_503", 3.0, trouble=True)),
        (http(503, b""), Receipt("unknown", "http_503", trouble=True)),
        (http(500, b'{"code": 20500}'), Receipt("unknown", "twilio_20500", trouble=True)),
    ],
)
def test_what_twilio_says(answer: Answer, receipt: Receipt) -> None:
    assert send(message({"text": "Hello"}), answer)[0] == receipt


def test_without_its_token_it_says_so() -> None:
    with pytest.raises(LookupError, match="token: the environment variable T is not set"):
        connect(Connection("sms", "twilio", {}, {"token": "T"}), {})
