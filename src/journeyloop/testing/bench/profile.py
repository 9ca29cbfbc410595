"""Whether a profile knows the event that was just sent: POST one, after its 200 ask for the person, and look for it.

Ten times a hundred events a second beside. An event is in the profile when it has been counted there.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from journeyloop.testing.bench.measure import RUNS, medians, noise, paced, percentile, report
from journeyloop.testing.bench.people import anonymous_id, user_id
from journeyloop.testing.bench.scenes import PEOPLE, beside, serving
from journeyloop.testing.bench.server import Server
from journeyloop.testing.client import Client, iso

REQUESTS_PER_S = 100.0
SIZE = 10
READS_PER_S = 50.0
SECONDS = 8.0
PATIENCE = 2.0
NAME = "Lamp Lit"


class Read(Struct):
    """`ms` from sending the event to a profile that holds it; `at_once`: the first answer after the 200 did."""

    ms: float
    at_once: bool


def run(seconds: float = SECONDS) -> dict[str, Any]:
    """RUNS runs of `seconds` each."""
    with noise() as noise_p99_ms, serving() as server:
        return asyncio.run(_measured(server, seconds, noise_p99_ms))


async def _measured(server: Server, seconds: float, noise_p99_ms: Callable[[], float]) -> dict[str, Any]:
    visitors = Visitors(random.Random(7))  # noqa: S311  # not for secrets
    async with beside(server, REQUESTS_PER_S, SIZE, seconds * RUNS + 30) as requests:
        await _one_run(server, visitors, 1.0)
        runs = [await _one_run(server, visitors, seconds) for _ in range(RUNS)]
    p50, p99 = medians([[read.ms for read in one] for one in runs])
    reads = [read for one in runs for read in one]
    figures = {
        "read_your_own_event_p50_ms": p50,
        "read_your_own_event_p99_ms": p99,
        "read_your_own_event_share": sum(read.at_once for read in reads) / len(reads),
    }
    return report(
        "profile", figures, noise_p99_ms(), runs=RUNS, reads_per_s=READS_PER_S, reads_per_run=len(runs[0]),
        requests_per_s_beside=REQUESTS_PER_S, events_per_request=SIZE, people=PEOPLE,
        request_p99_ms=round(percentile(requests, 0.99), 3), durability="sync",
        latency="from sending the event to the profile that holds it: a POST and a GET",
    )  # fmt: skip


async def _one_run(server: Server, visitors: Visitors, seconds: float) -> list[Read]:
    writer, reader = server.client(), server.client("server")
    async with asyncio.TaskGroup() as group:
        tasks = []
        async for _ in paced(READS_PER_S, seconds):
            tasks.append(group.create_task(_read(writer, reader, *visitors.next())))
    await writer.close()
    await reader.close()
    return [task.result() for task in tasks]


class Visitors:
    """The people of the traffic beside, in a random order, with how many of these events each will have had."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.counts: Counter[int] = Counter()
        self._order: list[int] = []

    def next(self) -> tuple[int, int]:
        """(person, count after their next event)."""
        self._order = self._order or self.rng.sample(range(PEOPLE), PEOPLE)  # one at a time for each of them
        person = self._order.pop()
        self.counts[person] += 1
        return person, self.counts[person]


async def _read(writer: Client, reader: Client, person: int, count: int) -> Read:
    before = time.perf_counter()
    who = {"userId": user_id(person), "anonymousId": anonymous_id(person)}
    answer = await writer.post_json("/v1/track", {"event": NAME, "timestamp": iso(), **who})
    assert answer.status == 200, answer
    at_once = True
    while True:
        profile = await reader.get_json("/v1/profile", user_id=user_id(person))
        taken = time.perf_counter() - before
        if profile["counts"].get(NAME, 0) >= count:
            return Read(taken * 1000, at_once)
        at_once = False
        assert taken < PATIENCE, f"not in the profile after {taken:.1f} s"
