"""A mail tool that stays asks a real server before it sends, and tells what it sent; the caps of ours have less room,
and those who run it see both.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.story.conftest import Serve
from tests.story.persons import from_backend
from tests.story.projects import project
from tests.story.servers import SHIPPED, Server, command
from tests.story.visits import event

pytestmark = pytest.mark.slow

POLICY = """purposes: {marketing: {consent: required}, service: {consent: not_required}}
caps:
  - {per: person, topic: cart, at_most: 2, within: 24h}
"""
STRICTER = POLICY.replace("at_most: 2", "at_most: 0")
MOMENT = """moment: hero
purpose: service
topic: cart
detect: {ask: hero}
goal: {event: Order Completed, within: 30m}
actions:
  - {action: hello, channel: onpage, content: {title: Hello}}
"""


def shop(serve: Serve, folder: Path) -> Server:
    return serve(project(folder / "shop", files={"policy.yaml": POLICY, "moments/hero.yaml": MOMENT}), SHIPPED)


def may_send(server: Server, **query: str) -> Any:
    return server.get("/v1/may-send", channel="email", topic="cart", **query).json()


def hero(server: Server) -> Any:
    return server.post("/v1/decide", {"placement": "hero", "user_id": "ada"}, server.keys.server).json()


def test_one_policy_over_two_tools(serve: Serve, tmp_path: Path, context: BrowserContext) -> None:
    server = shop(serve, tmp_path)
    assert may_send(server, user_id="ada")["reasons"] == ["consent: marketing not given"]
    assert server.get("/v1/profile", user_id="ada").status_code == 404, "asking founds nobody"
    answer = server.get("/v1/may-send", user_id="ada", channel="email", topic="crat")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unknown_topic")
    assert answer.json()["error"]["message"].endswith("did you mean cart?")

    consent = {"user_id": "ada", "purposes": {"marketing": True}}
    assert server.post("/v1/consent", consent, server.keys.server).status_code == 200
    assert may_send(server, user_id="ada") == {"may_send": True, "reasons": [], "until": None}
    for name in ("Email Sent", "Email Delivered"):
        from_backend(server, event(name, {"message_id": "m1", "topic": "cart"}, userId="ada"))
    assert hero(server)["action"] == "hello", "sent and delivered are one message"
    told = may_send(server, user_id="ada")
    assert (told["may_send"], told["reasons"]) == (False, ["cap: 2 per person and cart in 1d"])
    assert told["until"] is not None
    assert hero(server)["reason"] == "cap: 2 per person and cart in 1d"

    paused = server.post("/v1/pause", {"scope": "channel:onpage"}, server.keys.admin)
    assert paused.status_code == 200
    assert "paused: channel:onpage" in server.get("/v1/may-send", user_id="ada", channel="onpage").json()["reasons"]
    counted = server.get("/v1/contacts").json()
    assert (counted["contacts"], counted["all"]["2"]) == ({"ours": 1, "theirs": 1}, 1)
    page = context.new_page()
    page.goto(server.url)
    expect(page.locator("#contacts tbody tr").first).to_contain_text("all")
    expect(page.locator("#contacts")).to_contain_text("1 of ours, 1 of other tools")


def test_what_a_policy_would_have_blocked(serve: Serve, tmp_path: Path) -> None:
    """By the text of one that is only thought of, and by the files; the plan in force is the same afterwards."""
    server = shop(serve, tmp_path)
    assert hero(server)["action"] == "hello"
    [made] = server.get("/v1/decisions", user_id="ada").json()["decisions"]
    plan = server.get("/v1/moments").json()["plan"]
    path = "/v1/policy/would-have"
    told = server.post(path, {"policy": STRICTER}, server.keys.admin).json()
    [rule] = told["rules"]
    assert (rule["rule"], rule["examples"]) == ("cap: 0 per person and cart in 1d", [made["id"]])
    assert server.post(path, {}, server.keys.admin).json()["rules"] == []
    refused = server.post(path, {"policy": "caps: 3"}, server.keys.admin)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid_policy")
    assert server.get("/v1/moments").json()["plan"] == plan

    told_files = command("policy", "--would-have", server.directory, "--days", "7", "--json")
    assert json.loads(told_files.stdout)["contacts"] == 1
    words = command("policy", server.directory, "--contacts").stdout
    assert words.startswith("1 people, 1 messages of ours, 0 of others in 7 days")
    wrong = command("policy", server.directory, "--contacts", "--days", "30")
    assert (wrong.returncode, "remembered for 7 days" in wrong.stderr) == (1, True)
