"""The JSON API of the real server: asking, deciding, consenting, pausing; and what each key may not do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.story.conftest import end
from tests.story.projects import project
from tests.story.servers import SHIPPED, Server
from tests.story.visits import batch, event, identify, somebody

pytestmark = pytest.mark.slow

ASKED = """moment: {name}
title: Asked for {name}
purpose: {purpose}
topic: {name}
detect: {{ask: {name}}}
who: profile.orders == 0
goal: {{event: Order Completed, within: 3m}}
holdout: {holdout}
learn: {{mode: {mode}}}
actions:
  - action: welcome
    channel: onpage
    content: {{title: "Welcome, {{{{ profile.first_name | default('stranger') }}}}", body: "Look around."}}
"""
POLICY = """purposes: {marketing: {consent: required}, service: {consent: not_required}}
caps:
  - {per: person, topic: hero, at_most: 1, within: 1h}
  - {per: person, topic: offer, at_most: 1, within: 1h}
"""
WHERE = {
    "hero": ("service", "0%", "fixed"),
    "offer": ("marketing", "0%", "fixed"),
    "held": ("service", "100%", "fixed"),
    "trial": ("service", "0%", "shadow"),
    "stopped": ("service", "0%", "fixed"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    asked = {
        f"moments/{name}.yaml": ASKED.format(name=name, purpose=purpose, holdout=holdout, mode=mode)
        for name, (purpose, holdout, mode) in WHERE.items()
    }
    server = Server(project(tmp_path_factory.mktemp("api") / "shop", files={**asked, "policy.yaml": POLICY}), SHIPPED)
    yield server
    end(server)


def decide(server: Server, placement: str, **who: str) -> dict[str, Any]:
    answer = server.post("/v1/decide", {"placement": placement, **who})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


# --- deciding -------------------------------------------------------------------------------------------------------


def test_a_decision_for_whoever_asks_then_the_cap(server: Server) -> None:
    me = {"user_id": somebody()}
    batch(server, identify({"firstName": "Ana"}, userId=me["user_id"]))
    first = decide(server, "hero", **me)
    assert (first["action"], first["moment"], first["placement"]) == ("welcome", "hero", "hero")
    assert first["content"] == {"title": "Welcome, Ana", "body": "Look around."}
    second = decide(server, "hero", **me)
    assert second["action"] is None and second["reason"].startswith("cap: 1 per person and hero")
    newest, oldest = server.decisions(**me)
    assert (oldest["id"], oldest["state"]) == (first["decision_id"], "sent")
    assert (newest["id"], newest["state"]) == (second["decision_id"], "silent")
    assert newest["candidates"][0]["verdict"] == second["reason"]


@pytest.mark.parametrize(
    ("placement", "reason"),
    [
        ("offer", "consent: marketing not given"),
        ("held", "held out: holdout"),
        ("trial", "shadow: decided, not sent"),
        ("nowhere", "no moment answers for placement nowhere"),
    ],
)
def test_silence_has_a_reason(server: Server, placement: str, reason: str) -> None:
    answer = decide(server, placement, anonymous_id=somebody())
    assert (answer["action"], answer["reason"]) == (None, reason)


def test_a_condition_that_does_not_hold_is_the_reason(server: Server) -> None:
    me = somebody()
    batch(server, event("Order Completed", {"revenue": 1}, anonymousId=me))
    answer = decide(server, "hero", anonymous_id=me)
    assert (answer["action"], answer["reason"]) == (None, "no moment for placement hero is true for this person")
    told = server.why("clause", moment="hero", anonymous_id=me)
    assert told["clauses"][0] == {"clause": "profile.orders == 0", "result": "false", "read": {"profile.orders": 1}}


def test_consent_opens_and_closes(server: Server) -> None:
    me = {"anonymous_id": somebody()}
    said = {**me, "purposes": {"marketing": True}}
    assert server.post("/v1/consent", said, server.keys.write).json() == {"success": True}
    assert decide(server, "offer", **me)["action"] == "welcome"
    server.post("/v1/consent", {**me, "purposes": {"marketing": False}})
    assert decide(server, "offer", **me)["reason"] == "consent: marketing refused"
    consent = server.get("/v1/profile", **me).json()["consent"]["marketing"]
    assert (consent["granted"], consent["source"]) == (False, "server")


def test_a_browser_states_consent_only_for_itself(server: Server) -> None:
    said = {"user_id": somebody(), "purposes": {"marketing": True}}
    assert code(server.post("/v1/consent", said, server.keys.write)) == (403, "forbidden")
    assert server.post("/v1/consent", said).status_code == 200


def test_a_pause_holds_until_it_is_ended(server: Server) -> None:
    admin = server.keys.admin
    for scope in ("moment:stopped", "channel:onpage", "all"):
        assert server.post("/v1/pause", {"scope": scope}, admin).json() == {"success": True}
        assert decide(server, "stopped", anonymous_id=somebody())["reason"] == f"paused: {scope}"
        assert server.get("/v1/moments").json()["paused"] == [scope]
        assert server.post("/v1/resume", {"scope": scope}, admin).json() == {"success": True}
        assert decide(server, "stopped", anonymous_id=somebody())["action"] == "welcome"
    assert server.moment("stopped")["silent"] == {
        f"paused: {one}": 1 for one in ("moment:stopped", "channel:onpage", "all")
    }


# --- outcomes -------------------------------------------------------------------------------------------------------


def test_an_outcome_counts_once(server: Server) -> None:
    me = somebody()
    before = server.moment("hero")
    made = decide(server, "hero", anonymous_id=me)["decision_id"]
    for outcome in ("shown", "clicked", "clicked", "shown"):
        said = {"decision_id": made, "outcome": outcome, "write_key": server.keys.write}
        assert server.http.post("/v1/outcomes", json=said).json() == {"success": True}
        time.sleep(0.2)  # what is clicked sooner is clicked by a machine
    after = server.moment("hero")
    assert [after[name] - before[name] for name in ("shown", "clicked", "dismissed")] == [1, 1, 0]
    assert server.decisions(anonymous_id=me)[0]["clicked"] > 0


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"decision_id": "0" * 32, "outcome": "shown"}, (404, "not_found")),
        ({"decision_id": "xyz", "outcome": "shown"}, (400, "invalid_request")),
        ({"decision_id": "0" * 32, "outcome": "bought"}, (400, "invalid_request")),
        ({"outcome": "shown"}, (400, "invalid_request")),
    ],
)
def test_an_outcome_of_nothing(server: Server, said: dict[str, str], expected: tuple[int, str]) -> None:
    assert code(server.post("/v1/outcomes", said, server.keys.write)) == expected


def test_the_outcome_of_a_silence_changes_nothing(server: Server) -> None:
    me = somebody()
    made = decide(server, "held", anonymous_id=me)["decision_id"]
    server.post("/v1/outcomes", {"decision_id": made, "outcome": "clicked"})
    assert server.moment("held")["clicked"] == 0 and server.decisions(anonymous_id=me)[0]["state"] == "silent"


# --- keys -----------------------------------------------------------------------------------------------------------

READS = ["/v1/profile", "/v1/decisions", "/v1/why", "/v1/moments"]
ADMIN = ["/v1/quarantine"]


@pytest.mark.parametrize("path", [*READS, *ADMIN])
def test_a_wrong_key_gets_no_hint(server: Server, path: str) -> None:
    for key in ("wrong", server.keys.server + "x", server.keys.server[:-1]):
        assert code(server.get(path, key, user_id="u", moment="hero")) == (401, "unauthorized")
    assert code(server.http.get(path, params={"user_id": "u"})) == (401, "unauthorized")


@pytest.mark.parametrize("path", READS)
def test_a_write_key_reads_nobody(server: Server, path: str) -> None:
    """The same answer, byte for byte, whether there is such a person or not."""
    known = somebody()
    batch(server, event("Seen", anonymousId=known))
    answers = [server.get(path, server.keys.write, anonymous_id=who, moment="hero") for who in (known, somebody())]
    assert {code(answer) for answer in answers} == {(403, "forbidden")}
    assert answers[0].content == answers[1].content


def test_a_server_key_does_not_administer(server: Server) -> None:
    assert code(server.get("/v1/quarantine")) == (403, "forbidden")
    for path in ("/v1/pause", "/v1/resume", "/v1/reload"):
        assert code(server.post(path, {"scope": "all"})) == (403, "forbidden")
    assert server.get("/v1/moments").json()["paused"] == []


def test_the_console_answers_this_machine_only(server: Server) -> None:
    assert server.http.get("/console/moments").status_code == 200
    assert server.http.get("/console/moments", headers={"host": "evil.example"}).status_code == 401
    assert server.http.get("/console/moments", headers={"sec-fetch-site": "cross-site"}).status_code == 401


# --- reading --------------------------------------------------------------------------------------------------------


def test_a_profile_is_what_was_said(server: Server) -> None:
    browser, user = somebody(), somebody()
    batch(
        server,
        event("Product Added", {"product_id": "p", "name": "Cup", "price": "16.5", "quantity": 2}, anonymousId=browser),
    )
    batch(server, identify({"firstName": "Ana", "tier": "gold"}, anonymousId=browser, userId=user))
    profile = server.get("/v1/profile", user_id=user).json()
    assert profile == {**server.get("/v1/profile", anonymous_id=browser).json(), "profile": profile["profile"]}
    assert profile["traits"] == {"first_name": "Ana", "tier": "gold"} and profile["known"]
    assert profile["cart"] == [{"id": "p", "name": "Cup", "price": 16.5, "quantity": 2.0}]
    assert profile["counts"] == {"Product Added": 1, "Identify": 1}
    assert profile["profile"]["cart_value"] == 33.0
    assert {(one["type"], one["value"]) for one in profile["identifiers"]} == {
        ("anonymous_id", browser), ("user_id", user),
    }  # fmt: skip


def test_who_was_never_seen(server: Server) -> None:
    nobody = {"user_id": somebody()}
    assert code(server.get("/v1/profile", **nobody)) == (404, "not_found")
    assert server.decisions(**nobody) == []
    told = server.get("/v1/why", moment="hero", **nobody).json()
    assert (told["stage"], told["answer"]) == ("unknown_person", "Nobody with this identifier has been seen.")


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/v1/profile", {}, (400, "missing_id")),
        ("/v1/profile", {"user_id": "null"}, (400, "blocked_id")),
        ("/v1/profile", {"user_id": "x" * 513}, (400, "id_too_long")),
        ("/v1/why", {"user_id": "u"}, (400, "invalid_request")),
        ("/v1/why", {"user_id": "u", "moment": "no_such"}, (404, "not_found")),
        ("/v1/nothing", {}, (404, "not_found")),
    ],
)
def test_what_cannot_be_asked(server: Server, path: str, query: dict[str, str], expected: tuple[int, str]) -> None:
    assert code(server.get(path, **query)) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"placement": "hero"}', (400, "missing_id")),
        (b'{"user_id": "u"}', (400, "invalid_request")),
        (b'{"placement": 1, "user_id": "u"}', (400, "invalid_request")),
        (b'{"placement": "hero", "user_id": 17}', (400, "invalid_request")),
        (b'{"placement": "hero", "user_id": "undefined"}', (400, "blocked_id")),
        (b'{"placement": "hero", "user_id": "u", "context": {"x": NaN}}', (400, "malformed_json")),
        (b"{", (400, "malformed_json")),
        (b"", (400, "malformed_json")),
        (b'{"placement": "hero", "user_id": "u", "context": {"x": "' + b"x" * 40_000 + b'"}}', (413, "too_large")),
        (b'{"placement": "hero", "user_id": "u", "context": ' + b"[" * 60 + b"]" * 60 + b"}", (400, "too_deep")),
    ],
)
def test_what_cannot_be_decided(server: Server, body: bytes, expected: tuple[int, str]) -> None:
    headers = {"authorization": f"Bearer {server.keys.server}"}
    assert code(server.http.post("/v1/decide", content=body, headers=headers)) == expected


def test_how_it_stands(server: Server) -> None:
    assert server.http.get("/healthz").json() == {"status": "ok"}
    ready = server.http.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"store": "ok", "configuration": "ok"})
    described = server.http.get("/openapi.json").json()
    assert {"/v1/decide", "/v1/batch", "/v1/stream"} <= set(described["paths"])
    text = server.get("/metrics").text
    assert "journeyloop_" in text and "hero" in text
    assert server.http.get("/v1/decide", headers={"authorization": f"Bearer {server.keys.server}"}).status_code == 405


def test_reload_now(server: Server) -> None:
    answer = server.post("/v1/reload", {}, server.keys.admin).json()
    assert answer == {"plan": server.get("/v1/moments").json()["plan"], "problems": []}
