"""How long a page waits for `POST /v1/decide`, with a hundred requests of ten events a second beside."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from typing import Any

from journeyloop.testing.bench.measure import RUNS, medians, noise, paced, percentile, report
from journeyloop.testing.bench.people import user_id
from journeyloop.testing.bench.scenes import PEOPLE, beside, moment, serving
from journeyloop.testing.bench.server import Server
from journeyloop.testing.client import Client

REQUESTS_PER_S = 100.0
SIZE = 10
DECISIONS_PER_S = 50.0
SECONDS = 8.0
PLACEMENT = "home_hero"
MOMENT = moment("hero", f"{{ask: {PLACEMENT}}}", ("first", "second", "third"), f"placement: {PLACEMENT}, ")


def run(seconds: float = SECONDS) -> dict[str, Any]:
    """RUNS runs of `seconds` each."""
    with noise() as noise_p99_ms, serving(hero=MOMENT) as server:
        return asyncio.run(_measured(server, seconds, noise_p99_ms))


async def _measured(server: Server, seconds: float, noise_p99_ms: Callable[[], float]) -> dict[str, Any]:
    rng = random.Random(4)  # noqa: S311  # not for secrets
    async with beside(server, REQUESTS_PER_S, SIZE, seconds * RUNS + 30) as requests:
        await _one_run(server, rng, 1.0)
        runs = [await _one_run(server, rng, seconds) for _ in range(RUNS)]
    p50, p99 = medians(runs)
    return report(
        "decide", {"p50_ms": p50, "p99_ms": p99}, noise_p99_ms(), runs=RUNS, decisions_per_s=DECISIONS_PER_S,
        decisions_per_run=len(runs[0]), requests_per_s_beside=REQUESTS_PER_S, events_per_request=SIZE,
        request_p99_ms=round(percentile(requests, 0.99), 3), durability="sync",
    )  # fmt: skip


async def _one_run(server: Server, rng: random.Random, seconds: float) -> list[float]:
    client = server.client("server")
    async with asyncio.TaskGroup() as group:
        tasks = []
        async for _ in paced(DECISIONS_PER_S, seconds):
            tasks.append(group.create_task(decision_ms(client, user_id(rng.randrange(PEOPLE)))))
    await client.close()
    return [task.result() for task in tasks]


async def decision_ms(client: Client, user: str) -> float:
    """Milliseconds until the answer."""
    before = time.perf_counter()
    answer = await client.post_json("/v1/decide", {"user_id": user, "placement": PLACEMENT})
    taken = (time.perf_counter() - before) * 1000
    assert answer.status == 200 and "decision_id" in answer.json(), answer
    return taken
