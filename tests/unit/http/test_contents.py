"""Coupons, previews and signed links to them: who may ask, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.http.asgi import ADMIN, KEYS, NOW, SERVER, WRITE, Answer, ask, bearer, site
from tests.unit.http.recording import RecordingDoor

PERSON = "ab" * 16
TOLD = {
    "person": PERSON, "moment": "now", "action": "letter", "channel": "mail", "language": "de", "html": [],
    "content": None, "reason": "content: title: <nothing>", "missing": [{"field": "title", "reason": "x"}],
    "filled": {"text": "<b>"},
}  # fmt: skip
PREVIEW = "/v1/preview?moment=now&action=letter&user_id=u1"


def door_with(told: dict[str, Any]) -> RecordingDoor:
    door = RecordingDoor()
    door.content = told
    return door


def get(door: RecordingDoor, path: str, key: str | None = None) -> Answer:
    path, _, query = path.partition("?")
    return ask(site(door), "GET", path, [bearer(key)] if key else [], query=query)


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        (b"A-1\r\n\n A-2 \n", ["A-1", "A-2"]),
        (b'["A-1", "A-2"]', ["A-1", "A-2"]),
        (b"", []),
        ("\ufeffA-1".encode(), ["A-1"]),
    ],
)
def test_codes_are_lines_or_a_list(body: bytes, codes: list[str]) -> None:
    door = RecordingDoor()
    answer = ask(site(door), "POST", "/v1/coupons/welcome", [bearer(SERVER)], body)
    assert (answer.status, answer.json["added"], door.codes["welcome"]) == (200, len(codes), codes)


@pytest.mark.parametrize(
    ("path", "body", "key", "status"),
    [
        ("/v1/coupons/welcome", b"A", WRITE, 403),
        ("/v1/coupons/welcome", b"A", None, 401),
        ("/v1/coupons/Not%20one", b"A", SERVER, 400),
        ("/v1/coupons/welcome", b"[1]", SERVER, 400),
        ("/v1/coupons/welcome", b"\xff\xfe", SERVER, 400),
        ("/v1/coupons/welcome", b"A\n" * 100_001, SERVER, 413),
    ],
)
def test_what_are_no_codes_is_refused(path: str, body: bytes, key: str | None, status: int) -> None:
    door = RecordingDoor()
    answer = ask(site(door), "POST", path, [bearer(key)] if key else [], body)
    assert (answer.status, door.codes) == (status, {})
    assert answer.code


def test_a_preview_has_a_link_that_needs_no_key_and_ends() -> None:
    door = door_with(TOLD)
    told = get(door, PREVIEW, ADMIN).json
    assert door.contents == [("now", "letter", ("user_id", "u1"))]
    page = get(door, told["link"])
    assert page.status == 200
    assert b"&lt;nothing&gt;" in page.body and b"&lt;b&gt;" in page.body and b"<b>" not in page.body
    assert page.headers["content-security-policy"].startswith("sandbox;")
    assert door.contents[-1] == ("now", "letter", ("person id", PERSON))
    late = KEYS.sign_preview("now/letter", PERSON, NOW - 3_600_001)
    for token in (late, "", "x.y.z", KEYS.issue("a1", NOW), told["link"][:-3]):
        assert get(door, f"/preview?token={token}").status == 404
    assert KEYS.issued(told["link"].partition("=")[2], NOW) is None, "neither passes for the other"


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        (PREVIEW, SERVER, 403),
        (PREVIEW.replace("user_id=u1", ""), ADMIN, 400),
        (PREVIEW.replace("now", "x"), ADMIN, 404),
    ],
)
def test_a_preview_is_the_admins(path: str, key: str, status: int) -> None:
    answer = get(door_with(TOLD), path, key)
    assert answer.status == status and answer.code
