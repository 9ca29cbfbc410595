"""Whatever is sent: no 500, one error shape, and with a valid key nothing vanishes."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from journeyloop.adapters.http.context import Context, HttpSettings
from journeyloop.adapters.http.ingest import PATHS
from journeyloop.adapters.http.site import endpoints
from tests.unit.http.asgi import ADMIN, DEFAULT, KEYS, SERVER, WRITE, Answer, basic, bearer, call, site
from tests.unit.http.recording import RecordingDoor

KEY = [(b"authorization", f"Bearer {SERVER}".encode())]
STREAMS = {"/v1/stream", "/console/feed"}
KNOWN = sorted({*PATHS, *(found.path for found in endpoints(Context(RecordingDoor(), KEYS, DEFAULT)))} - STREAMS)

fields = st.sampled_from(
    "type event userId anonymousId messageId timestamp sentAt batch context properties user_id anonymous_id placement "
    "purposes tabs decision_id outcome scope write_key".split()
)
scalars = st.sampled_from(["track", "u1", "null", "a\0b", WRITE, "shown", "all", 2**64, -1, 1e308, True, None, ""])
trees = st.recursive(
    scalars | st.text(max_size=5) | st.integers() | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(fields, inner, max_size=5),
    max_leaves=12,
)
texts = trees.map(lambda tree: json.dumps(tree).encode())
bodies = st.one_of(
    texts,
    texts.map(lambda raw: b'{"batch":[' + raw + b"]}"),
    texts.map(gzip.compress),
    st.tuples(texts, st.binary(max_size=4), st.integers(0, 40)).map(lambda cut: cut[0][: cut[2]] + cut[1]),
    st.binary(max_size=60).map(lambda raw: b"\x1f\x8b\x08" + raw),
    st.binary(max_size=60),
)
keys = st.sampled_from([basic(WRITE), basic(SERVER), bearer(ADMIN)])
headers = st.lists(
    st.tuples(
        st.sampled_from([b"authorization", b"host", b"origin", b"content-type", b"content-length", b"sec-fetch-site"]),
        st.binary(max_size=30),
    ),
    max_size=3,
)
queries = st.binary(max_size=60) | st.builds(
    lambda name, value: name.encode() + b"=" + value,
    st.sampled_from(["user_id", "token", "limit"]),
    st.binary(max_size=9),
)


@settings(max_examples=1_000)
@given(
    st.sampled_from(["POST", "GET", "HEAD", "OPTIONS", "PUT"]),
    st.sampled_from(KNOWN) | st.text(max_size=12).map(lambda text: "/" + text),
    st.tuples(headers, st.lists(keys, max_size=1)),
    bodies,
    queries,
    st.sampled_from([1 << 20, 3]),
)
@example("POST", "/v1/batch", ([], [basic(WRITE)]), b"[" * 100_000, b"", 1 << 20)
@example("POST", "/v1/decide", ([], [basic(SERVER)]), b'{"a":' * 6_000, b"", 1 << 20)
@example("GET", "/v1/projects/\ud800/settings", ([], []), b"", b"", 1)
@example("GET", "/\ud800", ([], []), b"", b"", 1)
def test_no_request_is_a_500(method: str, path: str, sent: Any, body: bytes, query: bytes, cut: int) -> None:
    door = RecordingDoor()
    app = site(door, HttpSettings(demo=True))
    arriving = [*sent[1], *sent[0]]
    answer = asyncio.run(call(app, method, path, arriving, body, query, cut=cut, stay=0))
    check(answer, method)
    if method == "POST" and path in PATHS and answer.status in (200, 400, 413):
        assert_all_kept(door, answer)


def check(answer: Answer, method: str) -> None:
    assert answer.status < 500, answer
    if answer.status >= 400 and method != "HEAD":
        assert answer.code


def assert_all_kept(door: RecordingDoor, answer: Answer) -> None:
    """accepted + quarantined = received; a 400 kept at least the refused body."""
    if answer.status != 200:
        assert door.rejected and not door.events
    elif door.rejected:
        assert len(answer.json["rejected"]) == len(door.rejected) and answer.json["accepted"] == len(door.events)


@pytest.mark.parametrize("path", sorted(STREAMS))
@settings(max_examples=100)
@given(query=queries, token=st.text(alphabet="eyJ.abc-_=", max_size=40))
def test_streams_too(path: str, query: bytes, token: str) -> None:
    app = site(RecordingDoor())
    full = query + f"&anonymous_id=a1&token={token}".encode()
    check(asyncio.run(call(app, "GET", path, [], b"", full, stay=0)), "GET")


def test_a_client_that_leaves_in_the_middle() -> None:
    door = RecordingDoor()
    messages: list[dict[str, Any]] = []
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    for path in ("/v1/batch", "/v1/decide"):
        scope = {"type": "http", "method": "POST", "path": path, "headers": KEY, "query_string": b"", "root_path": ""}
        messages[:] = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
        asyncio.run(site(door)(scope, receive, send))
    assert door.inputs == [] and door.rejected == [] and sent == []
