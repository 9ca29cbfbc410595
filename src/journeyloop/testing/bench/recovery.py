"""From exec to the first answered decision after kill -9: a million people in the store, its pages in memory."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from journeyloop.testing.bench.decide import MOMENT, decision_ms
from journeyloop.testing.bench.ingest import SESSION, post
from journeyloop.testing.bench.measure import RUNS, noise, report
from journeyloop.testing.bench.people import MILLION, preload, user_id
from journeyloop.testing.bench.server import Server, configure
from journeyloop.testing.bench.traffic import MOMENTS, bodies, sessions

EVENTS = 20_000


def run(people: int = MILLION, events: int = EVENTS) -> dict[str, Any]:
    """RUNS times: load, kill -9, start, decide, look at the memory under load again."""
    with noise() as noise_p99_ms, tempfile.TemporaryDirectory(prefix="journeyloop-bench-") as folder:
        directory = Path(folder) / "shop"
        configure(directory, {**MOMENTS, "hero": MOMENT})
        preload(directory, people)
        with Server(directory) as server:
            return asyncio.run(_measured(server, people, events, noise_p99_ms))


async def _measured(server: Server, people: int, events: int, noise_p99_ms: Callable[[], float]) -> dict[str, Any]:
    traffic = sessions(random.Random(5), 3_000, people)  # noqa: S311  # not for secrets
    first, memory = [], []
    for number in range(RUNS):
        await post(server, bodies(traffic, events // SESSION.size, SESSION.size), SESSION.connections)
        memory.append(server.anonymous_mb())
        server.kill()
        before = time.perf_counter()
        server.spawn()
        server.await_address()
        client = server.client("server")
        await decision_ms(client, user_id(number))
        first.append(time.perf_counter() - before)
        await client.close()
    size = sum(file.stat().st_size for file in (server.directory / "store").iterdir()) / 1e6
    figures = {"first_decision_s": median(first), "anonymous_mb": max(memory)}
    return report(
        "recovery", figures, noise_p99_ms(), people=people, runs=RUNS, starts_s=[round(one, 3) for one in first],
        events_before_each_kill=events, store_mb=round(size), anonymous_mb="the largest, right after the load",
        page_cache="warm: the store was written, then used, just before", durability="sync",
    )  # fmt: skip
