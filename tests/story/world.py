"""The world outside for the stories: its servers on a thread, and the demo's configuration tied to them."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import httpx

from journeyloop.adapters.config.init import scaffold
from journeyloop.testing.outside import Outside
from journeyloop.testing.outside.wiring import connect, secrets
from tests.story.servers import PATIENCE_S, Server, eventually


class World:
    """Runs until `stop`."""

    def __init__(self) -> None:
        self.outside = Outside()
        self._started, self._ending = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()), daemon=True)
        self._thread.start()
        assert self._started.wait(PATIENCE_S)
        self.http = httpx.Client(base_url=self.outside.url, timeout=PATIENCE_S)

    async def _live(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self.outside.start()
        self._started.set()
        await self._ending.wait()
        await self.outside.stop()

    def stop(self) -> None:
        self.http.close()
        self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join(PATIENCE_S)

    def project(self, directory: Path, *changes: tuple[str, str, str]) -> Path:
        """The demo's configuration, tied to this world; each change replaces a text of a file by another."""
        scaffold(directory, demo=True)
        connect(directory, self.outside, 8080)
        for name, old, new in changes:
            text = (directory / name).read_text()
            assert old in text, (name, old)
            (directory / name).write_text(text.replace(old, new))
        return directory

    def environment(self) -> dict[str, str]:
        return secrets(self.outside)

    def meets(self, server: Server) -> None:
        self.outside.loop_url, self.outside.server_key = server.url, server.keys.server

    def do(self, what: str, **said: str) -> None:
        answer = self.http.post(f"/do/{what}", json=said)
        assert answer.status_code == 200, answer.text

    def arrived(self, kind: str) -> list[dict[str, Any]]:
        """What arrived of this kind, newest first."""
        return [one for one in self.http.get("/arrived").json()["arrived"] if one["kind"] == kind]

    def first(self, kind: str, about: str = "") -> dict[str, Any]:
        """The first of its kind that speaks of this, waited for."""
        return eventually(lambda: [one for one in self.arrived(kind) if about in str(one)], bool)[-1]
