"""The agent's desk over HTTP: who may ask, what is refused, and what the door is told."""

from __future__ import annotations

from typing import Any

import pytest

from journeyloop.model.disposition import Disposition
from tests.unit.http.asgi import ADMIN, SERVER, WRITE, Answer, ask, bearer, site
from tests.unit.http.recording import RecordingDoor

DECISION = "ab" * 16
ADA = {"person": "cd" * 16}
DAY = 86_400_000


@pytest.fixture
def door() -> RecordingDoor:
    recording = RecordingDoor()
    recording.people = {("user_id", "u1"): ADA, ("email", "ada@example.com"): ADA}
    return recording


def post(door: RecordingDoor, path: str, body: Any, key: str | None = SERVER) -> Answer:
    return ask(site(door), "POST", f"/v1/agent/{path}", [bearer(key)] if key else [], body)


def get(door: RecordingDoor, query: str, key: str | None = SERVER) -> Answer:
    return ask(site(door), "GET", "/v1/agent/next", [bearer(key)] if key else [], query=query)


@pytest.mark.parametrize("query", ["user_id=u1", "email=Ada%40Example.com"])
def test_an_agent_asks_by_any_name(door: RecordingDoor, query: str) -> None:
    assert (get(door, query).status, get(door, query).json) == (200, ADA)


@pytest.mark.parametrize(
    ("query", "status"), [("user_id=u2", 404), ("", 400), ("phone=12", 400), ("user_id=undefined", 400)]
)
def test_nobody_is_nobody(door: RecordingDoor, query: str, status: int) -> None:
    assert get(door, query).status == status


@pytest.mark.parametrize(("key", "status"), [(None, 401), ("wrong", 401), (WRITE, 403)])
def test_the_write_key_never_reads(door: RecordingDoor, key: str | None, status: int) -> None:
    assert get(door, "user_id=u1", key).status == get(door, "user_id=nobody", key).status == status
    assert ask(site(door), "GET", "/v1/agent/stream", [bearer(key)] if key else []).status == status
    assert post(door, "answer", {"decision_id": DECISION, "answer": "accepted"}, key).status == status
    assert post(door, "disposition", {"user_id": "u1", "disposition": "complaint_open"}, key).status == status
    assert (door.agents, door.disposed) == ([], [])


def test_the_server_key_is_not_the_console_s(door: RecordingDoor) -> None:
    for key, status in ((SERVER, 403), (ADMIN, 200)):
        assert ask(site(door), "GET", "/console/agent/next", [bearer(key)], query="user_id=u1").status == status


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"answer": "accepted", "agent": "kim"}, ("accepted", "", "kim")),
        ({"answer": "declined"}, ("declined", "other", "")),
        ({"answer": "declined", "reason": "already_done"}, ("declined", "already_done", "")),
    ],
)
def test_an_answer_is_handed_on(door: RecordingDoor, body: dict[str, Any], told: tuple[str, str, str]) -> None:
    assert post(door, "answer", {"decision_id": DECISION, **body}).json == {"success": True}
    assert door.agents == [(DECISION, *told)]


@pytest.mark.parametrize(("refused", "status"), [("unknown", 404), ("not_in_hand", 409), ("answered", 409)])
def test_an_answer_that_does_not_count_says_why(door: RecordingDoor, refused: str, status: int) -> None:
    door.refused = refused
    found = post(door, "answer", {"decision_id": DECISION, "answer": "accepted"})
    assert found.status == status
    assert found.code == ("not_found" if refused == "unknown" else refused)


@pytest.mark.parametrize(
    "body",
    [
        {"answer": "maybe"},
        {"answer": "declined", "reason": "because"},
        {"answer": "accepted", "reason": "other"},
        {"answer": "accepted", "decision_id": "abc"},
    ],
)
def test_an_answer_that_is_none_is_refused(door: RecordingDoor, body: dict[str, Any]) -> None:
    assert post(door, "answer", {"decision_id": DECISION, **body}).status == 400
    assert door.agents == []


def test_a_disposition_by_its_name_is_that_of_the_policy(door: RecordingDoor) -> None:
    found = post(
        door, "disposition", {"email": "ada@example.com", "disposition": "complaint_open", "note": "call back"}
    )
    assert found.json == {"success": True, "until": 7, "hold": ["marketing"], "release": []}
    said = Disposition("complaint_open", ("marketing",), 7)
    assert door.disposed == [(("email", "ada@example.com"), said, "call back", "")]


def test_an_agent_may_say_what_it_holds(door: RecordingDoor) -> None:
    body = {"user_id": "u1", "disposition": "angry", "hold": ["cart", "cart"], "for": "7d", "release": ["marketing"]}
    assert post(door, "disposition", body).status == 200
    assert [said for _, said, _, _ in door.disposed] == [Disposition("angry", ("cart",), 7 * DAY, ("marketing",))]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"disposition": "angry"}, "unknown_disposition"),
        ({"for": "7d"}, "unknown_disposition"),
        ({"disposition": "not a name"}, "invalid_request"),
        ({"hold": ["cart"]}, "invalid_request"),
        ({"hold": ["cart"], "for": "soon"}, "invalid_request"),
        ({"hold": ["crat"], "for": "7d"}, "unknown_topic"),
        ({"hold": ["cart"], "for": "7d", "release": ["cart"]}, "invalid_request"),
        ({"user_id": None}, "missing_id"),
        ({"note": "x" * 2_001}, "invalid_request"),
    ],
)
def test_what_is_no_disposition_is_refused(door: RecordingDoor, changes: dict[str, Any], code: str) -> None:
    found = post(door, "disposition", {"user_id": "u1", "disposition": "complaint_open", **changes})
    assert (found.status, found.code) == (400, code)
    assert door.disposed == []


def test_a_disposition_of_nobody_is_not_found(door: RecordingDoor) -> None:
    assert post(door, "disposition", {"user_id": "u2", "disposition": "complaint_open"}).status == 404
