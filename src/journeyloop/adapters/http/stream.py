"""Server-sent events: frames from the door to one client, until either side ends it.

What the frames say, and when a client counts as present, is the door's business. Here: headers, keep-alive comments
(a dead connection shows only by writing to it) and an orderly end.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

from starlette.types import Receive, Scope, Send

from journeyloop.adapters.http.door import Frames
from journeyloop.adapters.http.errors import not_taken
from journeyloop.runtime.doors import Overloaded, Unavailable

KEEP_ALIVE_S = 15.0
_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
    ],
}
_HELLO = b"retry: 2000\n\n"
_KEEP_ALIVE = b": still here\n\n"


class EventStream:
    """An ASGI response that lasts."""

    def __init__(self, frames: Frames, keep_alive_s: float = KEEP_ALIVE_S) -> None:
        self.frames = frames
        self.keep_alive_s = keep_alive_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "HEAD":
            await send(_START)
            await send({"type": "http.response.body"})
            return
        async with AsyncExitStack() as stack:
            try:
                frames = await stack.enter_async_context(self.frames)
            except (Overloaded, Unavailable) as error:
                await not_taken(error)(scope, receive, send)
                return
            await self._run(frames, receive, send)

    async def _run(self, frames: AsyncIterator[bytes], receive: Receive, send: Send) -> None:
        await send(_START)
        await _write(send, _HELLO)
        tasks = [asyncio.ensure_future(self._pump(frames, send)), asyncio.ensure_future(_until_gone(receive))]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        if not isinstance(results[0], BaseException):
            await send({"type": "http.response.body", "body": b""})
        elif isinstance(results[0], Exception) and not isinstance(results[0], OSError):
            raise results[0]

    async def _pump(self, frames: AsyncIterator[bytes], send: Send) -> None:
        """Write each frame at once, a comment when there was none for a while; return when the door ends the stream."""
        coming: asyncio.Future[bytes] | None = None
        try:
            while True:
                coming = coming or asyncio.ensure_future(_next(frames))
                done, _ = await asyncio.wait([coming], timeout=self.keep_alive_s)
                if not done:
                    await _write(send, _KEEP_ALIVE)
                    continue
                frame, coming = coming.result(), None
                if not frame:
                    return
                await _write(send, frame)
        finally:
            if coming is not None:
                coming.cancel()
                await asyncio.gather(coming, return_exceptions=True)


async def _next(frames: AsyncIterator[bytes]) -> bytes:
    """The next frame, or nothing at the end."""
    return await anext(frames, b"")


async def _write(send: Send, frame: bytes) -> None:
    await send({"type": "http.response.body", "body": frame, "more_body": True})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
