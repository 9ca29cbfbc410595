"""Providers on loopback, beside a server in a process of its own: real endpoints in a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl

from journeyloop.testing.endpoints import Answer, Asked, Endpoint


@contextmanager
def provider(*answers: Answer) -> Iterator[Endpoint]:
    """An endpoint that is up; what it was asked can be read while it is."""
    endpoint, opened, loop = Endpoint(*answers), threading.Event(), asyncio.new_event_loop()
    ended = asyncio.Event()

    async def run() -> None:
        async with endpoint.open():
            opened.set()
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),), daemon=True)
    thread.start()
    assert opened.wait(10)
    yield endpoint
    loop.call_soon_threadsafe(ended.set)
    thread.join(10)


def fields(asked: Asked) -> dict[str, str]:
    """What a form said."""
    return dict(parse_qsl(asked.body.decode(), keep_blank_values=True))
