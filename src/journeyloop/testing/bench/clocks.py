"""The two clocks of learning, on a real server with traffic beside: a person changes at once, a model at the close.

`click`: from the POST of a goal to the answer of the first decision on a person who has reached it.
`close`: from the due time of a window to the answer of the first decision on a board that counts it. Somebody asks for
a decision every few milliseconds; afterwards each decision says which board it saw, and boards count one window each.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections.abc import Iterator
from itertools import count
from typing import Any

from msgspec import Struct

from journeyloop.testing.bench.measure import RUNS, medians, noise, paced
from journeyloop.testing.bench.scenes import beside, moment, serving
from journeyloop.testing.bench.server import Server
from journeyloop.testing.client import Client, iso

REQUESTS_PER_S, SIZE = 100.0, 1
CLICKS_PER_S, WINDOWS_PER_S, ASKS_PER_S = 25.0, 10.0, 100.0
SECONDS = 8.0
WITHIN_S = 3.0
PLACEMENT, EVENT = "home_hero", "Lamp Lit"
PATIENCE_S = 5.0

HERO = moment("hero", f"{{ask: {PLACEMENT}}}", ("hello",), f"placement: {PLACEMENT}, ").replace(
    "actions:\n",
    "actions:\n  - {action: thanks, channel: onpage, placement: home_hero, where: profile.orders >= 1, "
    "content: {title: Thanks, body: A message.}}\n",
)
LAMP = (
    moment("lamp", f"{{event: {EVENT}}}")
    .replace("within: 30m", "within: 3s")
    .replace("holdout: 0%", "holdout: 10%")
    .replace("mode: fixed", "mode: full")
    .replace("expires: 5m", "expires: 2s")
)


class Asked(Struct):
    """A decision: whose, which, and when it was answered (ms since the epoch)."""

    user: str
    decision: str
    at: float


def measured(seconds: float = SECONDS, runs: int = RUNS) -> tuple[dict[str, float], dict[str, Any]]:
    """The figures, and what they were measured beside."""
    with noise() as noise_p99_ms, serving(hero=HERO, lamp=LAMP) as server:
        clicks, closes = asyncio.run(_measured(server, seconds, runs))
    click, close = medians(clicks), medians(closes)
    figures = {
        "click_to_changed_person_p50_ms": click[0],
        "click_to_changed_person_p99_ms": click[1],
        "close_to_changed_model_p50_ms": close[0],
        "close_to_changed_model_p99_ms": close[1],
    }
    context = {
        "noise_p99_ms": round(noise_p99_ms(), 3), "clicks_per_run": len(clicks[0]), "windows_per_run": len(closes[0]),
        "requests_per_s_beside": REQUESTS_PER_S, "events_per_request": SIZE, "asks_per_s": ASKS_PER_S,
    }  # fmt: skip
    return figures, context


async def _measured(server: Server, seconds: float, runs: int) -> tuple[list[list[float]], list[list[float]]]:
    numbers = count()
    async with beside(server, REQUESTS_PER_S, SIZE, runs * (2 * seconds + 3 * WITHIN_S) + 60):
        await _clicks(server, numbers, 1.0)
        clicks = [await _clicks(server, numbers, seconds) for _ in range(runs)]
        closes = [await _closes(server, numbers, seconds) for _ in range(runs)]
    return clicks, closes


# --- a person, at once ------------------------------------------------------------------------------------------------


async def _clicks(server: Server, numbers: Iterator[int], seconds: float) -> list[float]:
    writer, reader = server.client(), server.client("server")
    async with asyncio.TaskGroup() as group:
        tasks = []
        async for _ in paced(CLICKS_PER_S, seconds):
            tasks.append(group.create_task(_click(writer, reader, f"buyer-{next(numbers)}")))
    await writer.close()
    await reader.close()
    return [task.result() for task in tasks]


async def _click(writer: Client, reader: Client, user: str) -> float:
    before = time.perf_counter()
    order = {"event": "Order Completed", "userId": user, "timestamp": iso(), "properties": {"order_id": user}}
    assert (await writer.post_json("/v1/track", order)).status == 200
    while True:
        answer = (await reader.post_json("/v1/decide", {"user_id": user, "placement": PLACEMENT})).json()
        taken = time.perf_counter() - before
        if answer["action"] == "thanks":
            return taken * 1000
        assert taken < PATIENCE_S, answer


# --- a model, at the close --------------------------------------------------------------------------------------------


async def _closes(server: Server, numbers: Iterator[int], seconds: float) -> list[float]:
    """Windows are opened for some seconds; asking goes on until the last of them has closed."""
    writer, reader = server.client(), server.client("server")
    asked: list[Asked] = []
    asking = asyncio.create_task(_ask(reader, numbers, seconds + 2 * WITHIN_S, asked))
    await asyncio.sleep(0.2)
    lit = [user async for user in _light(writer, numbers, seconds)]
    await asking
    due = sorted([at for user in lit for at in await _due(reader, user)])
    boards = [await _board(reader, one) for one in asked]
    await writer.close()
    await reader.close()
    return lateness(due, [one.at for one in asked], boards)


def lateness(due: list[float], answered: list[float], boards: list[int]) -> list[float]:
    """From each due time to the first answer on a board that counts as many windows; the first board counts none."""
    order = sorted(range(len(answered)), key=lambda place: boards[place])
    versions = [boards[place] for place in order]
    assert versions[-1] - versions[0] == len(due), "each window makes one board"
    firsts = (bisect_left(versions, versions[0] + number) for number in range(1, len(due) + 1))
    return [min(answered[place] for place in order[first:]) - at for first, at in zip(firsts, due, strict=True)]


async def _light(writer: Client, numbers: Iterator[int], seconds: float) -> Any:
    async for _ in paced(WINDOWS_PER_S, seconds):
        user = f"lit-{next(numbers)}"
        answer = await writer.post_json("/v1/track", {"event": EVENT, "userId": user, "timestamp": iso()})
        assert answer.status == 200, answer
        yield user


async def _ask(reader: Client, numbers: Iterator[int], seconds: float, asked: list[Asked]) -> None:
    async with asyncio.TaskGroup() as group:
        async for _ in paced(ASKS_PER_S, seconds):
            group.create_task(_one(reader, f"asker-{next(numbers)}", asked))


async def _one(reader: Client, user: str, asked: list[Asked]) -> None:
    answer = await reader.post_json("/v1/decide", {"user_id": user, "placement": PLACEMENT})
    asked.append(Asked(user, answer.json()["decision_id"], time.time() * 1000))


async def _due(reader: Client, user: str) -> list[float]:
    """When this user's window closes; a signal that came too late has none."""
    made = (await reader.get_json("/v1/decisions", user_id=user))["decisions"]
    return [float(row["closes"]) for one in made for row in one["moments"]]


async def _board(reader: Client, one: Asked) -> int:
    [made] = (await reader.get_json("/v1/decisions", user_id=one.user))["decisions"]
    assert made["id"] == one.decision
    return int(made["board"])
