"""A courier: asks for what waits, hands it over, tells what became of it; over a real writer and a channel of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from journeyloop.adapters.channels.onpage import OnPage
from journeyloop.adapters.store.memory import MemoryStore
from journeyloop.model.decision import Delivery
from journeyloop.model.event import Event
from journeyloop.model.inputs import ConsentStated, Ready
from journeyloop.model.plan import Plan
from journeyloop.runtime import outbox, reads, records
from journeyloop.runtime.batch import Batch
from journeyloop.runtime.channels import Channel, Connection, Message, Receipt, Terms
from journeyloop.runtime.couriers import Couriers
from journeyloop.runtime.live import Live
from journeyloop.runtime.memory import Memory
from tests.property.rig import MINUTE, SECRET, T, action, moment, plan_of

LETTERS = """
[channels.letters]
kind = "webhook"
url = "https://letters.example/out"
"""
Script = Callable[[Message], Awaitable[Receipt] | Receipt]


class Post:
    """Does what the script says with each message, and remembers what left."""

    def __init__(self, script: Script, idempotent: bool = False) -> None:
        self.script, self.idempotent = script, idempotent
        self.asked: list[str] = []
        self.left: list[str] = []

    async def send(self, message: Message, go: Callable[[], None]) -> Receipt:
        self.asked.append(message.id)
        go()
        self.left.append(message.id)
        receipt = self.script(message)
        return receipt if isinstance(receipt, Receipt) else await receipt

    async def close(self) -> None:
        """Nothing is open."""


class Deaf:
    async def push(self, url: str, id_: str, body: bytes) -> str | None:
        return None

    async def close(self) -> None:
        """Nothing is open."""


class House:
    """A running loop with one channel beside the page."""

    def __init__(
        self, channel: Channel, terms: Terms | None = None, store: MemoryStore | None = None, plan: Plan | None = None
    ) -> None:
        plan = plan or plan_of(moment(actions=f"[{action('letter', channel='letters')}]"), settings=LETTERS)
        self.store = store or MemoryStore()
        self.now = T
        with self.store.read() as reader:
            memory = Memory(SECRET, plan, reader)
        connection = Connection("letters", "letters", terms=terms or Terms(rate=10_000.0, timeout=0.2))
        couriers = Couriers(lambda: {"letters": connection}, lambda one: channel)
        pages = OnPage(self.clock, lambda who: None, lambda who, at: None)
        self.live = Live(self.store, memory, pages, lambda: (plan, []), self.clock, Deaf(), couriers=couriers)

    def clock(self) -> int:
        return self.now

    async def ask(self, who: str = "u1") -> None:
        await self.live.submit([self.asking(who)])

    def asking(self, who: str, times: str = "") -> Event:
        return self.named("Asked For", who, times)

    def named(self, name: str, who: str, times: str = "") -> Event:
        return Event("track", name, f"{name}/{who}/{times}", self.now, user_id=who)

    def timers(self) -> list[int]:
        with self.store.read() as reader:
            return [int.from_bytes(key[:8], "big") for key, _ in reader.scan("timers")]

    def deliveries(self) -> list[Delivery]:
        with self.store.read() as reader:
            return [records.decode_delivery(raw) for _, raw in reader.scan("deliveries")]

    def waiting(self) -> list[outbox.Waiting]:
        with self.store.read() as reader:
            return list(outbox.waiting(reader, "letters"))

    async def until(self, state: str) -> Delivery:
        async with asyncio.timeout(10):
            while not any(one.state == state for one in self.deliveries()):
                await asyncio.sleep(0.005)
        return next(one for one in self.deliveries() if one.state == state)


def run(house: House, play: Callable[[], Awaitable[Any]]) -> None:
    async def whole() -> None:
        await house.live.start("test", "none")
        try:
            await play()
        finally:
            await house.live.stop()

    asyncio.run(whole())


def test_what_waits_is_sent_once() -> None:
    post = Post(lambda message: Receipt("sent"))
    house = House(post)

    async def play() -> None:
        await house.ask()
        assert (await house.until("sent")).attempts == 0
        assert len(post.left) == 1
        assert house.waiting() == []

    run(house, play)


def test_what_came_back_is_tried_again_with_the_same_id() -> None:
    receipts = [Receipt("again", "http_429", 0.0, True), Receipt("sent")]
    post = Post(lambda message: receipts.pop(0))
    house = House(post)

    async def play() -> None:
        await house.ask()
        async with asyncio.timeout(10):
            while not any(one.attempts == 1 for one in house.deliveries()):
                await asyncio.sleep(0.005)
        house.now += MINUTE
        await house.ask("u2")  # the writer looks at the clock
        await house.until("sent")
        assert post.left[0] in post.left[1:]

    run(house, play)


@pytest.mark.parametrize(("idempotent", "state"), [(False, "unknown"), (True, "due")])
def test_an_end_that_nobody_knows(idempotent: bool, state: str) -> None:
    async def hang(message: Message) -> Receipt:
        await asyncio.sleep(60)
        return Receipt("sent")

    house = House(Post(hang, idempotent))

    async def play() -> None:
        await house.ask()
        found = await house.until(state) if state == "unknown" else None
        async with asyncio.timeout(10):
            while found is None:
                found = next((one for one in house.deliveries() if one.attempts), None)
                await asyncio.sleep(0.005)
        assert (found.state, found.reason) == (state, "timeout")

    run(house, play)


def test_an_opt_out_before_the_first_byte_wins() -> None:
    """The channel has connected and not begun: what is committed by then stops it."""
    opened, closed = asyncio.Event(), asyncio.Event()

    class Slow(Post):
        async def send(self, message: Message, go: Callable[[], None]) -> Receipt:
            opened.set()
            await closed.wait()
            return await super().send(message, go)

    post = Slow(lambda message: Receipt("sent"))
    house = House(post, Terms(rate=10_000.0, timeout=5.0))

    async def play() -> None:
        await house.ask()
        await opened.wait()
        await house.live.submit([ConsentStated(("user_id", "u1"), {"service": False}, house.now, "server")])
        closed.set()
        assert (await house.until("suppressed")).reason.startswith("consent")
        assert post.left == []

    run(house, play)


def test_after_five_troubles_nothing_is_tried_for_a_while() -> None:
    post = Post(lambda message: Receipt("failed", "http_500", trouble=True))
    house = House(post, Terms(concurrency=1, rate=10_000.0))

    async def play() -> None:
        for number in range(20):
            await house.ask(f"u{number}")
        async with asyncio.timeout(10):
            while len(post.left) < 5:
                await asyncio.sleep(0.005)
        await asyncio.sleep(0.1)
        assert len(post.left) == 5
        assert house.live.couriers.state()[0]["circuit"] == "open"

    run(house, play)


def test_a_channel_that_raises_is_in_trouble_and_leaves_the_message_in_doubt() -> None:
    def broken(message: Message) -> Receipt:
        raise ValueError("nonsense")

    house = House(Post(broken))

    async def play() -> None:
        await house.ask()
        assert (await house.until("unknown")).reason == "ValueError"

    run(house, play)


@pytest.mark.parametrize(("idempotent", "state"), [(False, "unknown"), (True, "sent")])
def test_an_intent_from_before_a_crash(idempotent: bool, state: str) -> None:
    """Nobody knows whether it left: only a channel that would know it again may send it."""
    store = MemoryStore()
    house = House(Post(lambda message: Receipt("sent")), store=store)

    async def begin() -> None:
        house.live.couriers.connections = dict  # type: ignore[assignment]  # nobody carries yet
        await house.ask()

    house.live.couriers.connections = dict  # type: ignore[assignment]
    run(house, begin)
    (row,) = house.waiting()

    with store.write() as transaction:
        memory = Memory(SECRET, house.live.plan, transaction)
        batch = Batch(transaction, memory, lambda hash_: house.live.plan)
        batch.apply(Ready(row.person, row.decision, row.key), house.now)
        batch.flush()
    assert house.waiting()[0].intent
    again = House(Post(lambda message: Receipt("sent"), idempotent), store=store)
    again.now = house.now + 1_000

    async def play() -> None:
        if idempotent:
            async with asyncio.timeout(10):
                while not any(one.attempts for one in again.deliveries()):
                    await asyncio.sleep(0.005)
            again.now += 10_000
            await again.ask("u2")
        await again.until(state)

    run(again, play)


def test_an_opt_out_that_only_the_provider_knew_of() -> None:
    """Whatever the purpose, nothing goes that way any more."""
    post = Post(lambda message: Receipt("failed", "unsubscribed", opted_out=True))
    house = House(post)

    async def play() -> None:
        await house.ask()
        assert (await house.until("failed")).reason == "unsubscribed"
        with house.store.read() as reader:
            customer = reads.find_customer(reader, SECRET, ("user_id", "u1"))
        assert customer is not None
        purposes = house.live.plan.policy.purposes
        assert {f"{name}/letters": False for name in purposes} == {
            about: word.granted for about, word in customer.header.consent.items()
        }

    run(house, play)
