"""A cap of one, asked a thousand times at once through the real server: one message, whatever the order of arrival."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import httpx
import pytest

from tests.story.conftest import Serve
from tests.story.projects import project
from tests.story.servers import SHIPPED, bearer

pytestmark = pytest.mark.slow

TRIGGERS = 1_000
POLICY = """purposes: {marketing: {consent: required}, service: {consent: not_required}}
caps:
  - {per: person, topic: cart, at_most: 1, within: 1h}
"""
MOMENT = """moment: %s
purpose: service
topic: cart
detect: %s
goal: {event: Order Completed, within: 30m}
actions:
  - {action: hello, channel: onpage, content: {title: Hello}}
"""


def test_a_thousand_triggers_at_once_and_a_cap_of_one(serve: Serve, tmp_path: Path) -> None:
    """Half are asked by a page, half are events of two moments; all for one person."""
    moments = {
        "moments/hero.yaml": MOMENT % ("hero", "{ask: hero}"),
        "moments/failed.yaml": MOMENT % ("failed", "{event: Payment Failed}"),
    }
    server = serve(project(tmp_path / "shop", files={**moments, "policy.yaml": POLICY}), SHIPPED)

    async def trigger(client: httpx.AsyncClient, number: int) -> httpx.Response:
        if number % 2:
            return await client.post("/v1/decide", json={"placement": "hero", "user_id": "ada"})
        body = {"event": "Payment Failed", "userId": "ada", "messageId": f"m{number}"}
        return await client.post("/v1/track", json=body)

    async def all_at_once() -> list[httpx.Response]:
        limits = httpx.Limits(max_connections=100)
        headers = bearer(server.keys.server)
        async with httpx.AsyncClient(base_url=server.url, headers=headers, limits=limits, timeout=60.0) as client:
            return await asyncio.gather(*(trigger(client, number) for number in range(TRIGGERS)))

    answers = asyncio.run(all_at_once())
    assert {answer.status_code for answer in answers} == {200}
    asked = [answer.json() for number, answer in enumerate(answers) if number % 2]
    came = sum(one["action"] is not None for one in asked)
    counts = [server.moment(name) for name in ("hero", "failed")]
    assert sum(one["decided"] for one in counts) == 1
    assert came + counts[1]["decided"] == 1
    silent = Counter[str]()
    for one in counts:
        silent.update(one["silent"])
    assert silent.total() == TRIGGERS - 1
    assert all(reason.startswith(("cap: 1 per person and cart in 1h", "occupied")) for reason in silent)
