"""Decisions by HTTP: one or several places, previews, what a page may ask and be told, and what came of it."""

from __future__ import annotations

from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from journeyloop.model.policy import BLOCKED
from journeyloop.runtime.doors import Overloaded
from tests.unit.http.asgi import KEYS, NOW, SERVER, WRITE, Answer, ask, basic, site
from tests.unit.http.recording import SILENCE, RecordingDoor

DECISION = "0123456789abcdef" * 2
ME = ("anonymous_id", "a1")
CHOSEN = {
    "action": "welcome", "moment": "hero", "channel": "onpage", "placement": "hero", "content": {"title": "Hello"},
    "expires": NOW + 1, "decision_id": DECISION, "reason": "the first eligible action, as written",
}  # fmt: skip
BOT = "Mozilla/5.0 (compatible; ExampleBot/2.1; +https://example.com/bot)"


@pytest.fixture
def door() -> RecordingDoor:
    return RecordingDoor()


def post(door: RecordingDoor, path: str, body: Any, key: str | None = SERVER, **more: Any) -> Answer:
    return ask(site(door), "POST", path, [basic(key)] if key else [], body, **more)


# --- a backend asks -------------------------------------------------------------------------------------------------


def test_decide(door: RecordingDoor) -> None:
    answer = post(door, "/v1/decide", {"anonymous_id": "a1", "placement": "home_hero", "context": {"x": 1}})
    assert answer.json == SILENCE
    assert door.asked == [(("anonymous_id", "a1"), "home_hero", {"x": 1})]
    assert "access-control-allow-origin" not in answer.headers
    door.fails = Overloaded(3)
    assert post(door, "/v1/decide", {"user_id": "u1", "placement": "p"}).headers["retry-after"] == "3"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"user_id": "u1"}, "invalid_request"),
        ({"placement": "p"}, "missing_id"),
        ({"placement": "p", "user_id": 7}, "invalid_request"),
        ({"placement": "p", "user_id": "undefined"}, "blocked_id"),
        ({"placement": "p", "user_id": "u", "context": {"n": 2**64}}, "integer_too_large"),
        (b'{"placement":"p","user_id":"u","context":{"a":' + b"[" * 50 + b"]" * 50 + b"}}", "too_deep"),
        (b"[" * 20_000, "too_deep"),
        (b'{"placement":"p","user_id":"u","context":{"n":NaN}}', "malformed_json"),
        ({"placement": "p", "user_id": "u", "context": ["x"]}, "invalid_request"),
        ({"placement": "p", "placements": ["p"], "user_id": "u"}, "invalid_request"),
        ({"placements": [], "user_id": "u"}, "invalid_request"),
        ({"placements": ["a", "b", "a"], "user_id": "u"}, "invalid_request"),
        ({"placements": [f"p{n}" for n in range(21)], "user_id": "u"}, "invalid_request"),
        ({"placement": "p", "user_id": "u", "reserve": "no"}, "invalid_request"),
        (b"{", "malformed_json"),
        (b"\xff", "malformed_json"),
        (b'{"context":' * 40, "malformed_json"),
        (b"x" * 40_000, "too_large"),
        (b"\x1f\x8bxx", "malformed_gzip"),
    ],
)
def test_decide_refuses(door: RecordingDoor, body: Any, code: str) -> None:
    answer = post(door, "/v1/decide", body)
    assert answer.code == code and answer.status == (413 if code == "too_large" else 400)
    assert door.asked == []


def test_several_places_in_one_call(door: RecordingDoor) -> None:
    door.answers["hero"] = CHOSEN
    answer = post(door, "/v1/decide", {"user_id": "u1", "placements": ["hero", "side"]})
    assert answer.json == {"decisions": {"hero": CHOSEN, "side": SILENCE}}
    assert [placement for _, placement, _ in door.asked] == ["hero", "side"]
    assert door.by_browsers == [False, False]


def test_a_preview_asks_for_nothing(door: RecordingDoor) -> None:
    body = {"user_id": "u1", "placements": ["hero"], "reserve": False}
    assert post(door, "/v1/decide", body).json == {"decisions": {"hero": {**SILENCE, "preview": True}}}
    assert post(door, "/v1/decide", {"user_id": "u1", "placement": "hero", "reserve": False}).json["preview"]
    assert door.asked == [] and len(door.previewed) == 2


# --- a page asks ----------------------------------------------------------------------------------------------------


def page_asks(door: RecordingDoor, **body: Any) -> Answer:
    answer = post(door, "/v1/ask", {"write_key": WRITE, "placements": ["hero"], **body}, None)
    assert answer.status == 200 and answer.headers["access-control-allow-origin"] == "*"
    return answer


def signed(key: str = SERVER, **claims: Any) -> str:
    return jwt.encode({"alg": "HS256"}, {"exp": NOW // 1000 + 600, **claims}, OctKey.import_key(key))


def test_a_browser_nobody_knows_is_given_an_id(door: RecordingDoor) -> None:
    told = page_asks(door).json
    assert told["decisions"] == {"hero": {"action": None, "decision_id": None}}
    assert KEYS.issued(told["token"], NOW) == told["anonymous_id"]
    assert door.asked == []


def test_with_its_token_it_is_told_what_is_to_be_rendered_and_no_more(door: RecordingDoor) -> None:
    door.answers["hero"] = CHOSEN
    token = KEYS.issue("a1", NOW)
    told = page_asks(door, token=token, anonymous_id="a1", placements=["hero", "side"], context={"x": 1}).json
    rendered = {name: CHOSEN[name] for name in ("action", "content", "decision_id", "expires")}
    assert told == {"decisions": {"hero": rendered, "side": {"action": None, "decision_id": None}}}
    assert door.asked == [(ME, "hero", {"x": 1}), (ME, "side", {"x": 1})] and door.by_browsers == [True, True]
    assert page_asks(door, token=token, placements=[]).json == {"decisions": {}}


def test_the_hosts_backend_vouches_for_who_it_is(door: RecordingDoor) -> None:
    page_asks(door, token=signed(user_id="u1"), anonymous_id="a1")
    page_asks(door, token=signed(anonymous_id="a1"), anonymous_id="a1")
    assert [who for who, _, _ in door.asked] == [("user_id", "u1"), ME] and door.by_browsers == [False, False]


@pytest.mark.parametrize(
    "token",
    [
        None, "", "x", "x" * 4_096, KEYS.issue("a2", NOW), KEYS.issue("a1", NOW - 400 * 86_400_000),
        KEYS.issue("a1", NOW + 86_400_000), signed("x" * 43, anonymous_id="a1"), signed(WRITE, anonymous_id="a1"),
        signed(anonymous_id="a2"), signed(exp=NOW // 1000 + 40_000, anonymous_id="a1"), signed(),
    ],
    ids="none empty text long another expired tomorrow otherkey writekey othersigned toolong noclaim".split(),
)  # fmt: skip
def test_a_token_of_another_is_none(door: RecordingDoor, token: str | None) -> None:
    told = page_asks(door, token=token, anonymous_id="a1").json
    assert told["decisions"] == {"hero": {"action": None, "decision_id": None}} and told["anonymous_id"] != "a1"
    assert door.asked == []


@pytest.mark.parametrize("name", ["user_id", "anonymous_id"])
@pytest.mark.parametrize("value", ["undefined", " NULL ", "a\0b", "x" * 513, "guest"])
def test_a_token_for_an_id_that_names_nobody_is_none(door: RecordingDoor, name: str, value: str) -> None:
    """A backend that signs what a page says of a visitor who is not logged in: all of them would be one person."""
    door.blocked = BLOCKED | {"guest"}
    told = page_asks(door, token=signed(**{name: value})).json
    assert told["decisions"] == {"hero": {"action": None, "decision_id": None}} and told["anonymous_id"] != value
    assert door.asked == []


def test_what_the_policy_blocks_is_decided_for_nobody(door: RecordingDoor) -> None:
    door.blocked = BLOCKED | {"guest"}
    assert post(door, "/v1/decide", {"user_id": "Guest", "placement": "p"}).code == "blocked_id"
    assert post(door, "/v1/consent", {"anonymous_id": "guest", "purposes": {"marketing": True}}).code == "blocked_id"
    assert door.asked == [] and door.inputs == []


def test_an_issued_token_opens_no_signed_stream(door: RecordingDoor) -> None:
    query = f"anonymous_id=a1&token={KEYS.issue('a1', NOW)}"
    assert ask(site(door), "GET", "/v1/stream", [], None, query).status == 401
    assert KEYS.claims(KEYS.issue("a1", NOW), NOW) is None and KEYS.issued(signed(anonymous_id="a1"), NOW) is None


def test_a_page_reads_nobody(door: RecordingDoor) -> None:
    """One status and one size, whoever is guessed and however. Nobody is looked up."""
    door.people[ME] = {"person": "p1"}
    guesses = ["a1", "a2", "null", "x" * 4_096, "é\0", *(f"visitor-{n}" for n in range(200))]
    answers = [page_asks(door, anonymous_id=one) for one in guesses]
    assert len({(one.status, len(one.body)) for one in answers}) == 1 and door.asked == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"placements": ["a", "a"]}, "invalid_request"),
        ({"placements": [f"p{n}" for n in range(21)]}, "invalid_request"),
        ({"placements": "hero"}, "invalid_request"),
        ({"context": {"n": 2**64}}, "integer_too_large"),
        ({"token": "x" * 5_000}, "invalid_request"),
    ],
)
def test_ask_refuses(door: RecordingDoor, body: dict[str, Any], code: str) -> None:
    answer = post(door, "/v1/ask", {"write_key": WRITE, **body}, None)
    assert (answer.status, answer.code) == (400, code) and door.asked == []


def test_ask_needs_the_write_key(door: RecordingDoor) -> None:
    assert post(door, "/v1/ask", {"placements": ["hero"]}, None).status == 401


# --- what came of it ------------------------------------------------------------------------------------------------


def test_outcomes_as_a_beacon_sends_them(door: RecordingDoor) -> None:
    door.known_decisions.add(DECISION)
    body = {"decision_id": DECISION, "outcome": "shown"}
    assert post(door, "/v1/outcomes", {**body, "write_key": WRITE}, None).json == {"success": True}
    assert post(door, "/v1/outcomes", body, None, query=f"write_key={WRITE}").status == 200
    assert post(door, "/v1/outcomes", body, WRITE).headers["access-control-allow-origin"] == "*"
    assert door.outcomes == [(DECISION, "shown")] * 3
    assert post(door, "/v1/outcomes", {**body, "decision_id": "f" * 32}).code == "not_found"
    assert post(door, "/v1/outcomes", {**body, "decision_id": "../x"}).code == "invalid_request"
    refused = post(door, "/v1/outcomes", {**body, "outcome": "canary"})
    assert refused.code == "invalid_request" and b"canary" not in refused.body


@pytest.mark.parametrize(
    ("key", "agent", "machine"),
    [
        (WRITE, BOT, True),
        (SERVER, BOT, True),
        (WRITE, "curl/8.5.0", True),
        (SERVER, "curl/8.5.0", False),
        (WRITE, "Mozilla/5.0", False),
    ],
)
def test_a_bot_is_known_by_its_user_agent(door: RecordingDoor, key: str, agent: str, machine: bool) -> None:
    door.known_decisions.add(DECISION)
    body = {"decision_id": DECISION, "outcome": "clicked"}
    headers = [basic(key), ("user-agent", agent)]
    assert ask(site(door), "POST", "/v1/outcomes", headers, body).json == {"success": True}
    assert door.machines == [machine]
