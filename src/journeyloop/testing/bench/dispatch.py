"""What leaves the house: how many webhooks a second, whether a hanging channel delays another, and how soon an opt-out,
a recall and a pause are in force.

A stop is in force when it is acknowledged: what the figures say is how long that takes, and `late` counts messages that
left after it.
"""

from __future__ import annotations

import asyncio
import os
import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp

from journeyloop.testing.bench.measure import noise, paced, percentile, report
from journeyloop.testing.bench.receiver import receiving
from journeyloop.testing.bench.scenes import moment, serving
from journeyloop.testing.bench.server import Server
from journeyloop.testing.client import Client, iso

MESSAGES, BATCH = 6_000, 100
AFTER_S, SLOTS = 15, 128
RUNS = 3
PER_S, SECONDS = 50.0, 6.0
STUCK, STOPS = 300, 100
VARIABLE = "JLBENCH_WEBHOOK"
CHANNEL = """
[channels.{name}]
kind = "webhook"
url = "{url}"
secret = "{secret}"
concurrency = {slots}
rate = 100000
"""


def _moment(name: str, event: str, channel: str, more: str = "") -> str:
    return moment(name, f"{{event: {event}}}", more=more).replace("channel: onpage", f"channel: {channel}")


MOMENTS = {
    "planned": _moment("planned", "Bench Planned", "hooks", f"after: {AFTER_S}s, "),
    "now": _moment("now", "Bench Now", "hooks"),
    "stuck": _moment("stuck", "Bench Stuck", "stuck"),
    "later": _moment("later", "Bench Later", "hooks", "after: 20m, "),
}


def run(messages: int = MESSAGES, runs: int = RUNS, stops: int = STOPS) -> dict[str, Any]:
    """Real server, real webhooks, a receiver in a third process."""
    os.environ[VARIABLE] = "whsec_" + b64encode(b"bench" * 6).decode()
    with noise() as noise_p99_ms, receiving() as url, serving(lambda where: _connect(where, url), **MOMENTS) as server:
        return asyncio.run(_measured(Scene(server, url), messages, runs, stops, noise_p99_ms))


def _connect(directory: Path, url: str) -> None:
    places = (("hooks", "/take", SLOTS), ("stuck", "/hang", 8))
    with (directory / "journeyloop.toml").open("a") as file:
        for name, path, slots in places:
            file.write(CHANNEL.format(name=name, url=url + path, secret=VARIABLE, slots=slots))


class Scene:
    """The server with its doors, and the receiver."""

    def __init__(self, server: Server, url: str) -> None:
        self.server, self.url = server, url
        self.client, self.backend, self.admin = server.client(), server.client("server"), server.client("admin")
        self.receiver = Client(url)
        self.number = 0

    async def send(self, name: str, *people: str) -> float:
        """Track it of these people; how long until it was acknowledged (ms)."""
        before = time.perf_counter()
        answer = await self.client.post_json(
            "/v1/batch", {"sentAt": iso(), "batch": [self._event(name, one) for one in people]}
        )
        assert answer.status == 200, answer
        return (time.perf_counter() - before) * 1000

    def _event(self, name: str, who: str) -> dict[str, Any]:
        self.number += 1
        return {"type": "track", "event": name, "messageId": f"m{self.number}", "userId": who, "timestamp": iso()}

    async def seen(self) -> list[tuple[str, str, float]]:
        found: list[tuple[str, str, float]] = await self.receiver.get_json("/seen")
        return found


async def _measured(
    scene: Scene, messages: int, runs: int, stops: int, noise_p99_ms: Callable[[], float]
) -> dict[str, Any]:
    thrown = [await _throughput(scene, messages, f"t{number}") for number in range(runs)]
    floor = [await _floor(scene, messages) for _ in range(runs)]
    alone = [await _latency(scene, f"a{number}") for number in range(runs)]
    opt_outs, late_opt_outs = await _opt_outs(scene, stops)
    recalls, taken_ms = await _recalls(scene, stops)
    pauses, late_pauses = await _pauses(scene, stops // 2)
    await scene.send("Bench Stuck", *(f"stuck{number}" for number in range(STUCK)))
    beside = [await _latency(scene, f"b{number}") for number in range(runs)]
    cpu, bare_cpu = median(cpu for _, cpu in thrown), median(cpu for _, cpu in floor)
    p99_alone, p99_beside = (median(percentile(one, 0.99) for one in them) for them in (alone, beside))
    figures = {
        "webhook_sends_per_s": median(rate for rate, _ in thrown),
        "cpu_us_per_send": cpu,
        "floor_posts_per_s": median(rate for rate, _ in floor),
        "floor_cpu_us_per_post": bare_cpu,
        "cpu_ratio_to_floor": cpu / bare_cpu,
        "other_channels_p99_ratio": p99_beside / p99_alone,
        "event_to_receiver_p50_ms": median(percentile(one, 0.5) for one in alone),
        "event_to_receiver_p99_ms": p99_alone,
        "event_to_receiver_p99_beside_a_hanging_channel_ms": p99_beside,
        "opt_out_to_effect_p99_ms": percentile(opt_outs, 0.99),
        "recall_p99_ms": percentile(recalls, 0.99),
        "recall_to_end_ms": max(taken_ms),
        "pause_to_effect_p99_ms": percentile(pauses, 0.99),
        "late": float(late_opt_outs + late_pauses),
    }
    return report(
        "dispatch", figures, noise_p99_ms(), messages=messages, runs=runs, stops=stops, slots=SLOTS, hanging=STUCK,
        sends_per_s=[round(rate) for rate, _ in thrown], durability="sync",
    )  # fmt: skip


async def _throughput(scene: Scene, messages: int, prefix: str) -> tuple[float, float]:
    """Messages planned for nearly the same time: (a second, from the first received to the last; CPU µs of each)."""
    people = [f"{prefix}-{number}" for number in range(messages)]
    for start in range(0, messages, BATCH):
        await scene.send("Bench Planned", *people[start : start + BATCH])
    before, at = scene.server.cpu(), list[float]()
    while len(at) < messages:
        await asyncio.sleep(0.5)
        at += [one for _, _, one in await scene.seen()]
    await asyncio.sleep(0.5)
    return (messages - 1) / (max(at) - min(at)) * 1000, (scene.server.cpu() - before) / messages * 1e6


async def _floor(scene: Scene, messages: int) -> tuple[float, float]:
    """The same POSTs without a loop around them."""
    body = b'{"type":"message.due","data":{"user_id":"floor","content":{"title":"Hello","body":"A message."}}}'
    slots = asyncio.Semaphore(SLOTS)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def post() -> None:
            async with slots, session.post(f"{scene.url}/take", data=body) as answer:
                await answer.read()

        began, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(post() for _ in range(messages)))
        found = messages / (time.perf_counter() - began), (time.process_time() - cpu) / messages * 1e6
    await scene.seen()
    return found


async def _latency(scene: Scene, prefix: str) -> list[float]:
    """From before the POST of an event to its message at the receiver (ms), one person after another."""
    sent: dict[str, float] = {}
    async with asyncio.TaskGroup() as group:
        async for number in paced(PER_S, SECONDS):
            sent[f"{prefix}-{number}"] = time.time() * 1000
            group.create_task(scene.send("Bench Now", f"{prefix}-{number}"))
    found: list[float] = []
    while len(found) < len(sent):
        await asyncio.sleep(0.2)
        found += [at - sent[who] for _, who, at in await scene.seen() if who in sent]
    return found


async def _opt_outs(scene: Scene, stops: int) -> tuple[list[float], int]:
    """Just after an event that makes a message, its person says no."""
    took, told = list[float](), dict[str, float]()
    for number in range(stops):
        who = f"o-{number}"
        await scene.send("Bench Now", who)
        before = time.perf_counter()
        answer = await scene.backend.post_json("/v1/consent", {"user_id": who, "purposes": {"service": False}})
        assert answer.status == 200, answer
        took.append((time.perf_counter() - before) * 1000)
        told[who] = time.time() * 1000
        await asyncio.sleep(0.02)
    await asyncio.sleep(1.0)
    return took, _late(await scene.seen(), told)


async def _recalls(scene: Scene, stops: int) -> tuple[list[float], list[float]]:
    """What waits is made wrong by an order. Acknowledged, it is suppressed: asked and seen."""
    took, ended = list[float](), list[float]()
    people = [f"r-{number}" for number in range(stops)]
    await scene.send("Bench Later", *people)
    for who in people:
        took.append(await scene.send("Order Completed", who))
        (made,) = (await scene.backend.get_json("/v1/decisions", user_id=who))["decisions"]
        assert made["state"] == "suppressed", made
        ended.append(made["ended"] - made["recalled_at"])
        await asyncio.sleep(0.01)
    return took, ended


async def _pauses(scene: Scene, stops: int) -> tuple[list[float], int]:
    """Beside messages that go on leaving."""
    took, told, scope = list[float](), dict[str, float](), {"scope": "channel:hooks"}
    for number in range(stops):
        people = [f"p-{number}-{one}" for one in range(10)]
        await scene.send("Bench Now", *people)
        before = time.perf_counter()
        answer = await scene.admin.post_json("/v1/pause", scope)
        assert answer.status == 200, answer
        took.append((time.perf_counter() - before) * 1000)
        told |= dict.fromkeys(people, time.time() * 1000)
        await asyncio.sleep(0.02)
        await scene.admin.post_json("/v1/resume", scope)
    await asyncio.sleep(1.0)
    return took, _late(await scene.seen(), told)


ON_ITS_WAY_MS = 20.0
"""A message that left just before takes so long at most to the receiver, through the kernel and its event loop."""


def _late(seen: list[tuple[str, str, float]], told: dict[str, float]) -> int:
    return sum(who in told and at > told[who] + ON_ITS_WAY_MS for _, who, at in seen)
