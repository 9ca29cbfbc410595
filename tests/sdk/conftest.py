"""The real SDKs against a real server on this machine.

Where node, its packages or a Chromium is missing these tests are skipped, except where CI is set.
"""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
import uvicorn
from msgspec import Struct

from journeyloop.adapters.http.context import HttpSettings
from journeyloop.adapters.http.keys import Keys
from journeyloop.adapters.http.site import build_site
from journeyloop.model.event import Event
from tests.unit.http.asgi import ADMIN, SERVER, WRITE
from tests.unit.http.recording import RecordingDoor

HERE = Path(__file__).parent
PATIENCE_S = 20.0


class Served(Struct):
    """A running server. `events` answers what has become durable so far."""

    host: str
    write_key: str
    events: Callable[[], list[Event]]
    rejected: Callable[[], int]

    def wait_for(self, count: int) -> list[Event]:
        """The events once there are at least `count` of them, and none was refused."""
        until = time.monotonic() + PATIENCE_S
        while len(self.events()) < count and not self.rejected() and time.monotonic() < until:
            time.sleep(0.02)
        assert self.rejected() == 0
        assert len(self.events()) >= count, [(event.kind, event.name) for event in self.events()]
        return self.events()


def skip(message: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture
def server() -> Iterator[Served]:
    door = RecordingDoor()
    site = build_site(door, Keys([WRITE], [SERVER], [ADMIN], b"issuing key of the tests, 32 by."), HttpSettings())
    config = uvicorn.Config(site, log_level="warning", access_log=False, timeout_graceful_shutdown=1)
    running = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=running.run, args=([listening],), daemon=True)
    thread.start()
    host = f"http://127.0.0.1:{listening.getsockname()[1]}"
    yield Served(host, WRITE, lambda: list(door.events), lambda: len(door.rejected))
    running.should_exit = True
    thread.join(10)


@pytest.fixture(scope="session")
def node() -> str:
    found = shutil.which("node")
    return found or skip("no node on this machine")


@pytest.fixture(scope="session")
def packages() -> Path:
    """The installed npm packages (`npm ci --ignore-scripts` in this folder)."""
    found = HERE / "node_modules"
    return found if found.is_dir() else skip("run `npm ci --ignore-scripts` in tests/sdk")
