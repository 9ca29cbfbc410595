"""What comes in, at the real server: counted once, at the right time; what is refused is named and kept."""

from __future__ import annotations

import gzip
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.story.conftest import end
from tests.story.projects import project
from tests.story.servers import SHIPPED, Server, command
from tests.story.visits import batch, event, somebody

pytestmark = pytest.mark.slow

HOUR = 3_600_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(project(tmp_path_factory.mktemp("ingest") / "shop"), SHIPPED)
    yield server
    end(server)


def iso(ms: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + f".{int(ms) % 1000:03d}Z"


def counts(server: Server, anonymous_id: str) -> dict[str, int]:
    answer = server.get("/v1/profile", anonymous_id=anonymous_id)
    found: dict[str, int] = answer.json()["counts"] if answer.status_code == 200 else {}
    return found


def send(server: Server, path: str, body: bytes, **headers: str) -> httpx.Response:
    return server.http.post(path, content=body, headers={"authorization": f"Bearer {server.keys.write}", **headers})


def quarantined(server: Server) -> list[dict[str, Any]]:
    """All that was refused, newest first."""
    found: list[dict[str, Any]] = server.get("/v1/quarantine", server.keys.admin, limit=1000).json()["quarantined"]
    return found


# --- counting -------------------------------------------------------------------------------------------------------


def test_a_message_counts_once_however_often_it_is_sent(server: Server) -> None:
    me = somebody()
    one, another = event("Seen", anonymousId=me), event("Seen", anonymousId=me)
    batch(server, one, one, another)
    batch(server, one, sentAt=iso(time.time() * 1000))
    server.http.post("/v1/track", json={**another, "writeKey": server.keys.write})
    assert counts(server, me) == {"Seen": 2}


def test_nor_is_one_of_hundreds_forgotten(server: Server) -> None:
    """More than a customer's record holds; sent again one by one, and all at once."""
    me = somebody()
    events = [event("Seen", {"n": n}, anonymousId=me) for n in range(200)]
    for start in range(0, 200, 40):
        batch(server, *events[start : start + 40])
    for one in events[::50]:
        batch(server, one)
    batch(server, *events)
    assert counts(server, me) == {"Seen": 200}


def test_equal_events_without_an_id_are_two(server: Server) -> None:
    me = somebody()
    said = {"type": "track", "event": "Clicked", "anonymousId": me}
    batch(server, said, said)
    assert counts(server, me) == {"Clicked": 2}


@pytest.mark.parametrize("skew", [HOUR, -HOUR, 0])
def test_a_wrong_clock_is_corrected(server: Server, skew: int) -> None:
    """`receivedAt - (sentAt - originalTimestamp)`: a minute ago stays a minute ago."""
    me, now = somebody(), time.time() * 1000
    batch(server, event("Seen", anonymousId=me, timestamp=iso(now + skew - 60_000)), sentAt=iso(now + skew))
    at = server.get("/v1/profile", anonymous_id=me).json()["profile"]["last_seen"]
    assert abs(at - (now - 60_000)) < 5_000


@pytest.mark.parametrize(
    "headers", [{}, {"content-type": "text/plain"}, {"content-type": "application/x-www-form-urlencoded"}]
)
def test_gzip_is_recognised_by_itself(server: Server, headers: dict[str, str]) -> None:
    me = somebody()
    body = b'{"batch": [{"type": "track", "event": "Seen", "anonymousId": "%s"}]}' % me.encode()
    assert send(server, "/v1/b", gzip.compress(body), **headers).json() == {"success": True}
    assert counts(server, me) == {"Seen": 1}


@pytest.mark.parametrize("path", ["identify", "track", "page", "screen", "group", "alias"])
def test_every_call_long_and_short(server: Server, path: str) -> None:
    me, user = somebody(), somebody()
    body = {"userId": user, "anonymousId": me, "event": "Seen", "groupId": "g", "previousId": me}
    for one in (f"/v1/{path}", f"/v1/{path[0]}"):
        answer = server.http.post(one, json=body, auth=(server.keys.write, ""))
        assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert sum(counts(server, me).values()) == 2


def test_no_key_no_entry(server: Server) -> None:
    me, before = somebody(), len(quarantined(server))
    said = {"event": "Seen", "anonymousId": me}
    answers = [
        server.http.post("/v1/track", json=said),
        server.http.post("/v1/track", json={**said, "writeKey": "wrong"}),
        server.http.post("/v1/track", json=said, auth=("wrong", "")),
        server.http.post("/v1/batch", content=b"{", auth=("wrong", "")),
    ]
    assert {(one.status_code, one.json()["error"]["code"]) for one in answers} == {(401, "unauthorized")}
    assert counts(server, me) == {} and len(quarantined(server)) == before


# --- refusing -------------------------------------------------------------------------------------------------------


def call(fields: str = "", event: str = '"Seen"', who: str = '"anonymousId": "someone"') -> bytes:
    """One track call as text."""
    return f'{{"type": "track", "event": {event}, {who}{", " + fields if fields else ""}}}'.encode()


def properties(text: str) -> bytes:
    return call(f'"properties": {text}')


BAD: list[tuple[str, bytes]] = [
    ("not_a_number", properties('{"x": NaN}')),
    ("not_a_number", properties('{"x": -Infinity}')),
    ("not_a_number", properties('{"x": 1e999}')),
    ("id_not_string", call(who='"userId": 18446744073709551617')),
    ("id_not_string", call(who='"userId": 7')),
    ("id_not_string", call('"messageId": 7')),
    ("integer_too_large", properties('{"x": 18446744073709551616}')),
    ("lone_surrogate", properties(r'{"x": "\ud800"}')),
    ("lone_surrogate", call(who=r'"anonymousId": "\udc00"')),
    ("nul_character", call(who=r'"anonymousId": "a\u0000b"')),
    ("nul_character", call(event=r'"a\u0000b"')),
    ("duplicate_key", properties('{"x": 1, "x": 2}')),
    ("duplicate_key", call('"event": "Other"')),
    ("too_deep", properties('{"x":' * 33 + "1" + "}" * 33)),
    ("too_deep", properties('{"x": ' + "[" * 5_000 + "]" * 5_000 + "}")),
    ("too_large", properties('{"x": "' + "x" * 33_000 + '"}')),
    ("time_too_old", call('"timestamp": "1969-12-31T23:59:59Z"')),
    ("time_too_old", call('"timestamp": "2001-01-01T00:00:00Z"')),
    ("time_in_future", call('"timestamp": "2126-01-01T00:00:00Z"')),
    ("time_invalid", call('"timestamp": "soon"')),
    ("time_invalid", call('"timestamp": -5')),
    *[("blocked_id", call(who=f'"userId": "{name}"')) for name in ("null", "undefined", "NaN", "0", "anonymous", "")],
    ("blocked_id", call(who='"anonymousId": "[object Object]"')),
    ("blocked_id", call(who='"anonymousId": " NULL "')),
    ("missing_id", call(who='"anonymousId": null')),
    ("missing_event", call(event='""')),
    ("message_id_too_long", call(f'"messageId": "{"m" * 101}"')),
    ("invalid_type", properties("[]")),
]  # fmt: skip
WHOLE: list[tuple[str, bytes]] = [
    ("malformed_json", b"{"),
    ("malformed_json", b""),
    ("malformed_json", b'{"batch": [}'),
    ("malformed_json", b'\xff\xfe{"batch": []}'),
    ("invalid_type", b"[]"),
    ("batch_missing", b"{}"),
    ("invalid_type", b'{"batch": 7}'),
    ("time_invalid", b'{"batch": [], "sentAt": "soon"}'),
    ("too_large", b'{"batch": [' + b",".join([b"{}"] * 2_501) + b"]}"),
    ("too_large", b'{"batch": ["' + b"x" * 512_000 + b'"]}'),
    ("too_large", gzip.compress(b'{"batch": ["' + b"x" * 50_000_000 + b'"]}')),
    ("malformed_gzip", b"\x1f\x8b" + b"x" * 100),
    ("malformed_gzip", gzip.compress(b'{"batch": []}')[:-4]),
]


@pytest.mark.parametrize(("reason", "body"), BAD, ids=[f"{reason}-{at}" for at, (reason, _) in enumerate(BAD)])
def test_a_bad_call_is_named_and_kept(server: Server, reason: str, body: bytes) -> None:
    before = len(quarantined(server))
    answer = send(server, "/v1/track", body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413 if reason == "too_large" else 400, reason)
    kept = quarantined(server)
    assert len(kept) == before + 1 and kept[0]["reason"] == reason
    assert kept[0]["raw"] == body.decode()


@pytest.mark.parametrize(("reason", "body"), WHOLE, ids=[f"{reason}-{at}" for at, (reason, _) in enumerate(WHOLE)])
def test_a_bad_body_is_named_and_kept(server: Server, reason: str, body: bytes) -> None:
    before = len(quarantined(server))
    answer = send(server, "/v1/batch", body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413 if reason == "too_large" else 400, reason)
    kept = quarantined(server)
    assert len(kept) == before + 1 and kept[0]["reason"] == reason


def test_accepted_and_quarantined_are_what_was_received(server: Server) -> None:
    """Good and bad in one bag; a body that is no JSON as a whole takes nothing with it."""
    me, before = somebody(), len(quarantined(server))
    good = call(who=f'"anonymousId": "{me}"')
    bad = [(reason, body) for reason, body in BAD if _parses(body)]
    items = [one for _, body in bad for one in (body, good)]
    answer = send(server, "/v1/batch", b'{"batch": [' + b",".join(items) + b"]}")
    assert answer.status_code == 200
    rejected = answer.json()["rejected"]
    assert [(one["index"], one["reason"]) for one in rejected] == [(2 * at, bad[at][0]) for at in range(len(bad))]
    assert answer.json()["accepted"] == len(bad) and counts(server, me) == {"Seen": len(bad)}
    kept = quarantined(server)[: len(quarantined(server)) - before]
    assert Counter(one["reason"] for one in kept) == Counter(reason for reason, _ in bad)


def _parses(body: bytes) -> bool:
    """Whether it can stand in a batch: what breaks the JSON around it is refused with it."""
    return all(part not in body for part in (b"NaN", b"Infinity", b"\\ud800", b"\\udc00")) and len(body) < 5_000


def test_odd_headers_are_no_failure(server: Server) -> None:
    me = somebody()
    for headers in (
        {"authorization": "Basic ====="}, {"authorization": "Basic " + "/" * 3_000}, {"authorization": "Bearer"},
        {"authorization": "\xe9\xe9"}, {"content-encoding": "gzip"}, {"content-encoding": "br"},
    ):  # fmt: skip
        encoded = {name: value.encode("latin-1") for name, value in headers.items()}
        body = b'{"event": "Seen", "anonymousId": "%s", "writeKey": "%s"}' % (me.encode(), server.keys.write.encode())
        assert server.http.post("/v1/track", content=body, headers=encoded).status_code in (200, 401)


# --- the quarantine -------------------------------------------------------------------------------------------------


def test_what_can_be_taken_later_is_sent_again_by_command(server: Server) -> None:
    """A day and two seconds ahead is refused; two seconds later it is a day ahead."""
    me = somebody()
    ahead = iso(time.time() * 1000 + 24 * HOUR + 2_000)
    body = call(f'"messageId": "{somebody()}", "timestamp": "{ahead}"', who=f'"anonymousId": "{me}"')
    single = call(f'"timestamp": "{ahead}"', '"Said"', f'"anonymousId": "{me}"').replace(b'"type": "track", ', b"")
    assert send(server, "/v1/batch", b'{"batch": [' + body + b"]}").status_code == 400
    assert send(server, "/v1/track", single).status_code == 400
    listed = command("quarantine", server.directory, "--limit", "2")
    rows = [line.split("\t") for line in listed.stdout.splitlines()]
    assert listed.returncode == 0 and [row[1] for row in rows] == ["time_in_future"] * 2
    time.sleep(2.5)
    again = command("quarantine", server.directory, "--resubmit", *(row[0] for row in rows))
    assert (again.returncode, again.stdout) == (0, "2 accepted, 0 refused again\n"), again.stderr
    assert counts(server, me) == {"Seen": 1, "Said": 1}
    assert not {row[0] for row in rows} & {str(row["number"]) for row in quarantined(server)}


def test_what_cannot_is_kept_again(server: Server) -> None:
    assert send(server, "/v1/track", properties('{"x": NaN}')).status_code == 400
    before = quarantined(server)
    newest = before[0]["number"]
    again = command("quarantine", server.directory, "--resubmit", str(newest))
    assert (again.returncode, again.stdout) == (0, "0 accepted, 1 refused again\n")
    assert quarantined(server) == before
