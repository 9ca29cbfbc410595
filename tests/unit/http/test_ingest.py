"""The Segment paths: every form real clients send, every refusal, and that nothing vanishes."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib
from typing import Any

import pytest

from journeyloop.adapters.http.body import gunzip
from journeyloop.adapters.http.context import HttpSettings
from journeyloop.adapters.http.ingest import BEACON, PATHS
from journeyloop.runtime.doors import Overloaded, Unavailable
from tests.unit.http.asgi import ADMIN, SERVER, WRITE, ask, basic, bearer, site
from tests.unit.http.recording import RecordingDoor

TRACK = {"type": "track", "event": "Viewed", "messageId": "m1", "userId": "u1"}
KEY = [basic(WRITE)]
CALL = {**TRACK, "previousId": "a0", "groupId": "g1"}


@pytest.fixture
def door() -> RecordingDoor:
    return RecordingDoor()


def post(door: RecordingDoor, body: Any, path: str = "/v1/batch", headers: Any = KEY, **more: Any) -> Any:
    settings = more.pop("settings", HttpSettings())
    return ask(site(door, settings), "POST", path, headers, body, **more)


@pytest.mark.parametrize("path", PATHS)
def test_every_path_long_and_short(door: RecordingDoor, path: str) -> None:
    kind = PATHS[path]
    answer = post(door, {"batch": [CALL]} if kind is None else CALL, path)
    assert (answer.status, answer.json) == (200, {"success": True})
    assert [event.kind for event in door.events] == [kind or "track"]


@pytest.mark.parametrize(
    "header",
    [
        basic(WRITE),
        bearer(WRITE),
        ("authorization", "basic amxfd3JpdGVfMTIzNDU2Nzg5MA=="),  # no colon
        ("authorization", "Basic amxfd3JpdGVfMTIzNDU2Nzg5MA"),  # no padding either
    ],
)
def test_the_key_in_a_header(door: RecordingDoor, header: tuple[str, str]) -> None:
    assert post(door, {"batch": [TRACK]}, headers=[header]).status == 200
    assert door.events[0].source == "browser"


def test_the_key_in_the_body(door: RecordingDoor) -> None:
    headers = [("content-type", "text/plain")]
    assert post(door, {"batch": [TRACK], "writeKey": WRITE}, headers=headers).status == 200
    assert post(door, {**TRACK, "writeKey": WRITE}, "/v1/t", headers=headers).status == 200
    assert post(door, {**TRACK, "writeKey": WRITE}, "/v1/t", headers=[("authorization", "Basic Og==")]).status == 200
    assert len(door.events) == 3


def test_the_key_in_the_query_of_a_beacon_only(door: RecordingDoor) -> None:
    sent = {"headers": [("content-type", "text/plain")], "query": f"writeKey={WRITE}"}
    answer = post(door, {"batch": [TRACK]}, BEACON, **sent)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "*")
    assert door.events[0].source == "browser"
    assert post(door, {"batch": [{}]}, BEACON, **sent).status == 400 and len(door.rejected) == 1
    assert post(door, {"batch": [TRACK]}, "/v1/batch", **sent).status == 401
    empty = [("authorization", "Basic Og==")]
    assert post(door, {"batch": [TRACK]}, BEACON, **{**sent, "headers": empty}).status == 200
    for query in ("", "writeKey=", "writeKey=nope", "write_key=" + WRITE, "%ff=%ff&writeKey=%00"):
        assert post(door, {"batch": [TRACK]}, BEACON, headers=empty, query=query).status == 401
    assert len(door.events) == 2 and len(door.rejected) == 1


def test_a_right_beacon_does_not_open_the_door_for_the_next_request(door: RecordingDoor) -> None:
    app, empty = site(door), [("authorization", "Basic Og==")]
    for headers in ([], empty):
        assert ask(app, "POST", BEACON, headers, {"batch": [TRACK]}, query=f"writeKey={WRITE}").status == 200
        assert ask(app, "POST", BEACON, headers, {"batch": [TRACK]}).status == 401


def test_a_beacon_is_bound_to_the_allowed_origins(door: RecordingDoor) -> None:
    settings = HttpSettings(allowed_origins=frozenset({"https://shop.example"}))
    sent = {"query": f"writeKey={WRITE}", "settings": settings}
    there = [("origin", "https://other.example")]
    assert post(door, {"batch": [TRACK]}, BEACON, headers=there, **sent).code == "origin_not_allowed"


@pytest.mark.parametrize("key", [SERVER, ADMIN])
def test_better_keys_make_server_events(door: RecordingDoor, key: str) -> None:
    assert post(door, {"batch": [TRACK]}, headers=[basic(key)]).status == 200
    assert door.events[0].source == "server"


@pytest.mark.parametrize(
    "headers", [[], [basic("wrong")], [bearer("wrong")], [("authorization", "x")], [("authorization", "\xff \xff")]]
)
@pytest.mark.parametrize("body", [{"batch": [TRACK], "writeKey": "wrong"}, {"batch": [TRACK]}, b"{", b"x" * 600_000])
def test_a_wrong_key_gets_one_answer_and_leaves_nothing(door: RecordingDoor, headers: Any, body: Any) -> None:
    answer = post(door, body, headers=headers)
    assert (answer.status, answer.code) == (401, "unauthorized")
    assert answer.json["error"]["message"] == "A valid key is required."
    assert door.inputs == [] and door.rejected == []


def test_the_origin_list_binds_the_write_key_only(door: RecordingDoor) -> None:
    settings = HttpSettings(allowed_origins=frozenset({"https://shop.example"}))
    here, there = ("origin", "https://shop.example"), ("origin", "https://other.example")
    body = {"batch": [TRACK]}
    assert post(door, body, headers=[basic(WRITE), here], settings=settings).status == 200
    assert post(door, body, headers=[basic(WRITE)], settings=settings).status == 200
    assert post(door, body, headers=[basic(SERVER), there], settings=settings).status == 200
    assert post(door, body, headers=[basic(WRITE), there], settings=settings).code == "origin_not_allowed"


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded"])
@pytest.mark.parametrize("cut", [1 << 20, 7])
def test_gzip_is_sniffed(door: RecordingDoor, content_type: str, cut: int) -> None:
    body = gzip.compress(json.dumps({"batch": [TRACK]}).encode())
    assert post(door, body, headers=[basic(WRITE), ("content-type", content_type)], cut=cut).status == 200
    assert len(door.events) == 1


def test_gzip_claimed_of_plain_json(door: RecordingDoor) -> None:
    assert post(door, {"batch": [TRACK]}, headers=[basic(WRITE), ("content-encoding", "gzip")]).status == 200


def test_a_gzip_bomb(door: RecordingDoor) -> None:
    bomb = zlib.compressobj(9, wbits=31)
    body = b"".join(bomb.compress(b"[" * 1_000_000) for _ in range(40)) + bomb.flush()
    assert len(body) < 100_000
    answer = post(door, body)
    assert (answer.status, answer.code) == (413, "too_large")
    assert [refused.reason for refused in door.rejected] == ["too_large"]
    tracemalloc.start()
    gunzip(body, 100_000)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


@pytest.mark.parametrize(
    "body",
    [b"\x1f\x8b", b"\x1f\x8bxxxxxxxxxxxxxx", gzip.compress(b"{}", mtime=0)[:-3], gzip.compress(b"{}", mtime=0) + b"x"],
)
def test_broken_gzip(door: RecordingDoor, body: bytes) -> None:
    assert (post(door, body).status, door.rejected[0].reason) == (400, "malformed_gzip")


def test_too_large(door: RecordingDoor) -> None:
    many = {"batch": [{**TRACK, "properties": {"x": "y" * 30_000}}] * 18}
    assert post(door, many).code == "too_large"
    assert post(door, many, cut=65_536).status == 413
    assert post(door, {"batch": [0] * 2_501}).status == 413
    assert post(door, {**TRACK, "properties": {"x": "y" * 33_000}}, "/v1/t").status == 413
    assert post(door, {"batch": [{**TRACK, "properties": {"x": "y" * 33_000}}]}).status == 413
    assert len(door.rejected) == 5 and door.inputs == []


def test_a_batch_with_some_bad_items(door: RecordingDoor) -> None:
    answer = post(door, {"batch": [TRACK, {"type": "track"}, TRACK, {**TRACK, "userId": "null"}]})
    assert answer.status == 200 and len(door.events) == 2 and len(door.rejected) == 2
    assert answer.json["success"] is True and answer.json["accepted"] == 2
    assert [(found["index"], found["reason"]) for found in answer.json["rejected"]] == [
        (1, "missing_id"),
        (3, "blocked_id"),
    ]


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/v1/batch", {"batch": [{"type": "track"}]}, "missing_id"),
        ("/v1/batch", {"batch": [{**TRACK, "userId": 7}, 7]}, "id_not_string"),
        ("/v1/batch", b"{", "malformed_json"),
        ("/v1/batch", b"", "malformed_json"),
        ("/v1/track", {"userId": "u"}, "missing_event"),
        ("/v1/i", b'{"userId":NaN}', "not_a_number"),
    ],
)
def test_with_nothing_accepted_it_is_an_error_and_quarantined(
    door: RecordingDoor, path: str, body: Any, code: str
) -> None:
    answer = post(door, body, path)
    assert (answer.status, answer.code) == (400, code)
    assert door.rejected[0].reason == code and door.inputs == []


def test_an_empty_batch(door: RecordingDoor) -> None:
    assert post(door, {"batch": []}).json == {"success": True}


def test_nothing_is_acknowledged_before_it_is_durable(door: RecordingDoor) -> None:
    door.fails = Overloaded(7)
    answer = post(door, {"batch": [TRACK]})
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (429, "overloaded", "7")
    door.fails = Unavailable("disk full")
    answer = post(door, {"batch": [{}]})
    assert (answer.status, answer.code) == (503, "unavailable") and int(answer.headers["retry-after"]) > 0


def test_a_failure_behind_the_door_is_a_500_in_our_shape_without_data(door: RecordingDoor, capsys: Any) -> None:
    door.fails = RuntimeError("canary@example.com")
    answer = post(door, {"batch": [TRACK]})
    assert (answer.status, answer.code) == (500, "internal_error")
    out = capsys.readouterr()
    assert "RuntimeError" in out.out + out.err and "canary" not in out.out + out.err


@pytest.mark.parametrize(
    "path",
    ["/v1/t", "/v1/batch", "/v1/outcomes", "/v1/stream", "/v1/presence", "/v1/consent", "/sourceConfig/", BEACON],
)
@pytest.mark.parametrize("headers", ["authorization,content-type", "anonymousid,authorization,content-type,sentat"])
def test_preflight(door: RecordingDoor, path: str, headers: str) -> None:
    asked = [("origin", "https://shop.example"), ("access-control-request-headers", headers)]
    answer = ask(site(door), "OPTIONS", path, asked)
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-headers"] == headers
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "access-control-allow-credentials" not in answer.headers


def test_cors_on_answers_and_on_refusals(door: RecordingDoor) -> None:
    assert post(door, {"batch": [TRACK]}).headers["access-control-allow-origin"] == "*"
    assert post(door, {"batch": [TRACK]}, headers=[]).headers["access-control-allow-origin"] == "*"
    assert post(door, b"{").headers["access-control-allow-origin"] == "*"


def test_other_methods(door: RecordingDoor) -> None:
    assert ask(site(door), "GET", "/v1/batch").code == "method_not_allowed"


def test_settings_of_analytics_js(door: RecordingDoor) -> None:
    answer = ask(site(door), "GET", f"/v1/projects/{WRITE}/settings", [("host", "events.example:8080")])
    segment = {"apiKey": WRITE, "apiHost": "events.example:8080/v1", "protocol": "http"}
    assert answer.json == {"integrations": {"Segment.io": segment}}
    assert answer.headers["access-control-allow-origin"] == "*"
    for wrong in ("nope", SERVER):
        assert ask(site(door), "GET", f"/v1/projects/{wrong}/settings").status == 401


@pytest.mark.parametrize("path", ["/sourceConfig/", "/sourceConfig"])
def test_settings_of_rudderstack(door: RecordingDoor, path: str) -> None:
    in_query, in_header = {"query": f"p=npm&writeKey={WRITE}"}, {"headers": [basic(WRITE)]}
    for sent in (in_query, in_header, {**in_query, **in_header}):
        answer = ask(site(door), "GET", path, **sent)
        source = answer.json["source"]
        assert (source["enabled"], source["config"], source["destinations"]) == (True, {}, [])
        assert answer.status == 200 and source["id"] and answer.headers["access-control-allow-origin"] == "*"
        assert ask(site(door), "HEAD", path, **sent).status == 200  # how the SDK finds out about ad blockers
    for wrong in ({}, {"query": "writeKey=nope"}, {"query": f"writeKey={SERVER}"}, {"headers": [basic(SERVER)]}):
        answer = ask(site(door), "GET", path, **wrong)
        assert (answer.status, answer.code) == (401, "unauthorized")
        assert answer.headers["access-control-allow-origin"] == "*"
