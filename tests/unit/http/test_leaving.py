"""The page behind the link of an e-mail: looking changes nothing, asking ends the messages, nobody is shown."""

from __future__ import annotations

import gzip
import re
from base64 import b64encode
from hashlib import sha256

import pytest

from journeyloop.runtime.doors import Overloaded, Unavailable
from journeyloop.runtime.unsubscribe import Ending
from tests.unit.http.asgi import Answer, ask, site
from tests.unit.http.recording import RecordingDoor

ENDING = Ending(b"p" * 16, "<marketing>", "email")
MULTIPART = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'


@pytest.fixture
def door() -> RecordingDoor:
    door = RecordingDoor()
    door.endings = {"known": ENDING, "lost": Ending(b"q" * 16, "of nobody", "email")}
    return door


def request(door: RecordingDoor, method: str, token: str = "known", body: bytes = b"") -> Answer:
    return ask(site(door), method, f"/u/{token}", [], body)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_changes_nothing(door: RecordingDoor, method: str) -> None:
    answer = request(door, method)
    assert answer.status == 200 and door.ended == [] and door.inputs == []
    assert answer.headers["cache-control"] == "no-store" and answer.headers["referrer-policy"] == "no-referrer"


def test_the_page_loads_nothing_and_shows_nobody(door: RecordingDoor) -> None:
    answer = request(door, "GET")
    page, policy = answer.body.decode(), answer.headers["content-security-policy"]
    [style] = re.findall("<style>(.*?)</style>", page, re.DOTALL)
    assert f"style-src 'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" in policy
    assert policy.startswith("default-src 'none'") and "frame-ancestors 'none'" in policy
    assert "://" not in page and "<script" not in page and "src=" not in page
    assert "&lt;marketing&gt;" in page and "<marketing>" not in page
    assert ENDING.person.hex() not in page


@pytest.mark.parametrize(
    ("body", "everything"),
    [
        (b"List-Unsubscribe=One-Click", False),
        (MULTIPART, False),
        (b"", False),
        (b"\xff\x00", False),
        (b"end=these", False),
        (b"end=everything", True),
        (b"x" * 20_000, False),
        (gzip.compress(b"x" * 1_000_000), False),
        (b"&".join([b"a=b"] * 30), False),
    ],
)
def test_asking_ends_it_at_once_whatever_the_body(door: RecordingDoor, body: bytes, everything: bool) -> None:
    assert request(door, "POST", body=body).status == 200
    assert door.ended == [(ENDING, everything)]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_link_of_ours_and_of_nobody_else(door: RecordingDoor, method: str) -> None:
    answer = request(door, method, "forged")
    assert answer.status == 404 and answer.headers["content-type"].startswith("text/html")
    assert door.ended == []


def test_a_link_of_somebody_who_is_gone(door: RecordingDoor) -> None:
    assert request(door, "POST", "lost").status == 404


@pytest.mark.parametrize("error", [Overloaded(1), Unavailable("full")])
def test_what_could_not_be_saved_is_not_done(door: RecordingDoor, error: Exception) -> None:
    door.fails = error
    answer = request(door, "POST")
    assert answer.status == 503 and "Nothing has changed" in answer.body.decode() and answer.headers["retry-after"]


def test_other_methods_find_nothing(door: RecordingDoor) -> None:
    assert request(door, "DELETE").status == 404 and door.ended == []
