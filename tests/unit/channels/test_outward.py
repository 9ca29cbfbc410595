"""The client by which anything leaves: what it refuses, what it never does, and what it says of each end."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import uvloop
from aiohttp.http_writer import StreamWriter

from journeyloop.adapters.channels.outward import ANSWER_LIMIT, Outward, Reply
from journeyloop.runtime.channels import Withheld
from journeyloop.testing.endpoints import CLOSE, HANG, Answer, Endpoint, http
from tests.unit.channels.certificates import localhost

Story = Callable[[Endpoint, Outward], Awaitable[Any]]


def play(
    endpoint: Endpoint, story: Story, tls: Path | None = None, reuse: bool = False, timeout: float = 5.0,
    loop: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> Any:  # fmt: skip
    async def whole() -> Any:
        theirs, ours = localhost(tls) if tls else (None, None)
        async with endpoint.open(theirs):
            outward = Outward(timeout, loopback=True, reuse=reuse, tls=ours)
            try:
                return await story(endpoint, outward)
            finally:
                await outward.close()

    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(whole())


def post(*answers: Answer, timeout: float = 5.0) -> tuple[Endpoint, Reply]:
    endpoint = Endpoint(*answers)

    async def story(endpoint: Endpoint, outward: Outward) -> Reply:
        return await outward.post(endpoint.url + "/in?a=b", {"x-one": "1"}, b'{"a":1}')

    return endpoint, play(endpoint, story, timeout=timeout)


def test_a_request_arrives_and_its_answer_comes_back() -> None:
    endpoint, reply = post(http(202, b"yes", X_Two="2"))
    assert (reply.status, reply.headers["x-two"], reply.body, reply.left) == (202, "2", b"yes", True)
    [asked] = endpoint.asked
    assert (asked.path, asked.body, asked.headers["x-one"]) == ("/in?a=b", b'{"a":1}', "1")


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
@pytest.mark.parametrize("secured", [False, True])
@pytest.mark.parametrize("reuse", [False, True])
def test_what_is_stopped_sends_no_byte(tmp_path: Path, secured: bool, reuse: bool, loop: Any) -> None:
    """The connection is there by then, over TLS with its handshake done, and is closed without a word."""
    endpoint = Endpoint()

    def stop() -> None:
        raise Withheld("consent: withdrawn")

    async def story(endpoint: Endpoint, outward: Outward) -> None:
        with pytest.raises(Withheld, match="consent: withdrawn"):
            await outward.post(endpoint.url, {}, b"{}", stop)
        await endpoint.until(lambda: endpoint.ended == 1)
        assert endpoint.saw == [b""]
        assert (await outward.post(endpoint.url, {}, b"{}")).status == 200

    play(endpoint, story, tmp_path if secured else None, reuse, loop=loop)


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
@pytest.mark.parametrize("secured", [False, True])
def test_the_first_byte_leaves_in_the_step_that_asked(
    tmp_path: Path, secured: bool, loop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    written = StreamWriter._writelines

    def record(self: StreamWriter, chunks: Any) -> None:
        order.append("written")
        written(self, chunks)

    monkeypatch.setattr(StreamWriter, "_writelines", record)

    async def story(endpoint: Endpoint, outward: Outward) -> None:
        def go() -> None:
            order.append("go")
            asyncio.get_running_loop().call_soon(order.append, "another step")

        await outward.post(endpoint.url, {}, b"{}", go)

    play(Endpoint(), story, tmp_path if secured else None, loop=loop)
    assert order == ["go", "written", "another step"]


@pytest.mark.parametrize("reuse", [False, True])
def test_nothing_is_posted_twice(reuse: bool) -> None:
    """Not even where a connection that was kept is closed as it is used again."""
    endpoint = Endpoint(http(200), CLOSE, http(200))

    async def story(endpoint: Endpoint, outward: Outward) -> None:
        first, second = [await outward.post(endpoint.url, {}, b"{}") for _ in "12"]
        assert first.status == 200
        assert (second.status, second.left, second.reason) == (0, True, "ServerDisconnectedError")
        assert len(endpoint.asked) == 2
        assert len(endpoint.saw) == (1 if reuse else 2)

    play(endpoint, story, reuse=reuse)


def test_a_redirect_is_an_answer_and_a_cookie_is_forgotten() -> None:
    endpoint = Endpoint(http(307, location="/elsewhere", set_cookie="a=b; Path=/"), http(200))

    async def story(endpoint: Endpoint, outward: Outward) -> None:
        assert [(await outward.post(endpoint.url + "/in", {}, b"{}")).status for _ in "12"] == [307, 200]
        assert [asked.path for asked in endpoint.asked] == ["/in", "/in"]
        assert "cookie" not in endpoint.asked[1].headers

    play(endpoint, story)


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    assert post(http(200))[1].status == 200


def test_only_the_beginning_of_an_answer_is_read() -> None:
    assert post(http(200, b"x" * (4 * ANSWER_LIMIT)))[1].body == b"x" * ANSWER_LIMIT


def test_nothing_is_unpacked() -> None:
    bomb = gzip.compress(b"0" * 10_000_000)
    assert post(http(200, bomb, content_encoding="gzip"))[1].body == bomb


def test_an_answer_that_breaks_off_has_been_one() -> None:
    reply = post(http(201, b"half", content_length="8"), timeout=0.5)[1]
    assert (reply.status, reply.body) == (201, b"half")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(HANG, "timeout"), (CLOSE, "ServerDisconnectedError"), (b"nonsense\r\n\r\n", "ClientResponseError")],
)
def test_what_left_and_was_not_answered(answer: Answer, reason: str) -> None:
    reply = post(answer, timeout=0.3)[1]
    assert (reply.status, reply.left, reply.reason) == (0, True, reason)


def test_where_nobody_listens_nothing_leaves() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/secret"
        reply = play(Endpoint(), lambda _, outward: outward.post(url, {}, b"{}"))
    assert reply == Reply(reason="ClientConnectorError")


def test_a_certificate_is_looked_at(tmp_path: Path) -> None:
    async def story(endpoint: Endpoint, _: Outward) -> None:
        strict = Outward(5.0, loopback=True)
        reply = await strict.post(endpoint.url, {}, b"{}")
        assert (reply.left, reply.reason) == (False, "ClientConnectorCertificateError")
        assert all(seen == b"" for seen in endpoint.saw)
        await strict.close()

    play(Endpoint(), story, tmp_path)


def test_in_production_the_machine_itself_is_refused() -> None:
    async def story(endpoint: Endpoint, _: Outward) -> None:
        strict = Outward(5.0)
        secured = endpoint.url.replace("http:", "https:")
        assert (await strict.post(endpoint.url, {}, b"{}")).reason == "refused: https only"
        assert (await strict.post(secured, {}, b"{}")).reason == "refused: port"
        assert (await strict.post("https://127.0.0.1/", {}, b"{}")).reason == "refused: private address"
        assert (await strict.post("https://localhost/", {}, b"{}")).reason == "refused: private address"
        assert endpoint.saw == []
        await strict.close()

    play(Endpoint(), story)


@pytest.mark.parametrize("addresses", [["10.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::ffff:8.8.8.8"], ["127.0.0.1"]])
def test_a_name_counts_as_all_that_it_stands_for(addresses: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def lookup(host: str, port: int, *rest: Any) -> list[Any]:
        families = [socket.AF_INET6 if ":" in one else socket.AF_INET for one in addresses]
        ends = [(one, port, 0, 0) if ":" in one else (one, port) for one in addresses]
        return [(family, socket.SOCK_STREAM, 6, "", end) for family, end in zip(families, ends, strict=True)]

    def connect(*rest: Any, **more: Any) -> None:
        raise AssertionError("a connection was made")

    async def story(endpoint: Endpoint, outward: Outward) -> None:
        monkeypatch.setattr(socket, "getaddrinfo", lookup)
        monkeypatch.setattr("aiohappyeyeballs.start_connection", connect)
        reply = await outward.post("https://rebound.example/", {}, b"{}")
        assert reply == Reply(reason="refused: private address", refused=True)

    play(Endpoint(), story)


def test_a_header_that_would_break_out_is_not_sent() -> None:
    async def story(endpoint: Endpoint, outward: Outward) -> None:
        reply = await outward.post(endpoint.url, {"x-one": "1\r\nhost: other"}, b"{}")
        assert (reply.left, reply.reason) == (False, "ValueError")
        assert all(seen == b"" for seen in endpoint.saw)

    play(Endpoint(), story)
