"""What it costs to find out who somebody is: a million identifiers of 400,000 people, half of whom were two visitors.

People known by their user id log in. Two in three of the logins come from the browser of a visitor with a past of their
own (a merge), the others from a new browser; all bring an address that nobody had. Most of them only log in, some
go on for a visit of ten events under their user id. Then the same people do the same again, which brings nothing new:
that is the ingest which the cost of knowing somebody is measured against, by identified event of such visits and by
login alone.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from msgspec import Struct

from journeyloop.testing.bench.ingest import post
from journeyloop.testing.bench.measure import RUNS, noise, report
from journeyloop.testing.bench.people import anonymous_id, user_id
from journeyloop.testing.bench.server import Server, configure
from journeyloop.testing.bench.traffic import AGENT, LIBRARY, MOMENTS, bodies, events
from journeyloop.testing.bench.visitors import eight, preload, weighed
from journeyloop.testing.client import iso

PEOPLE = 400_000
BATCH = 100
CONNECTIONS = 10
AGAIN = 20_000
VISIT = 10
"""Events of a visit, the login included."""

VISITORS = 10
"""One in so many of those who log in goes on for a visit."""

LIVED, SESSION = 100, 15
"""So many people live through a session of so many events before their records are weighed."""


class Run(Struct):
    """Microseconds of the server's CPU per login that merges, that only brings identifiers, that brings nothing; and
    per event of visits that begin with a login, and of the same visits when it brings nothing."""

    merge: float
    claim: float
    again: float
    visit: float
    visit_again: float

    @property
    def login_above(self) -> float:
        """A login above one that brings nothing: merges are two in three."""
        return (2 * self.merge + self.claim) / 3 - self.again


def run(people: int = PEOPLE) -> dict[str, Any]:
    """Half of these people are merged with a visitor, a quarter get a browser and an address, a quarter stay away."""
    with noise() as noise_p99_ms, tempfile.TemporaryDirectory(prefix="journeyloop-bench-") as folder:
        directory = Path(folder) / "shop"
        configure(directory, MOMENTS)
        preload(directory, people, people // 2)
        with Server(directory) as server:
            before = time.perf_counter()
            runs = asyncio.run(_measured(server, people))
            seconds, memory = time.perf_counter() - before, server.anonymous_mb()
        store = weighed(directory, range(people, people + LIVED))
    figures = {
        "cpu_us_per_identified_event_above_ingest": median(one.visit - one.visit_again for one in runs),
        "cpu_us_per_login_above_ingest": median(one.login_above for one in runs),
        "bytes_per_profile": float(store.largest),
        "cpu_us_per_merge_above_ingest": median(one.merge - one.again for one in runs),
        "cpu_us_per_claim_above_ingest": median(one.claim - one.again for one in runs),
    }
    return report(
        "identity", figures, noise_p99_ms(), people=store.people - LIVED, identifiers=store.identifiers - 2 * LIVED,
        merges=store.merges, runs=RUNS, identified_events=people * 3 // 4, measured_s=round(seconds, 1),
        merge_runs=[round(one.merge, 2) for one in runs], claim_runs=[round(one.claim, 2) for one in runs],
        again_runs=[round(one.again, 2) for one in runs], visit_runs=[round(one.visit, 2) for one in runs],
        identified_event=f"an event with a user id, of visits of {VISIT} that begin with a login (2 of 3 merge)",
        average_record_bytes=round(store.average),
        anonymous_mb=round(memory), durability="sync", ingest="logins of the same people that bring nothing new",
        bytes_per_profile=f"the largest of {LIVED} people after a session, without the dedup ids",
        preload="people and visitors written through the record codec; every login, claim and merge is over HTTP",
    )  # fmt: skip


async def _measured(server: Server, people: int) -> list[Run]:
    rng = random.Random(8)  # noqa: S311  # not for secrets
    merging, claiming = range(people // 2), range(people // 2, people * 3 // 4)
    merges = iter(rng.sample(merging, len(merging)))
    claims = iter(rng.sample(claiming, len(claiming)))
    runs = [await _one_run(server, rng, merges, claims, people // RUNS) for _ in range(RUNS)]
    for person in range(people, people + LIVED):
        await post(server, [*bodies(_session(rng, person), 1, SESSION + 1)], 1)
    return runs


async def _one_run(server: Server, rng: random.Random, merges: Iterator[int], claims: Iterator[int], size: int) -> Run:
    staying = [*islice(merges, size // 2 // VISITORS), *islice(claims, size // 4 // VISITORS)]
    merged = list(islice(merges, size // 2 - size // 2 // VISITORS))
    claimed = list(islice(claims, size // 4 - size // 4 // VISITORS))
    rng.shuffle(staying)
    visit, visit_again = [await _cost(server, _visits(rng, staying), len(staying) * VISIT) for _ in range(2)]
    merge, claim = [await _cost(server, _logins(rng, some), len(some)) for some in (merged, claimed)]
    again = rng.sample([*merged, *claimed], min(AGAIN, len(merged)))
    return Run(merge, claim, await _cost(server, _logins(rng, again), len(again)), visit, visit_again)


async def _cost(server: Server, source: Iterator[dict[str, Any]], count: int) -> float:
    prepared = bodies(source, count // BATCH, BATCH)
    before = server.cpu()
    await post(server, prepared, CONNECTIONS)
    return (server.cpu() - before) * 1e6 / (len(prepared) * BATCH)


def _logins(rng: random.Random, people: list[int]) -> Iterator[dict[str, Any]]:
    return (_identify(rng, person, {"email": f"person{person}@example.com"}) for person in people)


def _visits(rng: random.Random, people: list[int]) -> Iterator[dict[str, Any]]:
    """Each in turn: a login and what follows."""
    for login, person in zip(_logins(rng, people), people, strict=True):
        yield login
        yield from islice(events(rng, person), VISIT - 1)


def _session(rng: random.Random, person: int) -> Iterator[dict[str, Any]]:
    yield _identify(rng, person, eight(person))
    yield from events(rng, person)


def _identify(rng: random.Random, person: int, traits: dict[str, Any]) -> dict[str, Any]:
    page = {"path": "/account", "url": "https://shop.example/account", "title": "Shop", "referrer": ""}
    return {
        "type": "identify",
        "messageId": f"{rng.getrandbits(128):032x}",
        "timestamp": iso(time.time() - rng.random() * 0.3),
        "userId": user_id(person),
        "anonymousId": anonymous_id(person),
        "traits": traits,
        "context": {"page": page, "userAgent": AGENT, "locale": "de-DE", "library": LIBRARY},
    }
