"""A receiver of webhooks in a process of its own: it takes what comes and never answers `/hang…`. `GET /seen` tells
[path, user id, ms since the epoch] of each message since the last such question.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import json

TAKEN = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


class Receiver:
    """The messages are only parsed when somebody asks."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, bytes, float]] = []
        self.hanging = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await self._one(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        at, path = time.time() * 1000, head.split(b" ", 2)[1].decode()
        length = head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]
        body = await reader.readexactly(int(length or 0))
        if path == "/seen":
            told = json.encode(self._told())
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(told) + told)
            return
        self.seen.append((path, body, at))
        if path.startswith("/hang"):
            await self.hanging.wait()
        writer.write(TAKEN)

    def _told(self) -> list[tuple[str, str, float]]:
        found, self.seen = self.seen, []
        return [(path, json.decode(body)["data"]["user_id"], at) for path, body, at in found]


@contextmanager
def receiving() -> Iterator[str]:
    """The address of a receiver that runs as long as this is open."""
    process = subprocess.Popen(  # our own interpreter
        [sys.executable, "-c", "from journeyloop.testing.bench import receiver; receiver.main()"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.communicate()


async def _run() -> None:
    server = await asyncio.start_server(Receiver().serve, "127.0.0.1", 0, backlog=1_024)
    sys.stdout.write(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


def main() -> None:
    """The other process."""
    asyncio.run(_run())
