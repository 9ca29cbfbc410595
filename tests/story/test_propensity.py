"""A chance over a real server: learned from what people do there, it crosses for the next one who does it too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.story.conftest import Serve
from tests.story.projects import project
from tests.story.servers import SHIPPED, Server, eventually
from tests.story.visits import event, somebody

pytestmark = pytest.mark.slow

PEOPLE = 1_600
WARM = """\
moment: warm
purpose: service
detect: {propensity: Order Completed, within: 5s, crosses: 0.5}
goal: {event: Order Completed, within: 30m}
expires: 5m
actions:
  - {action: hello, channel: onpage, content: {title: Hello}}
"""
FULL = {"products": [{"product_id": "x", "price": 300.0, "quantity": 1}]}
EMPTY: dict[str, Any] = {"products": []}


def visit(number: int) -> list[dict[str, Any]]:
    """Every second has a cart, and most of them order at once."""
    who = somebody()
    visited = [event("Cart Viewed", FULL if number % 2 else EMPTY, userId=who)]
    if number % 10 in (1, 3, 5, 7):
        visited.append(event("Order Completed", {"revenue": 300.0}, userId=who))
    return visited


def looks(server: Server, cart: dict[str, Any]) -> dict[str, Any]:
    """Why of somebody new who looks into their cart."""
    who = somebody()
    server.track("Cart Viewed", cart, userId=who)
    told: dict[str, Any] = server.get("/v1/why", moment="warm", user_id=who).json()
    return told


def test_people_teach_it_and_the_next_one_crosses(tmp_path: Path, serve: Serve) -> None:
    server = serve(project(tmp_path / "shop", files={"moments/warm.yaml": WARM}), SHIPPED)
    assert looks(server, FULL)["reason"] == "propensity: not known yet (0 of 200)"
    for start in range(0, PEOPLE, 100):
        visits = [one for number in range(start, start + 100) for one in visit(number)]
        assert server.post("/v1/batch", {"batch": visits}).status_code == 200
    told = eventually(lambda: looks(server, FULL), lambda told: told["stage"] == "signal")
    assert told["event"].startswith("propensity 0.")
    assert told["event"].endswith(" crosses 0.5")
    assert [one["moment"] for one in told["decision"]["candidates"]] == ["warm"]
    [model] = server.get("/v1/models").json()["models"]
    assert (model["moment"], model["action"], model["born"]) == ("~Order Completed/5s", None, True)
    assert looks(server, EMPTY)["stage"] == "unlikely"
