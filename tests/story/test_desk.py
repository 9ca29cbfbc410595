"""An agent on the phone, over the real server: the payment fails, the desk knows, one suggestion is handed over and
answered once, and what the agent says at the end holds at once.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import BrowserContext, expect

from tests.story.conftest import Serve, end
from tests.story.projects import project
from tests.story.servers import PATIENCE_S, SHIPPED, Server, bearer, eventually

pytestmark = pytest.mark.slow

POLICY = """purposes: {marketing: {consent: not_required}, service: {consent: not_required}, news: {consent: required}}
dispositions:
  complaint_open: {hold: [marketing], for: 7d}
  resolved: {release: [marketing]}
"""
FAILED = """moment: failed
title: Their payment failed
purpose: service
detect: {event: Payment Failed}
goal: {event: Order Completed, within: 30m}
actions:
  - action: call_back
    channel: agent
    content: {title: "Offer {{ profile.first_name }} to pay by invoice", say: I am sorry., avoid: the price}
also:
  - {brief: agent, text: "The card was refused for {{ event.properties.amount }}."}
"""
HELD = FAILED.replace("moment: failed", "moment: held").replace("Payment Failed", "Ticket Opened").replace(
    "goal:", "holdout: 100%\ngoal:"
)  # fmt: skip
BANNER = """moment: banner
purpose: marketing
detect: {event: Product Viewed}
goal: {event: Order Completed, within: 2h}
expires: 1h
actions: [{action: tell, channel: onpage, content: {title: Still thinking?}}]
"""
LISTENS = """moment: listens
purpose: service
detect: {event: Agent Disposition, where: event.properties.disposition == 'complaint_open'}
goal: {event: Order Completed, within: 30m}
actions: [{action: sorry, channel: onpage, content: {title: We are sorry}}]
"""
MOMENTS = {"failed": FAILED, "held": HELD, "banner": BANNER, "listens": LISTENS}


def shop(directory: Path) -> Path:
    files = {f"moments/{name}.yaml": text for name, text in MOMENTS.items()} | {"policy.yaml": POLICY}
    project(directory, files=files)
    settings = directory / "journeyloop.toml"
    settings.write_text(settings.read_text() + '\n[channels.agent]\nkind = "desk"\n')
    return directory


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(shop(tmp_path_factory.mktemp("desk") / "shop"), SHIPPED)
    yield running
    end(running)


def somebody(server: Server) -> str:
    user = f"u-{uuid4().hex[:8]}"
    traits = {"firstName": "Ada", "lastName": "Lovelace", "email": f"{user}@example.com", "tier": "gold"}
    assert server.post("/v1/identify", {"userId": user, "traits": traits}).status_code == 200
    return user


def ask(server: Server, **who: str) -> dict[str, Any]:
    answer = server.get("/v1/agent/next", **who)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def texts(lines: list[dict[str, Any]]) -> list[str]:
    return [one["text"] for one in lines]


class Desk:
    """What an agent's screen hears."""

    def __init__(self, server: Server, name: str, type_: str = "user_id") -> None:
        self.states: list[dict[str, Any]] = []
        self._client = httpx.Client(base_url=server.url, timeout=None, headers=bearer(server.keys.server))
        self._thread = threading.Thread(target=self._read, args=({type_: name},), daemon=True)
        self._thread.start()

    def _read(self, who: dict[str, str]) -> None:
        try:
            with self._client.stream("GET", "/v1/agent/stream", params=who) as answer:
                for line in answer.iter_lines():
                    if line.startswith("data: "):
                        self.states.append(json.loads(line.removeprefix("data: ")))
        except httpx.HTTPError:
            return

    def wait_for(self, what: str) -> dict[str, Any]:
        """The newest state, once it speaks of this."""
        found = eventually(lambda: self.states[-1:], lambda states: what in json.dumps(states), PATIENCE_S)
        return found[0]

    def close(self) -> None:
        self._client.close()


def test_a_failed_payment_comes_to_the_desk_while_somebody_is_on_the_phone(server: Server) -> None:
    user = somebody(server)
    desk = Desk(server, user)
    desk.wait_for("Ada Lovelace")
    server.track("Payment Failed", {"amount": 89.5}, userId=user)
    state = desk.wait_for("The card was refused for 89.5.")
    assert (state["suggestion"], state["waiting"]) == (None, 1)
    told = ask(server, email=f"{user}@example.com")
    assert told["suggestion"]["content"]["title"] == "Offer Ada to pay by invoice"
    assert (told["suggestion"]["because"], told["reason"]) == (
        "Their payment failed", "the first eligible action, as written",
    )  # fmt: skip
    assert desk.wait_for(told["suggestion"]["decision_id"])["waiting"] == 0
    brief = told["brief"]
    assert (brief["who"]["name"], brief["who"]["user_id"], brief["who"]["tier"]) == ("Ada Lovelace", user, "gold")
    assert texts(brief["happened"]) == ["Their payment failed", "Payment Failed · 89.50"]
    assert texts(brief["open"]) == ["Payment Failed · 89.50", "Their payment failed: no Order Completed yet"]
    assert texts(brief["avoid"]) == [
        "No news: they have not agreed to it", "No discounts: a service matter is open", "the price",
    ]  # fmt: skip
    server.track("Order Completed", {"revenue": 89.5}, userId=user)
    state = eventually(lambda: desk.states[-1], lambda one: one["brief"]["who"]["orders"] == 1)
    assert (state["suggestion"], state["brief"]["told"], state["brief"]["open"]) == (None, [], [])
    desk.close()


def test_the_page_hears_it_too_and_one_key_accepts(server: Server, context: BrowserContext) -> None:
    """On this machine, without a key."""
    user = somebody(server)
    before = server.moment("failed")["clicked"]
    page = context.new_page()
    page.goto(f"{server.url}/desk?q={user}%40example.com")
    expect(page.get_by_role("heading", name="Ada Lovelace")).to_be_visible()
    expect(page.locator("#pills")).to_contain_text("live")
    server.track("Payment Failed", {"amount": 89.5}, userId=user)
    expect(page.get_by_role("heading", name="Offer Ada to pay by invoice")).to_be_visible()
    expect(page.locator("#told")).to_contain_text("The card was refused for 89.5.")
    page.wait_for_timeout(400)
    page.keyboard.press("a")
    expect(page.locator("#suggestion")).to_contain_text("Accepted.")
    assert server.moment("failed")["clicked"] == before + 1
    page.locator("[data-disposition=complaint_open]").click()
    expect(page.locator("#avoid")).to_contain_text("Nothing about marketing: it is on hold")


def test_asking_twice_is_one_contact_and_an_answer_counts_once(server: Server) -> None:
    user = somebody(server)
    before = server.moment("failed")
    server.track("Payment Failed", {"amount": 1}, userId=user)
    first, second = ask(server, user_id=user), ask(server, user_id=user)
    assert first["suggestion"] == second["suggestion"]
    answer = {"decision_id": first["suggestion"]["decision_id"], "answer": "declined", "reason": "already_done"}
    assert [server.post("/v1/agent/answer", answer).status_code for _ in range(2)] == [200, 200]
    other = server.post("/v1/agent/answer", {"decision_id": answer["decision_id"], "answer": "accepted"})
    assert (other.status_code, other.json()["error"]["code"]) == (409, "answered")
    after = server.moment("failed")
    assert (after["sent"] - before["sent"], after["dismissed"] - before["dismissed"]) == (1, 1)
    assert after["declined"]["already_done"] == before["declined"].get("already_done", 0) + 1
    told = ask(server, user_id=user)
    assert told["suggestion"] is None
    assert told["brief"]["contacts"][0]["outcome"] == "declined"
    assert "Nothing about failed: dismissed, and resting" in texts(told["brief"]["avoid"])


def test_twenty_agents_at_once_are_one_contact_and_one_answer(server: Server) -> None:
    user = somebody(server)
    before = server.moment("failed")
    server.track("Payment Failed", {"amount": 1}, userId=user)
    with ThreadPoolExecutor(20) as pool:
        told = list(pool.map(lambda _: ask(server, user_id=user)["suggestion"]["decision_id"], range(20)))
        said = [{"decision_id": told[0], "answer": ("accepted", "declined")[number % 2]} for number in range(20)]
        codes = list(pool.map(lambda body: server.post("/v1/agent/answer", body).status_code, said))
    after = server.moment("failed")
    counts = [after[name] - before[name] for name in ("sent", "clicked", "dismissed")]
    assert len(set(told)) == 1
    assert counts in ([1, 1, 0], [1, 0, 1])
    assert codes == [200 if (number % 2 == 0) is bool(counts[1]) else 409 for number in range(20)]


def test_outside_production_a_listed_customer_only_is_spoken_to(serve: Serve, tmp_path: Path) -> None:
    server = serve(shop(tmp_path / "shop"), SHIPPED, "--env", "staging")
    user = somebody(server)
    server.track("Payment Failed", {"amount": 1}, userId=user)
    for _ in range(2):
        told = ask(server, user_id=user)
        assert (told["suggestion"], told["reason"], told["waiting"]) == (None, "not in recipients_allow", 1)
        assert texts(told["brief"]["told"]) == ["The card was refused for 1."]


def test_a_visitor_who_logs_in_is_watched_on(server: Server) -> None:
    """The desk was opened for a browser; who it is turns out meanwhile."""
    browser, user = uuid4().hex, somebody(server)
    server.track("Product Viewed", {}, anonymousId=browser)
    desk = Desk(server, browser, "anonymous_id")
    desk.wait_for("Visitor")
    server.track("Logged In", {}, userId=user, anonymousId=browser)
    desk.wait_for("Ada Lovelace")
    server.track("Payment Failed", {"amount": 3}, userId=user)
    desk.wait_for("The card was refused for 3.")
    desk.close()


def test_who_is_held_out_has_a_brief_and_no_suggestion(server: Server) -> None:
    user = somebody(server)
    server.track("Ticket Opened", {"amount": 7}, userId=user)
    told = ask(server, user_id=user)
    assert (told["suggestion"], told["waiting"]) == (None, 0)
    assert texts(told["brief"]["told"]) == ["The card was refused for 7."]


def test_a_disposition_holds_at_once_and_moments_hear_of_it(server: Server) -> None:
    user = somebody(server)
    server.track("Product Viewed", {}, userId=user)
    assert server.decision(user_id=user)["state"] == "due"
    heard = server.moment("listens")["signals"]
    said = {"user_id": user, "disposition": "complaint_open", "note": "wants a call", "agent": "kim"}
    answer = server.post("/v1/agent/disposition", said)
    assert (answer.status_code, answer.json()["hold"]) == (200, ["marketing"])
    stopped = next(one for one in server.decisions(user_id=user) if one["moments"][0]["moment"] == "banner")
    assert (stopped["state"], stopped["state_reason"][:15]) == ("suppressed", "hold: marketing")
    assert server.moment("listens")["signals"] == heard + 1
    told = ask(server, user_id=user)
    assert "marketing is on hold" in texts(told["brief"]["open"])
    assert {one["disposition"] for one in told["dispositions"]} == {"complaint_open", "resolved"}
    assert server.post("/v1/agent/disposition", {"user_id": user, "disposition": "resolved"}).status_code == 200
    assert ask(server, user_id=user)["brief"]["open"] != told["brief"]["open"]
    assert server.get("/v1/profile", user_id=user).json()["holds"] == {}


def test_nobody_is_not_found_and_a_page_may_not_look(server: Server) -> None:
    for path in ("/v1/agent/next", "/v1/agent/stream"):
        assert server.get(path, user_id="nobody at all").status_code == 404
        assert server.get(path, server.keys.write, user_id=somebody(server)).status_code == 403
    assert server.post("/v1/agent/answer", {"decision_id": "ab" * 16, "answer": "accepted"}).status_code == 404
