"""Importing over HTTP: lines are handed on as they are, in order, and only to whoever holds the admin key."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from journeyloop.adapters.http.imports import MAX_BYTES, MAX_ROWS
from journeyloop.runtime.imports import Progress
from tests.unit.http.asgi import ADMIN, SERVER, Answer, ask, bearer, site
from tests.unit.http.recording import RecordingDoor

FILE = "0123456789abcdef"
QUERY = f"kind=events&import={FILE}"


def post(door: RecordingDoor, body: Any, query: str = QUERY, key: str = ADMIN) -> Answer:
    return ask(site(door), "POST", "/v1/import", [bearer(key)], body, query=query)


def test_lines_are_handed_on_with_their_place() -> None:
    door = RecordingDoor()
    assert post(door, b'{"a":1}\nnot json\n').json == {"next": 2, "accepted": 2, "quarantined": {}}
    assert post(door, gzip.compress(b'{"b":2}'), f"{QUERY}&row=2").json["next"] == 3
    assert door.rows == [("events", FILE, 0, [b'{"a":1}', b"not json"]), ("events", FILE, 2, [b'{"b":2}'])]
    assert post(door, b"", f"{QUERY}&row=3").json["next"] == 3


def test_rows_that_were_left_out_are_asked_for() -> None:
    answer = post(RecordingDoor(), b"{}", f"{QUERY}&row=5")
    assert (answer.status, answer.code) == (409, "rows_missing") and "is 0" in answer.json["error"]["message"]


@pytest.mark.parametrize(
    "query",
    ["", "kind=events", f"kind=orders&import={FILE}", f"{QUERY}&row=-1", f"{QUERY}&row=x", "kind=events&import=a/b"],
)
def test_a_query_that_says_too_little_is_refused(query: str) -> None:
    door = RecordingDoor()
    assert post(door, b"{}", query).code == "invalid_request" and door.rows == []


def test_other_keys_and_too_much_are_refused() -> None:
    door = RecordingDoor()
    assert post(door, b"{}", key=SERVER).code == "forbidden"
    assert post(door, b"x" * (MAX_BYTES + 1)).status == 413
    assert post(door, b"\n" * (MAX_ROWS + 1)).code == "too_large"
    assert door.rows == []


def test_how_far_it_has_come_can_be_asked() -> None:
    door = RecordingDoor()
    door.progress = Progress(7, 5, {"missing_id": 2})
    answer = ask(site(door), "GET", "/v1/import", [bearer(ADMIN)], query=f"import={FILE}")
    assert answer.json == {"next": 7, "accepted": 5, "quarantined": {"missing_id": 2}}
    assert ask(site(door), "GET", "/v1/import", [bearer(ADMIN)]).code == "invalid_request"
