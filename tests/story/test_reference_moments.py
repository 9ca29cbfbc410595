"""The seven reference moments of the demo, each through real parts: mail, telephone, bank, help desk, old mail tool."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.story.conftest import Serve
from tests.story.servers import Server, eventually
from tests.story.shopper import Shopper
from tests.story.test_propensity import FULL, PEOPLE, visit
from tests.story.visits import somebody
from tests.story.world import World

pytestmark = pytest.mark.slow
PHONE = "+4915112345678"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    found = World()
    yield found
    found.stop()


@pytest.fixture
def town(world: World, tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A server of the demo's configuration in this world; holdouts are off, so that the story happens."""

    def start(*changes: tuple[str, str, str]) -> Server:
        for name, value in world.environment().items():
            monkeypatch.setenv(name, value)
        directory = world.project(tmp_path / "shop", *changes)
        for file in directory.glob("moments/*.yaml"):
            file.write_text(file.read_text().replace("holdout: 10%", "holdout: 0%"))
        server = serve(directory)
        world.meets(server)
        return server

    return start


def customer(world: World, phone: str = PHONE) -> str:
    """Somebody whose addresses the shop's backend has verified."""
    who = f"customer-{somebody()}"
    world.do("account", user_id=who, first_name="Ada", email=f"{who}@example.com", phone=phone)
    return who


def test_a_declined_card_is_answered_on_the_telephone_when_no_tab_is_open(world: World, town: Any) -> None:
    server = town()
    who = customer(world)
    world.do("declined")
    text = world.first("sms")
    assert text["to"] == PHONE and "nothing was charged" in text["text"]
    made = server.decision(lambda one: one["state"] == "sent", user_id=who)
    assert made["action"] == {"moment": "failed_payment", "action": "help_by_sms"}
    assert {one["action"]: one["verdict"] for one in made["candidates"]}["help_on_page"].startswith("unreachable")


@pytest.mark.browser
def test_a_declined_card_is_answered_on_the_open_page(world: World, town: Any, context: BrowserContext) -> None:
    server = town()
    shopper = Shopper(context, server).accept().checkout().pay_next()
    before = len(world.arrived("sms"))
    known = eventually(lambda: server.get("/v1/profile", **shopper.me).json(), lambda one: one.get("known"))
    who = next(one["value"] for one in known["identifiers"] if one["type"] == "user_id")
    world.do("account", user_id=who, first_name="Ada", email=shopper.email, phone=PHONE)
    world.do("declined")
    shopper.sees_message()
    expect(shopper.message).to_contain_text("Your bank said no")
    assert len(world.arrived("sms")) == before


def test_an_urgent_ticket_tells_the_team_and_the_agent_and_holds_marketing(world: World, town: Any) -> None:
    server = town()
    who = customer(world)
    world.do("escalated")
    assert "turned urgent" in world.first("alert")["text"]
    told = server.get("/v1/agent/next", user_id=who).json()
    assert "Solve it before anything else" in str(told["brief"])
    asked = server.get("/v1/may-send", user_id=who, channel="email", topic="cart", purpose="marketing").json()
    assert not asked["may_send"] and any(reason.startswith("hold: marketing") for reason in asked["reasons"])


def test_a_purchase_stops_the_cart_mail_of_the_old_tool(world: World, town: Any) -> None:
    server = town()
    who = customer(world)
    world.do("ordered")
    told = world.first("tool", who)
    assert "cart" in told["text"] and who in told["text"]
    assert told["headers"]["webhook-signature"].startswith("v1,")
    asked = server.get("/v1/may-send", user_id=who, channel="email", topic="cart").json()
    assert not asked["may_send"]


def test_a_good_customer_who_goes_quiet_is_called(world: World, town: Any) -> None:
    server = town(("audiences.yaml", "within: 2m} # 90 days", "within: 2s} # 90 days"))
    who = customer(world)
    world.do("ordered")
    told = eventually(lambda: server.get("/v1/agent/next", user_id=who).json(), lambda told: told["suggestion"])
    assert told["suggestion"]["content"]["title"] == "Call Ada"
    answer = {"decision_id": told["suggestion"]["decision_id"], "answer": "accepted", "agent": "kim"}
    assert server.post("/v1/agent/answer", answer).status_code == 200
    assert server.decision(lambda one: one["clicked"], user_id=who)["action"]["action"] == "call"


def test_a_lead_that_warms_up_is_told_by_telephone(world: World, town: Any) -> None:
    """The chance is learned from what people do here; then somebody does what buyers do."""
    moment = "moments/lead_warming.yaml"
    server = town(
        (moment, "within: 24h, crosses", "within: 5s, crosses"),
        (moment, "after: 1m", "after: 1s"),
        (moment, "mode: cautious, explore: 5%", "mode: fixed"),
    )
    for start in range(0, PEOPLE, 100):
        visits = [one for number in range(start, start + 100) for one in visit(number)]
        assert server.post("/v1/batch", {"batch": visits}).status_code == 200
    numbers = iter(f"+49151{number}" for number in range(12_000_000, 13_000_000))

    def warmer() -> str:
        number = next(numbers)  # a telephone belongs to one
        who = customer(world, number)
        server.track("Cart Viewed", FULL, userId=who)
        told = server.get("/v1/why", moment="lead_warming", user_id=who).json()
        return number if told["stage"] == "signal" else ""

    assert "questions about your machine" in world.first("sms", eventually(warmer, bool))["text"]


@pytest.mark.browser
def test_the_world_outside_shows_what_arrived(world: World, town: Any, context: BrowserContext) -> None:
    town()
    page = context.new_page()
    page.goto(world.outside.url)
    page.get_by_role("button", name="Make it mine").click()
    page.get_by_role("button", name="The bank declines your card").click()
    expect(page.locator("#arrived .sms").first).to_contain_text("nothing was charged")
