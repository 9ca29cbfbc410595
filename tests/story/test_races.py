"""Races over the running loop, with a channel of ours: what has been acknowledged is obeyed by every later first byte.

What is compared is the order of things, never how long they took.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable

import pytest

from journeyloop.adapters.store.memory import MemoryStore
from journeyloop.model.inputs import ConsentStated
from journeyloop.model.plan import Plan
from journeyloop.runtime.channels import Message, Receipt, Terms
from tests.property.rig import HOUR, action, moment, plan_of
from tests.unit.runtime.test_courier import LETTERS, House, Post, run

RACES = 10_000
LETTER = moment(actions=f"[{action('letter', channel='letters')}]")
QUICK = Terms(concurrency=256, rate=1_000_000.0, timeout=60.0)


def letters(*moments: str, policy: str = "") -> Plan:
    return plan_of(*(moments or (LETTER,)), settings=LETTERS, policy=policy)


async def ended(house: House, count: int) -> dict[str, int]:
    """How many deliveries ended how, once all have."""
    while True:
        states = [one.state for one in house.deliveries()]
        if len(states) >= count and not {"due", "intent"} & set(states):
            return {state: states.count(state) for state in set(states)}
        await asyncio.sleep(0.3)  # reading them all takes its time


class Racing(Post):
    """Somebody opts out while their message is connecting. `acknowledged` is who has been told so by then."""

    def __init__(self) -> None:
        super().__init__(lambda message: Receipt("sent"))
        self.house: House | None = None
        self.acknowledged: set[str] = set()
        self.broken: list[str] = []
        self.rng = random.Random(5)
        self.saying: list[asyncio.Task[None]] = []

    async def send(self, message: Message, go: Callable[[], None]) -> Receipt:
        self.saying.append(asyncio.create_task(self._opt_out(message.user_id)))
        for _ in range(self.rng.choice((0, 1, 3, 10, 30, 100))):
            await asyncio.sleep(0)
        if self.rng.random() < 0.5:
            await asyncio.sleep(self.rng.random() * 0.02)

        def first_byte() -> None:
            go()
            if message.user_id in self.acknowledged:
                self.broken.append(message.user_id)

        return await super().send(message, first_byte)

    async def _opt_out(self, who: str) -> None:
        assert self.house is not None
        await self.house.live.submit([ConsentStated(("user_id", who), {"service": False}, self.house.now, "server")])
        self.acknowledged.add(who)


@pytest.mark.slow
def test_no_send_starts_after_an_opt_out_was_acknowledged() -> None:
    post = Racing()
    post.house = house = House(post, QUICK, plan=letters())

    async def play() -> None:
        for start in range(0, RACES, 500):
            events = [house.asking(f"u{number}") for number in range(start, start + 500)]
            await house.live.submit(events)
            await asyncio.sleep(0.05)
        found = await ended(house, RACES)
        await asyncio.gather(*post.saying)
        assert post.broken == []
        assert len(post.left) == found.get("sent", 0)
        assert found.get("sent", 0) > 100 and found.get("suppressed", 0) > 100, "no race was run"

    run(house, play)


def test_a_thousand_triggers_of_one_person_under_a_cap_of_one_are_one_message() -> None:
    post = Post(lambda message: Receipt("sent"))
    policy = "caps: [{per: person, at_most: 1, within: 1d}]\n"
    house = House(post, QUICK, plan=letters(policy=policy))

    async def play() -> None:
        await asyncio.gather(*(house.live.submit([house.asking("u1", str(number))]) for number in range(1_000)))
        await ended(house, 1)
        assert len(post.left) == 1
        assert [one.state for one in house.deliveries()] == ["sent"]

    run(house, play)


def test_after_a_pause_nothing_leaves_and_nothing_stale_after_it() -> None:
    gate = asyncio.Event()

    async def slow(message: Message) -> Receipt:
        await gate.wait()
        return Receipt("sent")

    post = Post(slow)
    house = House(post, Terms(concurrency=1, rate=1_000_000.0, timeout=60.0), plan=letters())

    async def play() -> None:
        await house.live.submit([house.asking(f"u{number}") for number in range(100)])
        while not post.left:
            await asyncio.sleep(0.005)
        assert await house.live.pause("channel:letters", True, "test") is None
        gate.set()
        assert await ended(house, 100) == {"sent": 1, "suppressed": 99}
        assert await house.live.pause("channel:letters", False, "test") is None
        await house.live.submit([house.asking("one more")])
        assert await ended(house, 101) == {"sent": 2, "suppressed": 99}
        assert len(post.left) == 2

    run(house, play)


@pytest.mark.slow
def test_after_nine_hours_down_nothing_stale_leaves_and_the_rest_at_the_usual_pace() -> None:
    """Ten thousand are due when the server comes back: planned letters, and absences that nobody watched."""
    late = moment("late", detect="{event: Planned}", actions=f"[{action('late', ', after: 2h', 'letters')}]",
                  goal="{event: Order Completed, within: 3h}")  # fmt: skip
    absent = moment("absent", detect="{event: Started, absent: [Order Completed], for: 1h}",
                    actions=f"[{action('absent', channel='letters')}]")  # fmt: skip
    fresh = moment("fresh", detect="{event: Lasting}", expires="1d",
                   goal="{event: Order Completed, within: 2d}",
                   actions=f"[{action('fresh', ', after: 3h', 'letters')}]")  # fmt: skip
    plan, store = letters(late, absent, fresh), MemoryStore()
    house = House(Post(lambda message: Receipt("sent")), QUICK, store, plan=plan)

    async def begin() -> None:
        for start in range(0, 5_000, 500):
            await house.live.submit([house.named("Planned", f"p{number}") for number in range(start, start + 500)])
            await house.live.submit([house.named("Started", f"s{number}") for number in range(start, start + 500)])
        await house.live.submit([house.named("Lasting", f"f{number}") for number in range(60)])

    run(house, begin)
    rate, left = 100.0, list[float]()

    def note(message: Message) -> Receipt:
        left.append(time.monotonic())
        assert message.action == "fresh"
        return Receipt("sent")

    again = House(Post(note), Terms(64, rate, 10.0), store, plan=plan)
    again.now = house.now + 9 * HOUR

    async def play() -> None:
        assert (await ended(again, 5_060))["sent"] == 60
        while any(due <= again.now for due in again.timers()):
            await asyncio.sleep(0.05)

    begun = time.monotonic()
    run(again, play)
    assert len(left) == 60
    assert all(at - begun >= (place - 1) / rate for place, at in enumerate(left)), "faster than its channel may be"
