"""The pretend browser and its client, against a server that answers from a script."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from msgspec import json

from journeyloop.testing.client import Browser, Client, iso

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


class Script:
    """Answers each request with what `answer(path, body)` returns; a list of chunks is a stream that then ends."""

    def __init__(self, answer: Callable[[str, Any], bytes | list[bytes]]) -> None:
        self.answer, self.requests, self.connections = answer, list[tuple[str, Any]](), 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = next(
                    (line.split(":")[1] for line in head.split("\r\n") if line.startswith("Content-Len")), "0"
                )
                body = await reader.readexactly(int(length))
                path = head.split(" ")[1]
                self.requests.append((path, json.decode(body) if body else None))
                answer = self.answer(path, self.requests[-1][1])
                if isinstance(answer, list):
                    await self._stream(writer, answer)
                    return
                writer.write(answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    async def _stream(self, writer: asyncio.StreamWriter, chunks: list[bytes]) -> None:
        writer.write(STREAM)
        for chunk in chunks:
            writer.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
            await writer.drain()
            await asyncio.sleep(0.01)
        writer.write(b"0\r\n\r\n")


@asynccontextmanager
async def scripted(answer: Callable[[str, Any], bytes | list[bytes]]) -> AsyncIterator[tuple[Script, Client]]:
    script = Script(answer)
    server = await asyncio.start_server(script.serve, "127.0.0.1", 0)
    client = Client(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", "key")
    yield script, client
    await client.close()
    server.close()


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    def running() -> None:
        asyncio.run(asyncio.wait_for(test(), 20))

    running.__name__ = test.__name__
    return running


def show(name: str) -> bytes:
    return b'event: show\ndata: {"id":"' + name.encode() + b'"}\n\n'


@run
async def test_one_connection_serves_many_requests_in_turn() -> None:
    async with scripted(lambda path, body: OK) as (script, client):
        for number in range(3):
            assert (await client.post_json("/v1/track", {"number": number})).status == 200
        assert script.connections == 1
        assert [body for _, body in script.requests] == [{"number": 0}, {"number": 1}, {"number": 2}]


@run
async def test_a_server_that_goes_away_is_a_connection_error_and_the_next_request_reconnects() -> None:
    answers = [b"HTTP/1.1 200 OK\r\nconte", OK]

    def answer(path: str, body: Any) -> bytes | list[bytes]:
        return answers.pop(0)

    async with scripted(answer) as (script, client):
        first = asyncio.create_task(client.post_json("/", {}))
        await asyncio.sleep(0.05)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert (await client.post_json("/", {})).json() == {}
        assert script.connections == 2


@run
async def test_frames_are_put_together_from_chunks_and_comments_are_left_out() -> None:
    chunks = [
        b"retry: 2000\n\n: keep-alive\n\nevent: show\nda",
        b'ta: {"id":"1"}\n\nevent: recall\ndata: {"id":"1"}\n\n',
    ]
    async with scripted(lambda path, body: chunks) as (script, client):
        stream = await client.stream("/v1/stream", anonymous_id="a b")
        frames = [(frame.event, frame.content) async for frame in stream]
        assert frames == [("show", {"id": "1"}), ("recall", {"id": "1"})]
        assert script.requests[0][0] == "/v1/stream?anonymous_id=a+b"


@run
async def test_a_refused_stream_is_a_lookup_error() -> None:
    async with scripted(lambda path, body: b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n") as (_, client):
        with pytest.raises(LookupError, match="401"):
            await client.stream("/v1/stream")


@run
async def test_a_message_offered_again_after_a_reconnect_is_shown_once_and_reported_once() -> None:
    async with scripted(lambda path, body: [show("m1")] if "/stream" in path else OK) as (script, client):
        browser = Browser(client, "write", "anna", "/checkout", reopen=0.01)
        await browser.open()
        while sum("/v1/stream" in path for path, _ in script.requests) < 3:
            await asyncio.sleep(0.01)
        await browser.close()
        outcomes = [body for path, body in script.requests if path == "/v1/outcomes"]
        assert outcomes == [{"decision_id": "m1", "outcome": "shown", "write_key": "write"}]
        assert list(browser.claimed) == ["m1"]
        assert browser.shows.qsize() == 1


@run
async def test_a_recalled_message_is_not_shown() -> None:
    recall = b'event: recall\ndata: {"id":"m1","reason":"goal"}\n\n'
    async with scripted(lambda path, body: [recall + show("m1")] if "/stream" in path else OK) as (_, client):
        browser = Browser(client, "write", "anna")
        await browser.open()
        await asyncio.sleep(0.05)
        await browser.close()
        assert not browser.claimed
        assert list(browser.recalled) == ["m1"]


@run
async def test_an_opened_tab_has_told_its_page() -> None:
    async with scripted(lambda path, body: [show("m")] if "/stream" in path else OK) as (script, client):
        browser = Browser(client, "write", "anna", "/checkout")
        await browser.open()
        told = next(body for path, body in script.requests if path == "/v1/presence")
        assert (told["anonymous_id"], told["tabs"][0]["page"]) == ("anna", "/checkout")
        await browser.close()


@run
async def test_what_the_server_could_not_take_is_sent_again() -> None:
    refusals = [b"HTTP/1.1 503 Unavailable\r\ncontent-length: 0\r\nretry-after: 1\r\n\r\n"] * 2

    def answer(path: str, body: Any) -> bytes | list[bytes]:
        return refusals.pop() if refusals else OK

    async with scripted(answer) as (script, client):
        answer_ = await Browser(client, "write", "anna").insist("/v1/batch", {"batch": [{"messageId": "1"}]})
        assert answer_.status == 200
        assert [body for _, body in script.requests] == [{"batch": [{"messageId": "1"}]}] * 3


def test_times_are_written_as_sdks_do() -> None:
    assert iso(1_700_000_000.25) == "2023-11-14T22:13:20.250Z"
