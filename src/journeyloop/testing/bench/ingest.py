"""What an event costs the server: CPU of its process per acknowledged event, in three kinds of traffic."""

from __future__ import annotations

import asyncio
import heapq
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from msgspec import Struct, json

from journeyloop.testing.bench.measure import RUNS, noise, report
from journeyloop.testing.bench.people import MILLION, preload, traits
from journeyloop.testing.bench.server import Server, configure
from journeyloop.testing.bench.traffic import MOMENTS, at_random, bodies, sessions

ACTIVE = 3_000
BATCH = 100
EVENTS = 30_000
SINGLES = 5_000
WARM_UP = 20_000

Traffic = Iterator[dict[str, Any]]


class Load(Struct):
    """`connections` post `size` events at a time; each run is `events` long."""

    name: str
    size: int
    events: int
    connections: int


SESSION = Load("session", BATCH, EVENTS, 10)
RANDOM = Load("random", BATCH, EVENTS, 10)
SINGLE = Load("single", 1, SINGLES, 64)


def run(people: int = MILLION, scale: float = 1.0) -> dict[str, Any]:
    """`scale` shortens the runs; the bench proper is at 1."""
    with noise() as noise_p99_ms, tempfile.TemporaryDirectory(prefix="journeyloop-bench-") as folder:
        directory = Path(folder) / "shop"
        configure(directory, MOMENTS)
        preload(directory, people)
        with Server(directory) as server:
            return asyncio.run(_measured(server, people, scale, noise_p99_ms))


async def _measured(server: Server, people: int, scale: float, noise_p99_ms: Callable[[], float]) -> dict[str, Any]:
    rng = random.Random(1)  # noqa: S311  # not for secrets
    active = sessions(rng, ACTIVE, people)
    await post(server, bodies(active, int(WARM_UP * scale) // BATCH, BATCH), SESSION.connections)
    session = [await _cost(server, active, SESSION, scale) for _ in range(RUNS)]
    floor = median(_floor(bodies(active, int(EVENTS * scale) // BATCH, BATCH)) for _ in range(RUNS))
    anywhere = [await _cost(server, at_random(rng, people), RANDOM, scale) for _ in range(RUNS)]
    single = [await _cost(server, active, SINGLE, scale) for _ in range(RUNS)]
    figures = {
        "session_cpu_us_per_event": median(session),
        "random_cpu_us_per_event": median(anywhere),
        "single_cpu_us_per_event": median(single),
        "ratio_to_floor": median(session) / floor,
    }
    counts = (await server.client("server").get_json("/v1/moments"))["moments"]
    return report(
        "ingest", figures, noise_p99_ms(), people=people, active=ACTIVE, runs=RUNS, events_per_run=int(EVENTS * scale),
        events_per_single_run=int(SINGLES * scale), floor_us_per_event=round(floor, 3),
        session_runs=[round(one, 2) for one in session], random_runs=[round(one, 2) for one in anywhere],
        single_runs=[round(one, 2) for one in single], durability="sync",
        preload="people written through the record codec before the server starts, profiles of 30 traits",
        signals=sum(row["signals"] for row in counts), armed=sum(row["armed"] for row in counts),
    )  # fmt: skip


async def _cost(server: Server, source: Traffic, load: Load, scale: float) -> float:
    """Microseconds of the server's CPU per event."""
    prepared = bodies(source, int(load.events * scale) // load.size, load.size)
    before = server.cpu()
    await post(server, prepared, load.connections)
    return (server.cpu() - before) * 1e6 / (len(prepared) * load.size)


async def post(server: Server, prepared: list[bytes], connections: int) -> None:
    """Post these bodies to /v1/batch over so many connections; each must be taken whole."""
    client, rest = server.client(), iter(prepared)

    async def work() -> None:
        for body in rest:
            answer = await client.post("/v1/batch", body)
            assert answer.body == b'{"success":true}', answer

    await asyncio.gather(*(work() for _ in range(connections)))
    await client.close()


def _floor(prepared: list[bytes]) -> float:
    """What a plain loop would cost: decode, update one profile of 30 fields, push one timer. Microseconds per event."""
    users = {event["userId"] for body in prepared for event in json.decode(body)["batch"]}
    profiles = {user: traits(number) for number, user in enumerate(users)}
    due: list[tuple[str, str]] = []
    before = time.process_time()
    for body in prepared:
        for event in json.decode(body)["batch"]:
            profiles[event["userId"]].update(event["properties"])
            heapq.heappush(due, (event["timestamp"], event["userId"]))
    return (time.process_time() - before) * 1e6 / len(due)
