"""The least mail server there is, for the scenes of the channel contract: what it says once it has a message."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from journeyloop.runtime.channels import SHAPES
from journeyloop.testing.channel_contract import Scene
from journeyloop.testing.endpoints import CLOSE, HANG, Answer

ANSWERS: dict[Scene, Answer] = {
    "refuses": b"554 5.7.1 not this one\r\n",
    "busy": b"451 4.3.2 later\r\n",
    "nonsense": b"\x00\xff nonsense\r\n",
    "hangs": HANG,
    "closes": CLOSE,
}


def options(url: str) -> dict[str, Any]:
    """Of a channel that sends here."""
    host, _, port = url.removeprefix("smtp://").rpartition(":")
    usual = {key: option.default for key, option in SHAPES["smtp"].options.items()}
    return usual | {"host": host, "port": int(port), "tls": "none", "from": "Shop <hello@shop.example>"}


class Postbox:
    def __init__(self, scene: Scene) -> None:
        self.answer = ANSWERS.get(scene, b"250 2.0.0 taken\r\n")
        self.url = ""
        self.saw: list[bytearray] = []
        self.ended = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Postbox]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen = bytearray()
        self.saw.append(seen)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.write(b"220 mail.test\r\n")
            while line := await reader.readline():
                if line.startswith(b"DATA"):
                    writer.write(b"354 go on\r\n")
                    if not await _message(reader, seen) or self.answer is CLOSE:
                        break
                    writer.write(self.answer)
                elif line.startswith(b"QUIT"):
                    writer.write(b"221 bye\r\n")
                    break
                else:
                    writer.write(b"250 ok\r\n")
        self.ended += 1
        writer.close()


async def _message(reader: asyncio.StreamReader, seen: bytearray) -> bool:
    """False: the other side has gone before its end."""
    while line := await reader.readline():
        seen += line
        if line == b".\r\n":
            return True
    return False
