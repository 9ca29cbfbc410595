"""May-send, sends of other tools, contacts and would-have: who may ask, and what is refused."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from journeyloop.model.event import Event
from journeyloop.runtime.permission import Message
from tests.unit.http.asgi import ADMIN, NOW, SERVER, WRITE, Answer, ask, bearer, site
from tests.unit.http.recording import RecordingDoor

YES = {"may_send": True, "reasons": [], "until": None}
NO = {"may_send": False, "reasons": ["nobody: this is no id of a person"], "until": None}


def get(door: RecordingDoor, path: str, query: dict[str, str], key: str = SERVER) -> Answer:
    return ask(site(door), "GET", path, [bearer(key)], query=urlencode(query))


def post(door: RecordingDoor, path: str, body: Any = None, key: str = SERVER) -> Answer:
    return ask(site(door), "POST", path, [bearer(key)], body)


def test_one_message_is_asked_for_as_it_is_written() -> None:
    door = RecordingDoor()
    query = {"email": "Ada@Example.com", "channel": "email", "topic": "cart", "purpose": "marketing"}
    assert get(door, "/v1/may-send", query).json == YES
    assert get(door, "/v1/may-send", {"user_id": "u1", "channel": "push"}).json == YES
    assert door.messages == [
        Message(("email", "ada@example.com"), "email", "cart", "marketing"),
        Message(("user_id", "u1"), "push"),
    ]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"channel": "email"}, "missing_id"),
        ({"user_id": "null", "channel": "email"}, "blocked_id"),
        ({"email": "ada", "channel": "email"}, "malformed_email"),
        ({"user_id": "u1"}, "unknown_channel"),
        ({"user_id": "u1", "channel": "emial"}, "unknown_channel"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(query: dict[str, str], code: str) -> None:
    door = RecordingDoor()
    answer = get(door, "/v1/may-send", query)
    assert (answer.status, answer.json["error"]["code"]) == (400, code)
    assert door.messages == []


def test_many_are_answered_in_their_order_and_nobody_is_told_no() -> None:
    door = RecordingDoor()
    asked = [{"user_id": "u1"}, {"email": "nothing"}, {}, {"phone": "+49 170 1234567"}]
    answer = post(door, "/v1/may-send", {"messages": [{"channel": "email", **one} for one in asked]})
    assert answer.json == {"answers": [YES, NO, NO, YES]}
    assert [one.identifier[0] for one in door.messages] == ["user_id", "phone"]


def test_one_wrong_word_refuses_them_all_and_says_which() -> None:
    door = RecordingDoor()
    messages = [{"user_id": "u1", "channel": "email"}, {"user_id": "u1", "channel": "emial"}]
    answer = post(door, "/v1/may-send", {"messages": messages})
    assert (answer.status, answer.json["error"]["code"]) == (400, "unknown_channel")
    assert answer.json["error"]["message"].startswith("messages[1]: ")
    assert door.messages == []


def test_a_thousand_at_most() -> None:
    door = RecordingDoor()
    one = {"user_id": "u" * 60, "channel": "email", "topic": "cart", "purpose": "marketing"}
    assert len(post(door, "/v1/may-send", {"messages": [one] * 1_000}).json["answers"]) == 1_000
    assert post(door, "/v1/may-send", {"messages": [one] * 1_001}).status == 400
    assert post(door, "/v1/may-send", {"messages": []}).json == {"answers": []}


def test_a_send_becomes_an_event_that_counts_once() -> None:
    door = RecordingDoor()
    body = {"user_id": "u1", "channel": "email", "id": "m1", "topic": "cart", "at": "2023-11-14T22:00:00Z"}
    assert post(door, "/v1/sends", body).json == {"success": True}
    properties = {"channel": "email", "message_id": "m1", "topic": "cart"}
    [event] = door.events
    assert event == Event(
        "track", "Journeyloop Send Reported", "send/email/m1", event.time, "u1", properties=properties, source="server"
    )
    assert post(door, "/v1/sends", {"anonymous_id": "a1", "channel": "push", "id": "m2"}).json == {"success": True}
    assert (door.events[1].primary(), door.events[1].time) == (("anonymous_id", "a1"), NOW)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"channel": "emial"}, "unknown_channel"),
        ({"user_id": None}, "missing_id"),
        ({"user_id": "null"}, "blocked_id"),
        ({"id": ""}, "invalid_request"),
        ({"id": 7}, "invalid_request"),
        ({"at": "yesterday"}, "time_invalid"),
        ({"at": "2199-01-01T00:00:00Z"}, "time_in_future"),
    ],
)
def test_a_send_that_nobody_can_count_is_refused(changes: dict[str, Any], code: str) -> None:
    door = RecordingDoor()
    answer = post(door, "/v1/sends", {"user_id": "u1", "channel": "email", "id": "m1"} | changes)
    assert (answer.status, answer.json["error"]["code"]) == (400, code)
    assert door.inputs == []


@pytest.mark.parametrize("days", ["0", "8", "-1", "seven", "٣", ""])
def test_contacts_are_counted_as_far_back_as_they_are_remembered(days: str) -> None:
    door = RecordingDoor()
    assert get(door, "/v1/contacts", {}).json == {"days": 7}
    assert get(door, "/v1/contacts", {"days": "2"}).json == {"days": 2}
    assert get(door, "/v1/contacts", {"days": days}).status == 400


def test_what_a_policy_would_have_blocked_is_for_those_who_run_it() -> None:
    door = RecordingDoor()
    path = "/v1/policy/would-have"
    assert post(door, path, {}, ADMIN).json == {"days": 7, "policy": None}
    assert post(door, path, {"days": 3, "policy": "holdout: 5%"}, ADMIN).json == {"days": 3, "policy": "holdout: 5%"}
    refused = post(door, path, {"policy": "caps: 3"}, ADMIN)
    assert (refused.status, refused.json["error"]["code"]) == (400, "invalid_policy")
    assert refused.json["error"]["message"] == "policy.yaml:1: caps: write a list"
    assert post(door, path, {"days": 0}, ADMIN).status == 400
    assert post(door, path, {}, SERVER).status == 403


@pytest.mark.parametrize("path", ["/v1/may-send", "/v1/contacts"])
def test_a_browser_key_reads_nothing(path: str) -> None:
    door = RecordingDoor()
    assert get(door, path, {"user_id": "u1", "channel": "email"}, WRITE).status == 403
    assert post(door, "/v1/sends", {"user_id": "u1", "channel": "email", "id": "m1"}, WRITE).status == 403
    assert (door.messages, door.inputs) == ([], [])
