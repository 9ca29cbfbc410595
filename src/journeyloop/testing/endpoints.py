"""An HTTP endpoint on loopback that does what a provider should not: hang, hang up, talk nonsense. It remembers every
byte that reached it.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from msgspec import Struct

HANG, CLOSE = b"", None
"""Instead of an answer: none, or the end of the connection."""

Answer = bytes | None


def http(status: int, body: bytes = b"{}", **headers: str) -> bytes:
    """An answer, written out. Names of headers with `_` for `-`."""
    told = {"content-length": str(len(body)), "content-type": "application/json"}
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"HTTP/1.1 {status} Said\r\n{head}\r\n".encode() + body


class Asked(Struct, frozen=True):
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


class Endpoint:
    """`answers` are given in turn, the last one for ever. `saw` are the bytes of each connection."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers) or [http(200)]
        self.url = ""
        self.asked: list[Asked] = []
        self.saw: list[bytearray] = []
        self.ended = 0

    @asynccontextmanager
    async def open(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[Endpoint]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls)
        port = server.sockets[0].getsockname()[1]
        self.url = f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
        try:
            yield self
        finally:
            server.close()

    async def until(self, seen: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not seen():  # noqa: ASYNC110 - what it waits for has no event
                await asyncio.sleep(0.002)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen = bytearray()
        self.saw.append(seen)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while (asked := await _request(reader, seen)) is not None:
                self.asked.append(asked)
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if answer is CLOSE:
                    break
                writer.write(answer)
        self.ended += 1
        writer.close()


async def _request(reader: asyncio.StreamReader, seen: bytearray) -> Asked | None:
    """None: the other side has gone."""
    head = bytearray()
    while not head.endswith(b"\r\n\r\n"):
        byte = await reader.read(1)
        if not byte:
            return None
        head += byte
        seen += byte
    first, *lines = head.decode().split("\r\n")
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    seen += body
    return Asked(first.split()[1], headers, body)
