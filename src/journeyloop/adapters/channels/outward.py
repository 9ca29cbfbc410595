"""The one HTTP client by which anything leaves the house: guarded, without redirects, proxies or cookies, and with a
plain word on what became of the request.

`go` is called when the connection is there, in the step of the event loop that hands over the first byte: aiohttp keeps
the head of a request back until the first bytes of its body are written, so the body is the place to ask.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, AbstractStreamWriter, ResolveResult
from aiohttp.payload import BytesPayload
from msgspec import Struct
from yarl import URL

from journeyloop.adapters.channels.guard import Refused, host_of, is_near, judge, permit

ANSWER_LIMIT = 65_536
IDLE = 15.0
"""Seconds that a connection is kept without being used."""

LOOKUPS = 4
_HEADERS = {"user-agent": "journeyloop", "accept-encoding": "identity"}
_FAILURES = (aiohttp.ClientError, TimeoutError, OSError, ValueError)


class Reply(Struct, frozen=True):
    """What became of a request: `status` is 0 if no answer came, and then `reason` says why, without any address.
    `refused`: by the guard. `left`: its first byte did, so that it may have arrived."""

    status: int = 0
    headers: Mapping[str, str] = {}
    body: bytes = b""
    reason: str = ""
    refused: bool = False
    left: bool = False


def at_once() -> None:
    """The `go` of what nothing can stop."""


class Outward:
    """`loopback`: the operator wrote the addresses, and this is not production. With `reuse` a connection serves again;
    a server may close one just as it is used, which leaves a message in doubt, so only where it may be repeated."""

    def __init__(
        self, timeout: float, loopback: bool = False, reuse: bool = False, tls: ssl.SSLContext | None = None
    ) -> None:
        self.timeout, self.loopback, self.reuse, self.tls = timeout, loopback, reuse, tls
        self._session: aiohttp.ClientSession | None = None
        self._resolver: Resolver | None = None

    async def post(
        self, url: str, headers: Mapping[str, str], content: bytes, go: Callable[[], None] = at_once
    ) -> Reply:
        """Send once, never again by itself. Raises whatever `go` raises; then nothing has left."""
        body = Body(content, go)
        try:
            permitted = permit(url, self.loopback)
            return await self._ask(permitted, headers, body)
        except Refused as refused:
            return Reply(reason=str(refused), refused=True)
        except _FAILURES as error:
            if body.stopped is not None:
                raise body.stopped from None
            return Reply(reason=_named(error), left=body.left)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
        if self._resolver is not None:
            await self._resolver.close()

    async def _ask(self, url: URL, headers: Mapping[str, str], body: Body) -> Reply:
        session = self._open()
        async with session.post(url, data=body, headers={**_HEADERS, **headers}, allow_redirects=False) as answer:
            told = {name.lower(): value for name, value in answer.headers.items()}
            return Reply(answer.status, told, await _read(answer), left=True)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._resolver = Resolver(self.loopback)
            connector = aiohttp.TCPConnector(
                resolver=self._resolver, limit=0, ssl=self.tls or True,
                **({"keepalive_timeout": IDLE} if self.reuse else {"force_close": True}),
            )  # fmt: skip
            self._session = aiohttp.ClientSession(
                connector=connector, timeout=aiohttp.ClientTimeout(total=self.timeout), trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False,
            )  # fmt: skip
        return self._session


class Body(BytesPayload):
    """Content that asks `go` before it is written, with the head of the request before it."""

    def __init__(self, content: bytes, go: Callable[[], None]) -> None:
        super().__init__(content)
        self.go = go
        self.left = False
        self.stopped: Exception | None = None

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        try:
            self.go()
        except Exception as error:
            self.stopped = error
            raise
        transport = getattr(writer, "transport", None)
        self.left = transport is None or not transport.is_closing()  # else aiohttp refuses to write
        await super().write_with_length(writer, content_length)


class Resolver(AbstractResolver):
    """What a name stands for, if all of it may be asked. Its own few threads: a name server that hangs holds up nobody
    else."""

    def __init__(self, loopback: bool = False) -> None:
        self.loopback = loopback
        self._threads = ThreadPoolExecutor(LOOKUPS, "lookup")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raises Refused: one of the addresses must not be asked."""
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
        )
        loopback = self.loopback and is_near(host_of(host))
        results = [_result(host, port, one) for one in found]
        for one in results:
            judge(one["host"], loopback)
        return results

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _result(host: str, port: int, found: tuple[Any, ...]) -> ResolveResult:
    family, _, protocol, _, address = found
    numbers = f"{address[0]}%{address[3]}" if family == socket.AF_INET6 and address[3] else address[0]
    return ResolveResult(
        hostname=host, host=numbers, port=port, family=family, proto=protocol, flags=socket.AI_NUMERICHOST
    )


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    """The beginning of the answer. One that breaks off has been an answer."""
    read = bytearray()
    try:
        while len(read) < ANSWER_LIMIT and (more := await answer.content.read(ANSWER_LIMIT - len(read))):
            read += more
    except _FAILURES:
        pass
    return bytes(read)


def _named(error: Exception) -> str:
    """The kind of failure; its words could hold the address."""
    return "timeout" if isinstance(error, TimeoutError) else type(error).__name__
