"""A webhook as its receiver sees it, signed and told apart as the specification says."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from email.utils import formatdate

import pytest

from journeyloop.adapters.channels import connect
from journeyloop.adapters.channels.receipts import pause
from journeyloop.runtime.channels import Connection, Message, Receipt
from journeyloop.testing.endpoints import Answer, Asked, Endpoint, http

KEYS = [b"a key of twenty-four byt", b"another of twenty-four b"]
SECRET = " ".join("whsec_" + base64.b64encode(key).decode() for key in KEYS)
MESSAGE = Message(
    "00ff", "stall", "nudge", "service", "aa", [], {"title": "Hello", "lines": [1]}, 1_800_000_000_000, user_id="u1"
)  # fmt: skip


def send(answer: Answer = http(200), times: int = 1) -> tuple[Receipt, list[Asked]]:
    async def play() -> tuple[Receipt, list[Asked]]:
        async with Endpoint(answer).open() as endpoint:
            connection = Connection("tools", "webhook", {"url": endpoint.url + "/in"}, {"secret": "S"}, loopback=True)
            channel = connect(connection, {"S": SECRET})
            for _ in range(times):
                receipt = await channel.send(MESSAGE, lambda: None)
            await channel.close()
            return receipt, endpoint.asked

    return asyncio.run(play())


def test_a_receiver_can_tell_that_it_is_us_with_either_key() -> None:
    receipt, [asked] = send()
    assert receipt == Receipt("sent")
    headers = asked.headers
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + asked.body
    expected = [base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in KEYS]
    assert headers["webhook-signature"] == " ".join(f"v1,{one}" for one in expected)
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 300


def test_what_it_is_told() -> None:
    _, [asked] = send()
    told = json.loads(asked.body)
    assert told["type"] == "message.due" and told["timestamp"].endswith("Z")
    assert told["data"] == {
        "decision_id": "00ff", "moment": "stall", "action": "nudge", "purpose": "service", "user_id": "u1",
        "content": {"title": "Hello", "lines": [1]}, "expires_at": "2027-01-15T08:00:00.000Z", "unsubscribe": None,
        "test": False,
    }  # fmt: skip


def test_every_attempt_has_the_same_id() -> None:
    _, asked = send(http(500), times=2)
    assert [one.headers["webhook-id"] for one in asked] == ["00ff", "00ff"]


@pytest.mark.parametrize(
    ("status", "state", "trouble"),
    [(200, "sent", False), (204, "sent", False), (410, "failed", False), (422, "failed", False), (404, "failed", True),
     (307, "failed", True), (408, "again", True), (425, "again", True), (429, "again", True), (500, "again", True),
     (503, "again", True)],
)  # fmt: skip
def test_what_a_receiver_says(status: int, state: str, trouble: bool) -> None:
    receipt, _ = send(http(status, b""))
    assert (receipt.state, receipt.trouble) == (state, trouble)
    assert receipt.reason.partition(":")[0] == ("" if state == "sent" else f"http_{status}")


@pytest.mark.parametrize("secret", ["", "  ", "whsec_not base64!", "whsec_ä", "whsec_", "whsec_c2hvcnQ="])
def test_a_secret_that_is_none(secret: str) -> None:
    with pytest.raises(LookupError):
        connect(Connection("tools", "webhook", {"url": "https://example.com"}, {"secret": "S"}), {"S": secret})


@pytest.mark.parametrize(
    ("written", "seconds"), [("7", 7.0), ("", 0.0), ("soon", 0.0), ("-3", 0.0), ("1e9", 0.0), ("9" * 20, 0.0)]
)
def test_how_long_they_ask_to_wait(written: str, seconds: float) -> None:
    assert pause({"retry-after": written}) == seconds


def test_they_may_name_a_date() -> None:
    assert 3_000 < pause({"retry-after": formatdate(time.time() + 3_600, usegmt=True)}) <= 3_600
    assert pause({"retry-after": formatdate(0, usegmt=True)}) == 0.0
