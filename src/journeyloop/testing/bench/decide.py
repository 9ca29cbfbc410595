"""How long a page waits for `POST /v1/decide`, with a hundred requests of ten events a second beside; by a rule, and
over 600 arms that have learned."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from typing import Any

from journeyloop.testing.bench import models
from journeyloop.testing.bench.measure import RUNS, medians, noise, paced, report
from journeyloop.testing.bench.people import user_id
from journeyloop.testing.bench.scenes import PEOPLE, beside, moment, serving
from journeyloop.testing.bench.server import Server
from journeyloop.testing.client import Client

REQUESTS_PER_S = 100.0
SIZE = 10
DECISIONS_PER_S = 50.0
SECONDS = 8.0
ALONE = 1_000
PLACEMENT = "home_hero"
MOMENT = moment("hero", f"{{ask: {PLACEMENT}}}", ("first", "second", "third"), f"placement: {PLACEMENT}, ")
Place = Callable[[random.Random], str]


def run(seconds: float = SECONDS) -> dict[str, Any]:
    """RUNS runs of `seconds` each, by rule; then as many over 600 arms that have learned."""
    with noise() as noise_p99_ms:
        with serving(hero=MOMENT) as server:
            told = asyncio.run(_measured(server, seconds, lambda rng: PLACEMENT))
        with serving(models.preload, **models.moments()) as server:
            learned = asyncio.run(_measured(server, seconds, lambda rng: models.asked(rng.randrange(models.MOMENTS))))
        figures = {**told, **{f"{name}_600_arms": figure for name, figure in learned.items()}}
        return report(
            "decide", figures, noise_p99_ms(), runs=RUNS, decisions_per_s=DECISIONS_PER_S,
            requests_per_s_beside=REQUESTS_PER_S, events_per_request=SIZE, durability="sync",
            arms=models.MOMENTS * (models.ACTIONS + 1), cpu_us="per decision, HTTP and commit included, nothing beside",
        )  # fmt: skip


async def _measured(server: Server, seconds: float, place: Place) -> dict[str, float]:
    rng = random.Random(4)  # noqa: S311  # not for secrets
    cpu_us = await _alone(server, rng, place)
    async with beside(server, REQUESTS_PER_S, SIZE, seconds * RUNS + 30):
        await _one_run(server, rng, 1.0, place)
        runs = [await _one_run(server, rng, seconds, place) for _ in range(RUNS)]
    p50, p99 = medians(runs)
    return {"p50_ms": p50, "p99_ms": p99, "cpu_us": cpu_us, "anonymous_mb": server.anonymous_mb()}


async def _alone(server: Server, rng: random.Random, place: Place) -> float:
    """CPU time of the server per decision (us), one at a time."""
    client = server.client("server")
    before = server.cpu()
    for _ in range(ALONE):
        await decision_ms(client, user_id(rng.randrange(PEOPLE)), place(rng))
    await client.close()
    return (server.cpu() - before) / ALONE * 1e6


async def _one_run(server: Server, rng: random.Random, seconds: float, place: Place) -> list[float]:
    client = server.client("server")
    async with asyncio.TaskGroup() as group:
        tasks = []
        async for _ in paced(DECISIONS_PER_S, seconds):
            tasks.append(group.create_task(decision_ms(client, user_id(rng.randrange(PEOPLE)), place(rng))))
    await client.close()
    return [task.result() for task in tasks]


async def decision_ms(client: Client, user: str, placement: str = PLACEMENT) -> float:
    """Milliseconds until the answer."""
    before = time.perf_counter()
    answer = await client.post_json("/v1/decide", {"user_id": user, "placement": placement})
    taken = (time.perf_counter() - before) * 1000
    assert answer.status == 200 and "decision_id" in answer.json(), answer
    return taken
