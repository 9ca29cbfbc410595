"""What `journeyloop demo` shows: a server with its shop, and the world outside, on this machine and gone afterwards."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from journeyloop.adapters.config.init import scaffold
from journeyloop.app import Running, serving
from journeyloop.testing.outside import Outside
from journeyloop.testing.outside.arrivals import LOOPBACK
from journeyloop.testing.outside.wiring import connect, secrets

PORT = 8080


@asynccontextmanager
async def demonstration(host: str | None, port: int | None) -> AsyncIterator[tuple[Running, Outside]]:
    """The server and the world around it. Raises what `serving` raises."""
    world = Outside()
    await world.start()
    try:
        with tempfile.TemporaryDirectory(prefix="journeyloop-demo-") as folder:
            directory = Path(folder) / "shop"
            scaffold(directory, demo=True)
            port = PORT if port is None else port or _free_port()
            connect(directory, world, port)
            os.environ.update(secrets(world))
            async with serving(directory, host, port, demo=True) as running:
                world.loop_url, world.server_key = running.url, running.keys.server
                yield running, world
    finally:
        await world.stop()


def _free_port() -> int:
    """One that nobody listens on now: links in messages must name it before the server does."""
    with socket.socket() as one:
        one.bind((LOOPBACK, 0))
        found: int = one.getsockname()[1]
        return found
