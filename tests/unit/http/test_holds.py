"""`POST /v1/hold`: who may ask, for what, and for how long; it becomes one input."""

from __future__ import annotations

from typing import Any

import pytest

from journeyloop.model.inputs import Held
from tests.unit.http.asgi import NOW, SERVER, WRITE, Answer, ask, bearer, site
from tests.unit.http.recording import RecordingDoor

HOUR = 3_600_000
BODY = {"user_id": "u1", "topics": ["marketing", "cart", "cart"], "for": "72h", "reason": "complaint open"}


def post(door: RecordingDoor, body: Any, key: str | None = SERVER) -> Answer:
    return ask(site(door), "POST", "/v1/hold", [bearer(key)] if key else [], body)


def test_a_hold_is_one_input() -> None:
    door = RecordingDoor()
    answer = post(door, BODY)
    until = NOW + 72 * HOUR
    assert (answer.status, answer.json) == (200, {"success": True, "until": until})
    assert door.inputs == [Held(("user_id", "u1"), ["cart", "marketing"], until, "complaint open")]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"topics": ["crat"]}, "unknown_topic"),
        ({"topics": []}, "invalid_request"),
        ({"topics": "cart"}, "invalid_request"),
        ({"for": "three days"}, "invalid_request"),
        ({"for": "0s"}, "invalid_request"),
        ({"for": "367d"}, "invalid_request"),
        ({"for": 72}, "invalid_request"),
        ({"user_id": "null"}, "blocked_id"),
        ({"user_id": None}, "missing_id"),
        ({"reason": "x" * 201}, "invalid_request"),
    ],
)
def test_what_cannot_be_held_is_refused(changes: dict[str, Any], code: str) -> None:
    door = RecordingDoor()
    answer = post(door, BODY | changes)
    assert (answer.status, answer.json["error"]["code"]) == (400, code)
    assert door.inputs == []


@pytest.mark.parametrize(("key", "status"), [(None, 401), (WRITE, 403)])
def test_a_browser_holds_nobody(key: str | None, status: int) -> None:
    door = RecordingDoor()
    assert post(door, BODY, key).status == status
    assert door.inputs == []
