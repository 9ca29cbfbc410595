"""Coupons and prices, over a real writer, a channel and a page of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from journeyloop.adapters.channels.onpage import OnPage
from journeyloop.adapters.store.memory import MemoryStore
from journeyloop.model.decision import Delivery
from journeyloop.model.event import Event
from journeyloop.model.inputs import ConsentStated, Delivered, Ready
from journeyloop.runtime import records
from journeyloop.runtime.catalogue import Silent
from journeyloop.runtime.channels import Connection, Message, Receipt, Terms
from journeyloop.runtime.couriers import Couriers
from journeyloop.runtime.live import Live
from journeyloop.runtime.memory import Memory
from tests.property.rig import SECRET, Rig, T, moment, plan_of
from tests.unit.runtime.test_courier import LETTERS, Deaf

SHOP = LETTERS + '[links]\nsite = "https://shop.example"\n'
PRICED = SHOP + '[catalogue]\nurl = "https://shop.example/prices"\n'
CODED = '[{action: letter, channel: letters, coupon: "pool:welcome", content: {text: "Code {{ coupon }}"}}]'
ON_PAGE = '[{action: banner, channel: onpage, coupon: "pool:welcome", content: {title: "Code {{ coupon }}"}}]'
CART = (
    "[{action: letter, channel: CHANNEL, content: "
    '{title: "{% for one in products %}{{ one.name }}={{ one.price }};{% endfor %}"}}]'
)


class Letters:
    """Remembers what left; `script` says what becomes of each."""

    idempotent = False

    def __init__(self, script: Callable[[Message], Receipt]) -> None:
        self.script = script
        self.left: list[Message] = []

    async def send(self, message: Message, go: Callable[[], None]) -> Receipt:
        go()
        self.left.append(message)
        return self.script(message)

    async def close(self) -> None:
        """Nothing is open."""


class Prices:
    """A catalogue: what it says, or that it says nothing. `meanwhile` happens before it answers."""

    def __init__(self, products: Mapping[str, Mapping[str, Any]] | None) -> None:
        self.products = products
        self.asked: list[list[str]] = []
        self.meanwhile: Callable[[], Awaitable[None]] | None = None

    async def ask(self, ids: list[str]) -> Mapping[str, Mapping[str, Any]]:
        self.asked.append(ids)
        if self.meanwhile is not None:
            await self.meanwhile()
        if self.products is None:
            raise Silent("timeout")
        return self.products


class House:
    def __init__(
        self, actions: str, settings: str = SHOP, script: Callable[[Message], Receipt] | None = None,
        prices: Prices | None = None,
    ) -> None:  # fmt: skip
        self.plan = plan_of(moment(actions=actions), settings=settings)
        self.store, self.now = MemoryStore(), T
        self.letters = Letters(script or (lambda message: Receipt("sent")))
        with self.store.read() as reader:
            memory = Memory(SECRET, self.plan, reader)
        connection = Connection("letters", "letters", terms=Terms(rate=10_000.0, timeout=5.0))
        couriers = Couriers(lambda: {"letters": connection}, lambda one: self.letters)
        self.pages = OnPage(lambda: self.now, lambda who: self.live.opened(who), lambda who, at: None)
        self.live = Live(
            self.store, memory, self.pages, lambda: (self.plan, []), lambda: self.now, Deaf(), couriers=couriers,
            catalogue=prices,
        )  # fmt: skip

    async def tell(self, name: str, who: str, /, **properties: Any) -> None:
        ids = {"anonymous_id" if who.startswith("a") else "user_id": who}
        number = f"{name}/{who}/{properties}"
        await self.live.submit([Event("track", name, number, self.now, properties=properties, **ids)])  # type: ignore[arg-type]

    async def ask(self, *who: str) -> None:
        await asyncio.gather(*(self.tell("Asked For", one) for one in who))

    def deliveries(self) -> list[Delivery]:
        with self.store.read() as reader:
            return [records.decode_delivery(raw) for _, raw in reader.scan("deliveries")]

    async def until(self, *states: str, count: int = 1) -> list[Delivery]:
        async with asyncio.timeout(10):
            while len(found := [one for one in self.deliveries() if one.state in states]) < count:
                await asyncio.sleep(0.005)
        return found

    def pool(self) -> tuple[int, int]:
        [found] = self.live.coupon_pools()
        return found["free"], found["given"]


def run(house: House, play: Callable[[], Awaitable[Any]]) -> None:
    async def whole() -> None:
        await house.live.start("test", "none")
        try:
            await play()
        finally:
            await house.live.stop()

    asyncio.run(whole())


# --- coupons ----------------------------------------------------------------------------------------------------------


def test_a_code_is_given_to_one_person_only() -> None:
    house = House(CODED)

    async def play() -> None:
        taken = await house.live.take_coupons("welcome", ["A-1", "A-2", "A-2", "not one"])
        assert (taken.added, taken.duplicates, taken.refused, taken.free) == (2, 1, 1, 2)
        await house.ask("u1", "u2", "u3", "u4")
        await house.until("sent", "suppressed", count=4)
        assert sorted(one.content["text"] for one in house.letters.left) == ["Code A-1", "Code A-2"]
        refused = [one.reason for one in house.deliveries() if one.state == "suppressed"]
        assert refused == ["coupon: welcome has none left"] * 2
        assert house.pool() == (0, 2)
        again = await house.live.take_coupons("welcome", ["A-1", "A-3"])
        assert (again.added, again.duplicates) == (1, 1), "what was given out is never taken again"

    run(house, play)


def test_two_couriers_at_once_never_take_the_same_code() -> None:
    house = House(CODED)

    async def play() -> None:
        await house.live.take_coupons("welcome", [f"C{number}" for number in range(60)])
        await house.ask(*(f"u{number}" for number in range(50)))
        await house.until("sent", count=50)
        assert len({one.content["text"] for one in house.letters.left}) == 50
        assert house.pool() == (10, 50)

    run(house, play)


def test_a_code_whose_message_was_not_sent_is_free_again() -> None:
    house = House(CODED, script=lambda message: Receipt("failed", "http_400"))

    async def play() -> None:
        await house.live.take_coupons("welcome", ["A-1"])
        await house.ask("u1")
        await house.until("failed")
        assert house.pool() == (1, 0)

    run(house, play)


def test_all_attempts_carry_the_same_code() -> None:
    receipts = [Receipt("again", "http_429"), Receipt("sent"), Receipt("sent")]
    house = House(CODED, script=lambda message: receipts.pop(0))

    async def play() -> None:
        await house.live.take_coupons("welcome", ["A-1", "A-2"])
        await house.ask("u1")
        async with asyncio.timeout(10):
            while not any(one.attempts for one in house.deliveries()):
                await asyncio.sleep(0.005)
        house.now += 60_000
        await house.ask("u2")  # the writer looks at the clock
        await house.until("sent", count=2)
        by_id: dict[str, set[str]] = {}
        for one in house.letters.left:
            by_id.setdefault(one.id, set()).add(one.content["text"])
        assert len(house.letters.left) == 3
        assert sorted(text for texts in by_id.values() for text in texts) == ["Code A-1", "Code A-2"]

    run(house, play)


def test_a_page_is_given_a_code_once_somebody_is_there() -> None:
    house = House(ON_PAGE)

    async def play() -> None:
        await house.live.take_coupons("welcome", ["A-1"])
        await house.ask("a1")
        [waiting] = await house.until("due")
        assert (waiting.coupon, house.pool()) == ("", (1, 0)), "nobody is there to be shown it"
        async with house.live.stream("a1", False) as frames:
            assert b'"title":"Code A-1"' in await anext(frames)
        await house.until("sent")
        assert house.pool() == (0, 1)

    run(house, play)


def test_a_page_without_a_code_is_silent() -> None:
    house = House(ON_PAGE)

    async def play() -> None:
        async with house.live.stream("a1", False):
            await house.ask("a1")
            [found] = await house.until("suppressed")
            assert found.reason == "coupon: welcome has none left"

    run(house, play)


def test_a_replay_gives_the_same_codes() -> None:
    rig = Rig(plan_of(moment(actions=CODED), settings=SHOP))
    rig.track("Asked For", user_id="u1")
    delivery = rig.delivery()
    rig.apply(Ready(rig.find("u1", "user_id").header.person, delivery.decision, b"", "welcome:A-1"))
    assert rig.delivery().coupon == "welcome:A-1"
    rig.apply(Delivered(rig.find("u1", "user_id").header.person, delivery.decision, "sent"))
    assert rig.replayed().differences == []


# --- prices -----------------------------------------------------------------------------------------------------------

ADDED = {"product_id": "p1", "name": "Mug", "price": 9.0, "currency": "EUR"}
OTHER = {"product_id": "p2", "name": "Pot", "price": 20.0}


async def fill_cart(house: House, who: str = "u1") -> None:
    await house.tell("Product Added", who, **ADDED)
    await house.tell("Product Added", who, **OTHER)


def test_the_price_is_the_one_of_now() -> None:
    prices = Prices({"p1": {"price": 12.5}, "p2": {"price": 20.0, "available": False}})
    house = House(CART.replace("CHANNEL", "letters"), PRICED, prices=prices)

    async def play() -> None:
        await fill_cart(house)
        await house.ask("u1")
        await house.until("sent")
        assert house.letters.left[0].content["title"] == "Mug=12.5;"
        assert prices.asked == [["p1", "p2"]], "one question a message"

    run(house, play)


@pytest.mark.parametrize(
    "products",
    [{}, {"p1": {"price": "12"}, "p2": {"price": -1}}, {"p1": {"available": False, "price": 1.0}}, {"p1": 7}],
)
def test_what_cannot_be_had_is_not_written_about(products: Mapping[str, Any]) -> None:
    house = House(CART.replace("CHANNEL", "letters"), PRICED, prices=Prices(products))

    async def play() -> None:
        await fill_cart(house)
        await house.ask("u1")
        [found] = await house.until("suppressed")
        assert (found.reason, house.letters.left) == ("products: none available", [])

    run(house, play)


def test_a_catalogue_that_is_silent_is_asked_again_and_never_an_old_price_sent() -> None:
    prices = Prices(None)
    house = House(CART.replace("CHANNEL", "letters"), PRICED, prices=prices)

    async def play() -> None:
        await fill_cart(house)
        await house.ask("u1")
        async with asyncio.timeout(10):
            while not any(one.attempts for one in house.deliveries()):
                await asyncio.sleep(0.005)
        [found] = house.deliveries()
        assert (found.state, found.reason) == ("due", "catalogue: timeout")
        house.now = found.expires - 500
        await house.ask("u2")  # the writer looks at the clock
        reasons = {one.reason for one in await house.until("suppressed", count=2)}
        assert reasons == {"catalogue: timeout", "products: none available"}
        assert house.letters.left == []

    run(house, play)


def test_an_opt_out_while_the_catalogue_thinks_stops_it() -> None:
    prices = Prices({"p1": {"price": 1.0}})
    house = House(CART.replace("CHANNEL", "letters"), PRICED, prices=prices)

    async def stop() -> None:
        await house.live.submit([ConsentStated(("user_id", "u1"), {"service": False}, house.now, "test")])

    async def play() -> None:
        prices.meanwhile = stop
        await fill_cart(house)
        await house.ask("u1")
        await house.until("suppressed")
        assert house.letters.left == []

    run(house, play)


def test_a_page_shows_the_price_of_now_to_whom_somebody_vouches_for() -> None:
    house = House(CART.replace("CHANNEL", "onpage"), PRICED, prices=Prices({"p1": {"price": 12.5}}))

    async def play() -> None:
        async with house.live.stream("a1", True) as frames:
            await fill_cart(house, "a1")
            await house.ask("a1")
            assert b'"title":"Mug=12.5;"' in await anext(frames)
            await house.until("sent")

    run(house, play)


def test_an_unsigned_page_sees_no_cart() -> None:
    house = House(CART.replace("CHANNEL", "onpage"), PRICED, prices=Prices({"p1": {"price": 12.5}}))

    async def play() -> None:
        async with house.live.stream("a1", False):
            await fill_cart(house, "a1")
            await house.ask("a1")
            [found] = await house.until("suppressed")
            assert found.reason == "content: title: 'products' is undefined"

    run(house, play)


def test_an_address_that_an_event_names_leads_to_the_shop_only() -> None:
    actions = (
        "[{action: letter, channel: letters, content: "
        "{text: \"{% for one in products %}{{ one.url | default('none') }} {% endfor %}\"}}]"
    )
    house = House(actions)

    async def play() -> None:
        for number, url in enumerate(("https://evil.example/x", "https://shop.example/p", "/q", "//evil.example/")):
            await house.tell("Product Added", "u1", product_id=f"p{number}", url=url)
        await house.ask("u1")
        await house.until("sent")
        told = house.letters.left[0].content["text"].split()
        assert [one.partition("?")[0] for one in told] == ["none", "https://shop.example/p", "/q", "none"]

    run(house, play)
