"""kill -9 under load, again and again: nothing acknowledged is lost, nothing counts twice, no message shows twice.

Senders repeat a batch, with the same messageIds, until it is acknowledged. Browsers stall at one checkout each and keep
their claims across reconnects, as loop.js does: whoever shows more than one message was told twice of one stall.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from journeyloop.adapters.store.directory import open_reader
from journeyloop.model.event import Event
from journeyloop.runtime import records
from journeyloop.testing.bench.measure import noise, report
from journeyloop.testing.bench.scenes import event, moment
from journeyloop.testing.bench.server import Server, configure
from journeyloop.testing.client import Browser, Client, iso

CYCLES = 50
SENDERS = 6
PEOPLE_PER_SENDER = 20
BATCH = 20
TABS_PER_CYCLE = 10
LONGEST_LIFE = 1.0
SETTLE = 12.0
NAME = "Tick"
MOMENT = moment(
    "stall", "{event: Checkout Step Viewed, by: checkout_id, absent: [Order Completed], for: 1s, present: true}"
)


class Ledger:
    """What the senders know: every message sent, and those that were acknowledged."""

    def __init__(self) -> None:
        self.acknowledged: set[str] = set()
        self.sent: dict[str, list[str]] = {}
        self.repeated = 0

    def expected(self, person: str) -> int:
        return len(self.sent[person])


def run(cycles: int = CYCLES, seed: int = 1) -> dict[str, Any]:
    """`cycles` kills at random points of the server's life."""
    with noise() as noise_p99_ms, tempfile.TemporaryDirectory(prefix="journeyloop-kill-") as folder:
        directory = Path(folder) / "shop"
        configure(directory, {"stall": MOMENT})
        with Server(directory) as server:
            ledger, browsers, profiles, tally = asyncio.run(_survived(server, cycles, seed))
            server.kill()
            logged = _logged(directory)
    lost = max(len(ledger.acknowledged - logged.keys()), sum(max(0, -off) for off in profiles.values()))
    doubled = max(sum(count - 1 for count in logged.values()), sum(max(0, off) for off in profiles.values()))
    shown = sum(len(browser.claimed) for browser in browsers)
    again = sum(max(0, len(browser.claimed) - 1) for browser in browsers) + max(0, tally["shown"] - shown)
    figures = {"cycles": cycles, "lost": lost, "doubled": doubled, "shown_twice": again}
    return report(
        "kill", {name: float(value) for name, value in figures.items()}, noise_p99_ms(), durability="sync", seed=seed,
        acknowledged=len(ledger.acknowledged), batches_repeated=ledger.repeated, people=len(profiles), shown=shown,
        stalls=len(browsers), counted_shown=tally["shown"],
    )  # fmt: skip


async def _survived(
    server: Server, cycles: int, seed: int
) -> tuple[Ledger, list[Browser], dict[str, int], dict[str, Any]]:
    """Everything that happened: the ledger, the browsers, each person's count minus what was sent, the tally."""
    rng = random.Random(seed)  # noqa: S311  # not for secrets
    ledger, stop, browsers = Ledger(), asyncio.Event(), list[Browser]()
    senders = [asyncio.create_task(_send(server, number, ledger, stop)) for number in range(SENDERS)]
    client, port = Client(server.url), int(server.url.rpartition(":")[2])
    stalls: list[asyncio.Task[None]] = []
    for cycle in range(cycles):
        for number in range(TABS_PER_CYCLE):
            browser = Browser(client, server.keys.write, f"tab-{cycle}-{number}", "/checkout")
            browsers.append(browser)
            stalls.append(asyncio.create_task(_stall(browser)))
        await asyncio.sleep(rng.uniform(0.0, LONGEST_LIFE))
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start, port)
    stop.set()
    await asyncio.gather(*senders, *stalls)
    await _shown(browsers)
    profiles = await _profiles(server, ledger)
    tally = (await server.client("server").get_json("/v1/moments"))["moments"][0]
    await asyncio.gather(*(browser.close() for browser in browsers))
    return ledger, browsers, profiles, tally


async def _send(server: Server, number: int, ledger: Ledger, stop: asyncio.Event) -> None:
    """Batches of one sender's own people, each repeated until it is acknowledged."""
    client, batch = server.client(), 0
    while not stop.is_set():
        batch += 1
        events = [_tick(number, batch, at) for at in range(BATCH)]
        for one in events:
            ledger.sent.setdefault(one["userId"], []).append(one["messageId"])
        while not await _acknowledged(client, events):
            ledger.repeated += 1
            await asyncio.sleep(0.02)
        ledger.acknowledged.update(one["messageId"] for one in events)
    await client.close()


def _tick(sender: int, batch: int, at: int) -> dict[str, Any]:
    person = f"{sender}-{(batch * BATCH + at) % PEOPLE_PER_SENDER}"
    who = {"userId": f"user-{person}", "anonymousId": f"device-{person}"}
    return {"type": "track", "event": NAME, "messageId": f"{sender}-{batch}-{at}", "timestamp": iso(), **who}


async def _acknowledged(client: Client, events: list[dict[str, Any]]) -> bool:
    try:
        return (await client.post_json("/v1/batch", {"sentAt": iso(), "batch": events})).status == 200
    except OSError:
        return False


async def _stall(browser: Browser) -> None:
    """Open a tab, reach payment, stop."""
    await browser.open()
    name = browser.anonymous_id
    viewed = event(browser, "Checkout Step Viewed", f"stall-{name}", 0, step=3, checkout_id=name) | {"timestamp": iso()}
    await browser.insist("/v1/batch", {"writeKey": browser.write_key, "batch": [viewed]})


async def _shown(browsers: list[Browser]) -> None:
    """Wait until every stall has had its message, or long enough."""
    for _ in range(int(SETTLE * 10)):
        if all(browser.claimed for browser in browsers):
            break
        await asyncio.sleep(0.1)
    await asyncio.sleep(1.0)  # the reports of what was shown last


async def _profiles(server: Server, ledger: Ledger) -> dict[str, int]:
    """Per person: events counted minus events sent. All were acknowledged by now, so anything but 0 is a fault."""
    client, off = server.client("server"), dict[str, int]()
    for person in ledger.sent:
        counts = (await client.get_json("/v1/profile", user_id=person))["counts"]
        off[person] = counts[NAME] - ledger.expected(person)
    await client.close()
    return off


def _logged(directory: Path) -> Counter[str]:
    """How often the log holds each message of the senders."""
    found: Counter[str] = Counter()
    with closing(open_reader(directory)) as store, store.read() as reader:
        for _, raw in reader.scan("log"):
            applied = records.decode_log(raw)[1]
            if isinstance(applied, Event) and applied.name == NAME:
                found[applied.message_id] += 1
    return found
