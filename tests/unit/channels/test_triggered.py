"""What the tools that send in our place are asked, in the shapes of their APIs, and what becomes of their answers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec import json

from journeyloop.runtime.channels import Receipt
from journeyloop.testing.channel_contract import Case
from journeyloop.testing.endpoints import Answer, Asked, Endpoint, http
from tests.contract.channels import CASES

ID = "0123456789abcdef0123456789abcdef"
VARIABLES = {"decision_id": ID, "unsubscribe_url": "https://loop.example.com/u/of-this-person", "product": "Red shoes"}
ASKED: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {
    "braze": (
        "/campaigns/trigger/send",
        {"authorization": "Bearer a-key-of-braze", "content-type": "application/json"},
        {
            "campaign_id": "a-campaign",
            "broadcast": False,
            "recipients": [
                {
                    "external_user_id": "a-user-of-ours",
                    "trigger_properties": VARIABLES,
                    "send_to_existing_only": True,
                }
            ],
        },
    ),
    "klaviyo": (
        "/api/events",
        {"authorization": "Klaviyo-API-Key a-key-of-klaviyo", "revision": "2026-10-15"},
        {
            "data": {
                "type": "event",
                "attributes": {
                    "properties": VARIABLES,
                    "unique_id": ID,
                    "metric": {"data": {"type": "metric", "attributes": {"name": "Cart left"}}},
                    "profile": {"data": {"type": "profile", "attributes": {"external_id": "a-user-of-ours"}}},
                },
            }
        },
    ),
    "customerio": (
        "/v1/send/email",
        {"authorization": "Bearer a-key-of-customerio"},
        {
            "transactional_message_id": 3,
            "to": "ana@example.com",
            "identifiers": {"id": "a-user-of-ours"},
            "message_data": VARIABLES,
        },
    ),
}
KINDS = {case.kind: case for case in CASES if case.kind in ASKED}


async def sent(case: Case, answer: Answer) -> tuple[Receipt, Asked]:
    async with Endpoint(answer).open() as endpoint:
        channel = case.connect(endpoint.url)
        receipt = await channel.send(case.message(), lambda: None)
        await channel.close()
    [asked] = endpoint.asked
    return receipt, asked


@pytest.mark.parametrize("kind", ASKED)
def test_it_is_asked_in_the_shape_of_its_api(kind: str) -> None:
    path, headers, body = ASKED[kind]
    receipt, asked = asyncio.run(sent(KINDS[kind], http(200)))
    assert receipt.state == "sent"
    assert asked.path == path
    assert asked.headers | headers == asked.headers
    assert json.decode(asked.body) == body


@pytest.mark.parametrize(
    ("kind", "body", "reason"),
    [
        ("braze", b'{"message": "success", "dispatch_id": "d1a5c0"}', "dispatch_id d1a5c0"),
        ("braze", b'{"message": "success", "dispatch_id": "ana@example.com"}', ""),
        ("braze", b'{"message": "success", "dispatch_id": 3}', ""),
        ("braze", b"[]", ""),
        ("braze", b"\xff", ""),
        ("customerio", b'{"delivery_id": "RPILAgABcRhI=", "queued_at": 1}', "delivery_id RPILAgABcRhI="),
    ],
)
def test_what_was_taken_can_be_found_there(kind: str, body: bytes, reason: str) -> None:
    receipt, _ = asyncio.run(sent(KINDS[kind], http(201, body)))
    assert (receipt.state, receipt.reason) == ("sent", reason)


def test_who_has_no_id_is_found_by_the_address() -> None:
    case = KINDS["customerio"]
    message = case.message()
    message.user_id, message.content = "", {"template": "receipt"}

    async def ask() -> dict[str, Any]:
        async with Endpoint().open() as endpoint:
            channel = case.connect(endpoint.url)
            await channel.send(message, lambda: None)
            await channel.close()
        found: dict[str, Any] = json.decode(endpoint.asked[0].body)
        return found

    asked = asyncio.run(ask())
    assert asked["identifiers"] == {"email": "ana@example.com"}
    assert asked["transactional_message_id"] == "receipt"
