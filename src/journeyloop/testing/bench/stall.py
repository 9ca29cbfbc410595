"""How late a message about an absence is: 10,000 timers due evenly over a minute, other events beside.

Lateness is the receipt of the browser's `show` frame minus the due time; both clocks are this machine's.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from journeyloop.testing.bench.measure import RUNS, medians, noise, report, windows
from journeyloop.testing.bench.scenes import beside, browsers, event, moment, serving
from journeyloop.testing.bench.server import Server
from journeyloop.testing.client import Browser, iso

WAIT_MS = 70_000
LEAD_MS = 8_000
SPAN_MS = 60_000
BATCH = 200
EVENTS_PER_S = 200.0
MOMENT = moment(
    "stall", "{event: Checkout Step Viewed, by: checkout_id, absent: [Order Completed], for: 70s, present: true}"
)


def run(tabs: int = 200, checkouts: int = 50, span_ms: int = SPAN_MS) -> dict[str, Any]:
    """`tabs` browsers with `checkouts` each; all timers are due evenly over `span_ms`."""
    with noise() as noise_p99_ms, serving(stall=MOMENT) as server:
        return asyncio.run(_measured(server, tabs, checkouts, span_ms, noise_p99_ms))


async def _measured(
    server: Server, tabs: int, checkouts: int, span_ms: int, noise_p99_ms: Callable[[], float]
) -> dict[str, Any]:
    count = tabs * checkouts
    async with browsers(server, tabs) as opened:
        first = time.time_ns() // 1_000_000 + LEAD_MS
        due = [first + number * span_ms // count for number in range(count)]
        await _arm(server, opened, due)
        seconds = (due[-1] - time.time() * 1000) / 1000 + 2
        async with beside(server, EVENTS_PER_S, 1, seconds):
            await asyncio.sleep(seconds)
        late = [pair for at, browser in enumerate(opened) for pair in _lateness(browser, due[at::tabs])]
    p50, p99 = medians(windows(late, RUNS))
    figures = {
        "lateness_p50_ms": p50,
        "lateness_p99_ms": p99,
        "shown": float(len(late)),
        "missing": float(count - len(late)),
    }
    return report(
        "stall", figures, noise_p99_ms(), timers=count, tabs=tabs, events_per_s_beside=EVENTS_PER_S,
        runs="one of 60 s, cut into 5 windows; the figures are the medians over the windows",
        worst_ms=round(max(value for _, value in late), 3), durability="sync",
    )  # fmt: skip


async def _arm(server: Server, opened: list[Browser], due: list[int]) -> None:
    """Timer number n belongs to browser n modulo their count. Event times lie in the past, so that all arm at once."""
    client = server.client()
    events = [
        event(
            opened[number % len(opened)],
            "Checkout Step Viewed",
            f"m{number}",
            at - WAIT_MS,
            step=1,
            checkout_id=f"c{number}",
        )
        for number, at in enumerate(due)
    ]
    for start in range(0, len(events), BATCH):
        answer = await client.post_json("/v1/batch", {"sentAt": iso(), "batch": events[start : start + BATCH]})
        assert answer.body == b'{"success":true}', answer
    await client.close()


def _lateness(browser: Browser, due: list[int]) -> list[tuple[float, float]]:
    """(receipt, lateness) of each message. A browser's timers are far apart, so messages match them in order."""
    return [(frame.at, frame.at - at) for at, frame in zip(due, browser.claimed.values(), strict=False)]
