"""Moments of the latency benches, their servers and their browsers. No measuring here."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

from journeyloop.testing.bench.measure import paced
from journeyloop.testing.bench.server import Server, configure
from journeyloop.testing.bench.traffic import MOMENTS, bodies, sessions
from journeyloop.testing.client import Browser, Client, iso

ACTIVE, PEOPLE = 3_000, 20_000
OPENING = 20

_SERVICE = """
moment: {name}
title: {name}
purpose: service
topic: {name}
detect: {detect}
goal: {{event: Order Completed, within: 30m}}
holdout: 0%
learn: {{mode: fixed}}
expires: 5m
actions:
"""
_ACTION = "  - {{action: {name}, channel: onpage, {more}content: {{title: Hello, body: A message.}}}}\n"


def moment(name: str, detect: str, actions: Sequence[str] = ("say",), more: str = "") -> str:
    """A service moment without holdout: every signal becomes a message, unless it is occupied."""
    head = _SERVICE.format(name=name, detect=detect)
    return head + "".join(_ACTION.format(name=action, more=more) for action in actions)


@contextmanager
def serving(prepare: Callable[[Path], object] | None = None, /, **moments: str) -> Iterator[Server]:
    """A server with these moments and those of the ingest bench, so that traffic beside costs what it costs there.
    `prepare` sees its directory first."""
    with tempfile.TemporaryDirectory(prefix="journeyloop-bench-") as folder:
        directory = Path(folder) / "shop"
        configure(directory, {**MOMENTS, **moments})
        if prepare is not None:
            prepare(directory)
        with Server(directory) as server:
            yield server


@asynccontextmanager
async def browsers(server: Server, count: int, page: str = "/checkout") -> AsyncIterator[list[Browser]]:
    """Open tabs, so many at a time."""
    client = Client(server.url)
    opened = [Browser(client, server.keys.write, f"browser-{number}", page) for number in range(count)]
    for at in range(0, count, OPENING):
        await asyncio.gather(*(browser.open() for browser in opened[at : at + OPENING]))
    try:
        yield opened
    finally:
        await asyncio.gather(*(browser.close() for browser in opened))
        await client.close()


@asynccontextmanager
async def beside(server: Server, requests_per_s: float, size: int, seconds: float) -> AsyncIterator[list[float]]:
    """Session traffic while this is open: requests of `size` events. Yields the durations (ms) of its requests."""
    rng = random.Random(2)  # noqa: S311  # not for secrets
    prepared = bodies(sessions(rng, ACTIVE, PEOPLE), int(min(requests_per_s * seconds, 20_000)), size)
    durations: list[float] = []
    task = asyncio.create_task(_send(server.client(), prepared, requests_per_s, seconds, durations))
    try:
        yield durations
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _send(client: Client, prepared: list[bytes], per_s: float, seconds: float, durations: list[float]) -> None:
    tasks: set[asyncio.Task[None]] = set()
    rest = cycle(prepared)

    async def post(body: bytes) -> None:
        before = time.perf_counter()
        answer = await client.post("/v1/batch", body)
        assert answer.status == 200, answer
        durations.append((time.perf_counter() - before) * 1000)

    async with asyncio.TaskGroup() as group:
        async for _ in paced(per_s, seconds):
            task = group.create_task(post(next(rest)))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
    await client.close()


def event(browser: Browser, name: str, message_id: str, at_ms: int, **properties: Any) -> dict[str, Any]:
    """A track call of this browser; it happened at `at_ms`."""
    return {
        "type": "track", "event": name, "messageId": message_id, "timestamp": iso(at_ms / 1000),
        "anonymousId": browser.anonymous_id, "properties": properties,
    }  # fmt: skip
