"""A small HTTP/1.1 client over asyncio streams, with keep-alive and server-sent events, and a pretend browser.

`Browser` is a test double of loop.js: same requests, same claims, no page. What happens in a real page is tested in
a real Chromium. No redirects, no TLS, no proxies: it talks to a server on this machine.
"""

from __future__ import annotations

import asyncio
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode, urlsplit

from msgspec import Struct, json

OVERLOADED = 429
SERVER_FAULT = 500
LONGEST_WAIT = 2.0
READ_LIMIT = 1 << 20


class Answer(Struct):
    """`retry_after` is in seconds, 0 if the server named none."""

    status: int
    body: bytes
    retry_after: float = 0.0

    @property
    def taken(self) -> bool:
        """Whether there is nothing to send again: it was accepted, or refused for good."""
        return self.status != OVERLOADED and self.status < SERVER_FAULT

    def json(self) -> Any:
        return json.decode(self.body)


class Frame(Struct):
    """One server-sent event; `at` is its receipt in ms since the epoch."""

    event: str
    content: Any
    at: float


class Connection:
    """One keep-alive connection, one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @property
    def usable(self) -> bool:
        return not (self.reader.at_eof() or self.writer.is_closing())

    async def exchange(self, request: bytes) -> Answer:
        """Raises ConnectionError if the server went away first."""
        self.writer.write(request)
        try:
            status, headers = await self.head()
            body = await self.reader.readexactly(int(headers.get(b"content-length", b"0")))
        except asyncio.IncompleteReadError:
            raise ConnectionResetError("the server closed the connection") from None
        return Answer(status, body, float(headers.get(b"retry-after", b"0")))

    async def head(self) -> tuple[int, dict[bytes, bytes]]:
        """Status and headers, names in lower case."""
        lines = (await self.reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        pairs = (line.split(b":", 1) for line in lines[1:] if line)
        return int(lines[0].split(b" ", 2)[1]), {name.lower(): value.strip() for name, value in pairs}

    def close(self) -> None:
        self.writer.close()


class Client:
    """As many connections as requests are open at once; `key` is sent as Basic user. Raises ConnectionError."""

    def __init__(self, url: str, key: str | None = None) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 80
        self.key = key
        self._idle: list[Connection] = []
        authorization = f"Authorization: Basic {b64encode(f'{key}:'.encode()).decode()}\r\n" if key else ""
        self._headers = f"Host: {parts.netloc}\r\n{authorization}".encode()

    async def post_json(self, path: str, value: Any) -> Answer:
        return await self.post(path, json.encode(value))

    async def post(self, path: str, body: bytes) -> Answer:
        length = f"Content-Length: {len(body)}\r\n\r\n".encode()
        return await self._exchange(b"".join((b"POST ", path.encode(), b" HTTP/1.1\r\n", self._headers, length, body)))

    async def get_json(self, path: str, **query: str) -> Any:
        """The decoded answer.

        Raises:
            LookupError: the server answered with another status than 200.
        """
        answer = await self._exchange(self._get(path, query))
        if answer.status != 200:
            raise LookupError(f"{path} answered {answer.status}")
        return answer.json()

    async def stream(self, path: str, **query: str) -> EventStream:
        """Open a stream of server-sent events on a connection of its own.

        Raises:
            LookupError: the server refused it.
        """
        connection = await self._connect()
        connection.writer.write(self._get(path, query))
        try:
            status, _ = await connection.head()
        except asyncio.IncompleteReadError:
            raise ConnectionResetError("the server closed the connection") from None
        if status != 200:
            connection.close()
            raise LookupError(f"{path} answered {status}")
        return EventStream(connection)

    async def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _get(self, path: str, query: dict[str, str]) -> bytes:
        target = f"{path}?{urlencode(query)}" if query else path
        return b"".join((b"GET ", target.encode(), b" HTTP/1.1\r\n", self._headers, b"\r\n"))

    async def _exchange(self, request: bytes) -> Answer:
        connection = self._taken_from_pool() or await self._connect()
        try:
            answer = await connection.exchange(request)
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return answer

    def _taken_from_pool(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
            connection.close()
        return None

    async def _connect(self) -> Connection:
        return Connection(*await asyncio.open_connection(self.host, self.port, limit=READ_LIMIT))


class EventStream:
    """The frames of one stream (https://html.spec.whatwg.org/multipage/server-sent-events.html), comments left out."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def __aiter__(self) -> AsyncIterator[Frame]:
        buffer = b""
        async for chunk in self._chunks():
            at = time.time() * 1000
            *complete, buffer = (buffer + chunk).split(b"\n\n")
            for text in complete:
                fields = dict(line.split(b": ", 1) for line in text.split(b"\n") if b": " in line)
                if b"data" in fields:
                    yield Frame(fields.get(b"event", b"message").decode(), json.decode(fields[b"data"]), at)

    async def _chunks(self) -> AsyncIterator[bytes]:
        """The body's chunks, until the server ends it or goes away."""
        reader = self.connection.reader
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while size := int(await reader.readuntil(b"\r\n"), 16):
                yield (await reader.readexactly(size + 2))[:-2]

    def close(self) -> None:
        self.connection.close()


class Browser:
    """One tab with loop.js: its stream, its presence, its claims. `seen` is called with each message that is shown.

    `claimed` outlives the stream, as localStorage does: a message that is offered again after a reconnect is not shown
    again. Reports are sent until the server has them. `reopen` is the wait before a lost stream is opened anew (s).
    """

    def __init__(
        self,
        client: Client,
        write_key: str,
        anonymous_id: str,
        page: str = "/",
        seen: Callable[[Frame], None] | None = None,
        reopen: float = 0.1,
    ) -> None:
        self.client, self.write_key, self.anonymous_id = client, write_key, anonymous_id
        self.page, self.seen, self.reopen = page, seen, reopen
        self.claimed: dict[str, Frame] = {}
        self.recalled: dict[str, Frame] = {}
        self.shows: asyncio.Queue[Frame] = asyncio.Queue()
        self._opened = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def is_open(self) -> bool:
        """Whether the tab was opened and the server knows it."""
        return self._opened.is_set()

    async def open(self) -> None:
        """Return when the stream is open and the server knows the page."""
        self._start(self._read())
        await self._opened.wait()

    async def close(self) -> None:
        """Close the tab: the stream ends at once; reports under way are dropped."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def go(self, page: str) -> None:
        """Another page: told to the server as loop.js does."""
        self.page = page
        await self._present()

    async def send(self, *events: dict[str, Any]) -> Answer:
        """Post events of this browser; the caller names messageId and timestamp."""
        batch = [{**event, "anonymousId": self.anonymous_id} for event in events]
        return await self.client.post_json("/v1/batch", {"writeKey": self.write_key, "sentAt": iso(), "batch": batch})

    async def report(self, decision_id: str, outcome: str) -> None:
        """`shown`, `clicked` or `dismissed`, until the server has it."""
        await self.insist("/v1/outcomes", {"decision_id": decision_id, "outcome": outcome, "write_key": self.write_key})

    async def insist(self, path: str, body: dict[str, Any]) -> Answer:
        """Post the same again until it was taken, as every good client does."""
        wait = 0.05
        while True:
            with suppress(OSError):
                answer = await self.client.post_json(path, body)
                if answer.taken:
                    return answer
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read(self) -> None:
        while True:
            with suppress(OSError, LookupError):  # gone, or refused for now
                await self._read_one_stream()
            await asyncio.sleep(self.reopen)

    async def _read_one_stream(self) -> None:
        query = {"anonymous_id": self.anonymous_id, "write_key": self.write_key}
        stream = await self.client.stream("/v1/stream", **query)
        try:
            await self._present()
            self._opened.set()
            async for frame in stream:
                self._received(frame)
        finally:
            stream.close()

    def _received(self, frame: Frame) -> None:
        name = frame.content.get("id")
        if frame.event == "recall":
            self.recalled[name] = frame
        elif frame.event == "show" and name not in self.claimed and name not in self.recalled:
            self.claimed[name] = frame
            self.shows.put_nowait(frame)
            if self.seen is not None:
                self.seen(frame)
            self._start(self.report(name, "shown"))

    async def _present(self) -> None:
        tab = {"tab": "1", "page": self.page, "visible": True, "idle": 0}
        body = {"anonymous_id": self.anonymous_id, "write_key": self.write_key, "tabs": [tab]}
        await self.client.post_json("/v1/presence", body)


def iso(at: float | None = None) -> str:
    """Seconds since the epoch (default: now) as SDKs write it, in UTC with milliseconds."""
    at = time.time() if at is None else at
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(at))}.{int(at * 1000) % 1000:03d}Z"
