"""Asking the real server for a place: several at once, what would be, who saw it, and what a page may know."""

from __future__ import annotations

import time
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import httpx
import pytest

from tests.story.conftest import end
from tests.story.projects import project
from tests.story.servers import SHIPPED, Server
from tests.story.visits import batch, event, identify, somebody

pytestmark = pytest.mark.slow

PLACE = """moment: {name}
purpose: service
topic: {name}
detect: {{ask: {name}}}
who: {who}
goal: {{event: Order Completed, within: 3m}}
holdout: {holdout}
actions:
  - action: tell
    channel: onpage
    content: {{title: "Still thinking of the {{{{ profile.last_viewed }}}}?", picture: espresso}}
"""
POLICY = """purposes: {marketing: {consent: required}, service: {consent: not_required}}
caps: [{per: person, topic: once, at_most: 1, within: 1h}]
"""
TRAITS = "traits: {last_viewed: {last: properties.name, of: Product Viewed}}\n"
PLACES = {
    "hero": ("profile.events > 0", "0%"),
    "held": ("profile.events > 0", "100%"),
    "once": ("profile.events > 0", "0%"),
    "desk": ("event.context.intent == 'refund' && event.context.agent.level >= 2", "0%"),
}
GUESSES = 1_000
BOT = "Mozilla/5.0 (compatible; ExampleBot/2.1; +https://example.com/bot)"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    files = {
        f"moments/{name}.yaml": PLACE.format(name=name, who=who, holdout=holdout)
        for name, (who, holdout) in PLACES.items()
    }
    files |= {"policy.yaml": POLICY, "audiences.yaml": TRAITS}
    server = Server(project(tmp_path_factory.mktemp("ask") / "shop", files=files), SHIPPED)
    yield server
    end(server)


def viewer(server: Server, **who: str) -> dict[str, str]:
    who = who or {"anonymous_id": somebody()}
    names = {"anonymousId" if name == "anonymous_id" else "userId": value for name, value in who.items()}
    batch(server, event("Product Viewed", {"name": "Duetto"}, **names))
    return who


def decide(server: Server, **body: Any) -> dict[str, Any]:
    answer = server.post("/v1/decide", body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def page_asks(server: Server, *placements: str, **body: Any) -> httpx.Response:
    said = {"write_key": server.keys.write, "placements": placements, **body}
    answer = server.http.post("/v1/ask", json=said)
    assert answer.status_code == 200, answer.text
    return answer


def report(server: Server, decision: str, outcome: str, agent: str = "Mozilla/5.0") -> int:
    said = {"decision_id": decision, "outcome": outcome, "write_key": server.keys.write}
    return server.http.post("/v1/outcomes", json=said, headers={"user-agent": agent}).status_code


# --- a backend ------------------------------------------------------------------------------------------------------


def test_several_places_are_decided_in_order_each_capped_after_the_one_before(server: Server) -> None:
    me = viewer(server)
    told = decide(server, **me, placements=["hero", "once", "held", "nowhere"])["decisions"]
    assert list(told) == ["hero", "once", "held", "nowhere"]
    assert told["hero"]["content"] == {"title": "Still thinking of the Duetto?", "picture": "espresso"}
    assert told["held"]["reason"] == "held out: holdout"
    assert told["nowhere"] == {
        "action": None, "reason": "no moment answers for placement nowhere", "decision_id": None,
    }  # fmt: skip
    made = server.decisions(**me)
    assert len(made) == 3 and len({one["at"] for one in made}) == 1, "one commit, one time"
    again = decide(server, **me, placements=["once"])["decisions"]["once"]
    assert again["action"] is None and again["reason"].startswith("cap: 1 per person and once")


def test_a_preview_changes_no_byte_of_the_store(server: Server) -> None:
    me = viewer(server)
    stored = [path for path in sorted(server.directory.rglob("*.mdb")) if path.name != "lock.mdb"]
    assert stored

    def digest() -> str:
        return sha256(b"".join(path.read_bytes() for path in stored)).hexdigest()

    moments, before = server.get("/v1/moments").json(), digest()
    for _ in range(50):
        told = decide(server, **me, placements=["hero", "once", "held"], reserve=False)["decisions"]
        assert (told["hero"]["action"], told["once"]["action"], told["held"]["action"]) == ("tell", "tell", None)
        assert all(one["preview"] is True and one["decision_id"] is None for one in told.values())
        assert decide(server, user_id=somebody(), placement="hero", reserve=False)["preview"] is True
    assert digest() == before and server.get("/v1/moments").json() == moments and server.decisions(**me) == []
    real = decide(server, **me, placement="once")
    assert real["action"] == "tell" and "preview" not in real
    assert decide(server, **me, placement="once", reserve=False)["reason"].startswith("cap: 1 per person and once")


def test_the_context_is_what_the_asker_knows(server: Server) -> None:
    me = viewer(server)
    right = {"intent": "refund", "agent": {"name": "desk-7", "level": 2}}
    assert decide(server, **me, placement="desk", context=right)["action"] == "tell"
    for wrong in ({}, {"intent": "sale", "agent": {"level": 3}}, {"intent": "refund", "agent": "desk-7"}):
        told = decide(server, **me, placement="desk", context=wrong)
        assert told["reason"] == "no moment for placement desk is true for this person"
    body = f'{{"anonymous_id": "{me["anonymous_id"]}", "placement": "desk", "context": {{"n": NaN}}}}'
    headers = {"authorization": f"Bearer {server.keys.server}"}
    refused = server.http.post("/v1/decide", content=body, headers=headers)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "malformed_json")


# --- who saw it -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("place", "arm"), [("hero", "treated"), ("held", "holdout")])
def test_who_saw_the_place_is_logged_for_both_arms(server: Server, place: str, arm: str) -> None:
    before = server.moment(place)["exposed"]
    made = decide(server, **viewer(server), placement=place)
    assert (made["action"] is None) is (arm == "holdout")
    for _ in range(3):
        assert report(server, made["decision_id"], "shown") == 200
    assert server.moment(place)["exposed"] == {**before, arm: before[arm] + 1}
    assert report(server, "f" * 32, "shown") == 404


def test_machines_do_not_click(server: Server) -> None:
    before = server.moment("hero")
    made = decide(server, **viewer(server), placement="hero")["decision_id"]
    assert report(server, made, "shown") == report(server, made, "clicked", BOT) == 200
    after = server.moment("hero")
    assert after["ignored"].get("machine", 0) == before["ignored"].get("machine", 0) + 1
    assert after["clicked"] == before["clicked"]
    time.sleep(0.2)  # quicker than that is no person's either
    assert report(server, made, "clicked") == 200
    assert server.moment("hero")["clicked"] == before["clicked"] + 1


# --- a page ---------------------------------------------------------------------------------------------------------


def test_a_page_is_told_of_its_own_browser(server: Server) -> None:
    given = page_asks(server, "hero").json()
    assert given["decisions"] == {"hero": {"action": None, "decision_id": None}}
    viewer(server, anonymous_id=given["anonymous_id"])
    told = page_asks(server, "hero", "held", token=given["token"]).json()
    hero, held = told["decisions"]["hero"], told["decisions"]["held"]
    assert set(told) == {"decisions"} and set(hero) == {"action", "content", "decision_id", "expires"}
    assert hero["content"]["title"] == "Still thinking of the Duetto?"
    assert set(held) == {"action", "decision_id"} and held["action"] is None
    assert report(server, held["decision_id"], "shown") == 200
    made = server.decisions(anonymous_id=given["anonymous_id"])
    assert {one["id"] for one in made} == {hero["decision_id"], held["decision_id"]}


def test_guessing_tells_nothing(server: Server) -> None:
    """Ids of people who exist and of nobody, with no token, a wrong one and one for another: one status, one size."""
    there = [viewer(server)["anonymous_id"] for _ in range(20)]
    mine = page_asks(server, "hero").json()["token"]
    seen = set()
    for number in range(GUESSES):
        guess = there[number % 20] if number % 2 else somebody()
        answer = page_asks(server, "hero", "held", anonymous_id=guess, token=[None, "x.y.z", mine][number % 3])
        assert "Duetto" not in answer.text and guess not in answer.text
        seen.add((answer.status_code, len(answer.content)))
    assert len(seen) == 1
    assert all(server.decisions(anonymous_id=one) == [] for one in there)


@pytest.mark.parametrize("claimed", ["userId", "email"])
@pytest.mark.parametrize("there", [True, False])
def test_a_page_that_calls_itself_somebody_is_told_of_nobody(server: Server, claimed: str, there: bool) -> None:
    victim = f"{somebody()}@shop.example"
    names = {"userId": victim} if claimed == "userId" else {}
    traits = {} if claimed == "userId" else {"email": victim}
    if there:
        batch(server, identify(traits, anonymousId=somebody(), userId=victim))
        batch(server, event("Product Viewed", {"name": "Secret"}, userId=victim))
    given = page_asks(server).json()
    batch(server, identify(traits, anonymousId=given["anonymous_id"], **names))
    answer = page_asks(server, "hero", "held", token=given["token"])
    assert set(map(str, answer.json()["decisions"].values())) == {str({"action": None, "decision_id": None})}
