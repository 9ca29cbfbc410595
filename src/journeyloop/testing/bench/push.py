"""From the POST of an event to its message on an open stream, with a hundred streams open and other events beside."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from typing import Any

from journeyloop.testing.bench.measure import RUNS, medians, noise, paced, report
from journeyloop.testing.bench.scenes import beside, browsers, event, moment, serving
from journeyloop.testing.bench.server import Server
from journeyloop.testing.client import Browser, Client, iso

STREAMS = 100
EVENTS_PER_S = 100.0
POSTS_PER_S = 50.0
SECONDS = 8.0
PATIENCE = 5.0
MOMENT = moment("failed", "{event: Payment Failed}")


def run(seconds: float = SECONDS) -> dict[str, Any]:
    """RUNS runs of `seconds` each."""
    with noise() as noise_p99_ms, serving(failed=MOMENT) as server:
        return asyncio.run(_measured(server, seconds, noise_p99_ms))


async def _measured(server: Server, seconds: float, noise_p99_ms: Callable[[], float]) -> dict[str, Any]:
    rng = random.Random(3)  # noqa: S311  # not for secrets
    async with browsers(server, STREAMS) as opened, beside(server, EVENTS_PER_S, 1, seconds * RUNS + 30):
        await _one_run(server, opened, rng, 1.0)
        runs = [await _one_run(server, opened, rng, seconds) for _ in range(RUNS)]
    p50, p99 = medians(runs)
    return report(
        "push", {"post_to_sse_p50_ms": p50, "post_to_sse_p99_ms": p99}, noise_p99_ms(), streams=STREAMS, runs=RUNS,
        messages_per_run=[len(one) for one in runs], messages_per_s=POSTS_PER_S, events_per_s_beside=EVENTS_PER_S,
        durability="sync",
    )  # fmt: skip


async def _one_run(server: Server, opened: list[Browser], rng: random.Random, seconds: float) -> list[float]:
    client = server.client()
    order: list[Browser] = []
    async with asyncio.TaskGroup() as group:
        tasks = []
        async for _ in paced(POSTS_PER_S, seconds):
            order = order or rng.sample(opened, len(opened))  # one message per browser at a time
            tasks.append(group.create_task(_latency(client, order.pop(), f"{rng.getrandbits(96):024x}")))
    await client.close()
    return [task.result() for task in tasks]


async def _latency(client: Client, browser: Browser, message_id: str) -> float:
    """Milliseconds from before the POST to the frame's receipt."""
    before = time.time() * 1000
    body = {"sentAt": iso(), "batch": [event(browser, "Payment Failed", message_id, int(before), amount=70)]}
    answer = await client.post_json("/v1/batch", body)
    assert answer.status == 200, answer
    frame = await asyncio.wait_for(browser.shows.get(), PATIENCE)
    return frame.at - before
