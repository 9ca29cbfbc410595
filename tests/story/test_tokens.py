"""Who may see a first name: a browser the host's backend vouches for with a signed token, and no other."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from tests.story.conftest import end
from tests.story.projects import project
from tests.story.servers import Server, Stream
from tests.story.visits import batch, identify, somebody, stall

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    path: Path = tmp_path_factory.mktemp("tokens") / "shop"
    server = Server(project(path, {"for: 20s": "for: 2s"}))
    yield server
    end(server)


def token(key: str, life_s: float = 600, **claims: Any) -> str:
    return jwt.encode({"alg": "HS256"}, {"exp": int(time.time() + life_s), **claims}, OctKey.import_key(key))


def test_only_a_signed_stream_carries_the_name(server: Server) -> None:
    """Five visitors called Ana stall; each is told as much as their stream was vouched for."""
    key, write = server.keys.server, server.keys.write
    names = ("unsigned", "by_browser", "by_user", "of_another_user", "beside_a_key")
    browsers = {name: somebody() for name in names}
    for who in browsers.values():
        batch(server, identify({"firstName": "Ana"}, anonymousId=who, userId=f"user-{who}"))
    tokens = {
        "by_browser": token(key, anonymous_id=browsers["by_browser"]),
        "by_user": token(key, user_id=f"user-{browsers['by_user']}"),
        "of_another_user": token(key, user_id=f"user-{browsers['by_user']}"),
        "beside_a_key": token(key, anonymous_id=browsers["beside_a_key"]),
    }
    queries: dict[str, dict[str, str]] = {name: {"anonymous_id": who} for name, who in browsers.items()}
    for name, query in queries.items():
        if name in tokens:
            query["token"] = tokens[name]
        if name in ("unsigned", "beside_a_key"):
            query["write_key"] = write
    streams = {name: Stream(server, **query) for name, query in queries.items()}
    for who in browsers.values():
        batch(server, *stall(anonymousId=who, userId=f"user-{who}"))
    shown = {name: "Ana" in stream.wait_for("show")["body"] for name, stream in streams.items()}
    assert shown == {
        "unsigned": False, "by_browser": True, "by_user": True, "of_another_user": False, "beside_a_key": True,
    }  # fmt: skip
    for stream in streams.values():
        stream.close()


@pytest.mark.parametrize("flaw", ["another key", "write key", "expired", "too long a life", "no claim", "no token"])
def test_a_bad_token_opens_nothing(server: Server, flaw: str) -> None:
    me, key = somebody(), server.keys.server
    bad = {
        "another key": token("x" * 43, anonymous_id=me),
        "write key": token(server.keys.write, anonymous_id=me),
        "expired": token(key, -1, anonymous_id=me),
        "too long a life": token(key, 7_200, anonymous_id=me),
        "no claim": token(key),
        "no token": "",
    }[flaw]
    answer = server.http.get("/v1/stream", params={"anonymous_id": me, "write_key": server.keys.write, "token": bad})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")


def test_a_token_is_for_its_own_browser(server: Server) -> None:
    mine = token(server.keys.server, anonymous_id=somebody())
    answer = server.http.get("/v1/stream", params={"anonymous_id": somebody(), "token": mine})
    assert answer.status_code == 403


def test_a_stream_needs_a_key(server: Server) -> None:
    for query in ({}, {"write_key": "wrong"}):
        answer = server.http.get("/v1/stream", params={"anonymous_id": somebody(), **query})
        assert answer.status_code == 401
