"""Synthetic customers of the demo's shop. They know nothing of the loop: they come through the HTTP door like anyone.

A personality is one coroutine; the table at the end says how often each comes. Chance is an argument: the same seed
sends the same people, though the order of their arrival is the network's.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from msgspec import Struct

from journeyloop.testing.client import Browser, Client, Frame, iso

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
CRAWLER = "Mozilla/5.0 (compatible; ExampleBot/2.1; +https://example.com/bot)"
FIRST_NAMES = (
    "Ada Ben Cleo Dana Emil Finn Greta Hugo Ines Jonas Kira Leon Mila Noah Olga Paul Rosa Samir Tess Yuna".split()
)
CATALOGUE = (("espresso-machine", "Espresso machine", 600.0), ("grinder", "Coffee grinder", 180.0),
             ("kettle", "Kettle", 75.0), ("cups", "Six cups", 36.0), ("beans", "Beans, 1 kg", 24.0))  # fmt: skip
DEAR, CHEAP = CATALOGUE[:2], CATALOGUE[2:]
PAYMENT = 3
STALL_SECONDS = 20.0
PATIENCE = 12.0
BURST = 180
BURST_SECONDS = 3.0


class Shop(Struct):
    """What all visits share. `pace` multiplies every pause of a customer; `counts` is what they did, by name."""

    client: Client
    write_key: str
    counts: Counter[str]


class Visitor:
    """One visit: what a person does on a page, in the e-commerce spec's words. `consent` None: never asked."""

    def __init__(
        self, shop: Shop, rng: random.Random, pace: float, consent: dict[str, bool] | None, agent: str = CHROME
    ) -> None:
        self.shop, self.rng, self.pace, self.consent, self.agent = shop, rng, pace, consent, agent
        self.browser = Browser(shop.client, shop.write_key, self._id())
        self.cart: list[tuple[str, str, float]] = []
        self.checkout = ""

    # --- what a page would send -------------------------------------------------------------------------------------

    async def arrive(self, page: str = "/demo/shop") -> None:
        """Open the tab; it is followed until `leave`."""
        self.browser.page = page
        await self.browser.open()
        await self._call({"type": "page", "name": "Shop"})

    async def leave(self) -> None:
        await self.browser.close()

    async def view(self, product: tuple[str, str, float]) -> None:
        await self.track("Product Viewed", _product(product))
        await self.pause(0.3)

    async def add(self, product: tuple[str, str, float]) -> None:
        self.cart.append(product)
        await self.track("Product Added", {**_product(product), "quantity": 1})
        await self.pause(0.3)

    async def check_out(self, until: int = PAYMENT) -> None:
        """A new checkout, up to this step."""
        self.checkout = f"checkout-{self._id()[:8]}"
        await self._at("/demo/shop/checkout")
        for step in range(1, until + 1):
            await self.track("Checkout Step Viewed", {"checkout_id": self.checkout, "step": step})
            await self.pause(0.2)

    async def order(self) -> None:
        total = sum(price for _, _, price in self.cart)
        products = [{**_product(product), "quantity": 1} for product in self.cart]
        properties = {"checkout_id": self.checkout, "order_id": f"order-{self._id()[:8]}", "revenue": total}
        await self.track("Order Completed", {**properties, "total": total, "currency": "EUR", "products": products})
        self.shop.counts["orders"] += 1

    async def identify(self) -> None:
        traits = {"first_name": self.rng.choice(FIRST_NAMES), "last_name": "Example"}
        await self._call({"type": "identify", "userId": f"customer-{self._id()[:8]}", "traits": traits})

    async def track(self, event: str, properties: dict[str, Any]) -> None:
        await self._call({"type": "track", "event": event, "properties": properties})

    async def message(self, within: float) -> Frame | None:
        """The next message on the page, or None if there is none in this time (s)."""
        with suppress(TimeoutError):
            frame = await asyncio.wait_for(self.browser.shows.get(), within)
            self.shop.counts["messages seen"] += 1
            return frame
        return None

    async def answer(self, frame: Frame, outcome: str) -> None:
        await self.pause(1.5)  # who is quicker is taken for a machine
        if frame.content["id"] not in self.browser.recalled:
            await self.browser.report(frame.content["id"], outcome)
            self.shop.counts[outcome] += 1

    async def pause(self, seconds: float) -> None:
        """About so long, at this customer's pace."""
        await asyncio.sleep(seconds * self.pace * self.rng.uniform(0.5, 1.5))

    async def _at(self, page: str) -> None:
        if self.browser.page != page and self.browser.is_open:
            await self.browser.go(page)
        self.browser.page = page

    async def _call(self, fields: dict[str, Any]) -> None:
        context: dict[str, Any] = {"page": {"path": self.browser.page}, "userAgent": self.agent, "locale": "en-IE"}
        if self.consent is not None:
            context["consent"] = {"categoryPreferences": self.consent}
        event = {**fields, "messageId": self._id(), "timestamp": iso(), "context": context}
        event["anonymousId"] = self.browser.anonymous_id
        body = {"writeKey": self.shop.write_key, "batch": [event]}
        await self.browser.insist("/v1/batch", {**body, "sentAt": iso()})
        self.shop.counts["events"] += 1

    def _id(self) -> str:
        return f"{self.rng.getrandbits(128):032x}"


def _product(product: tuple[str, str, float]) -> dict[str, Any]:
    key, name, price = product
    return {"product_id": key, "name": name, "price": price, "currency": "EUR"}


# --- personalities ----------------------------------------------------------------------------------------------------


async def to_payment(who: Visitor) -> None:
    """Look around, put something dear into the cart, stop at payment."""
    wanted = who.rng.choice(DEAR)
    await who.view(who.rng.choice(CATALOGUE))
    await who.view(wanted)
    await who.add(wanted)
    await who.check_out()


async def buyer(who: Visitor) -> None:
    """Knows what they want."""
    await who.arrive()
    await who.identify()
    await to_payment(who)
    await who.pause(2.0)
    await who.order()


async def staller(who: Visitor) -> None:
    """Stops at payment. Half come back anyway; of the others, a message brings back half."""
    await who.arrive()
    if who.rng.random() < 0.5:
        await who.identify()
    await to_payment(who)
    returns = who.rng.random() < 1 / 2
    await asyncio.sleep(STALL_SECONDS)
    frame = await who.message(who.rng.uniform(2.0, 4.0) if returns else PATIENCE)
    if frame is not None and who.rng.random() < 1 / 2:
        await who.answer(frame, "clicked")
        returns = True
    if returns:
        await who.order()


async def dismisser(who: Visitor) -> None:
    """Does not like to be spoken to: left alone, they buy."""
    await who.arrive()
    await to_payment(who)
    frame = await who.message(STALL_SECONDS + 3.0)
    await (who.order() if frame is None else who.answer(frame, "dismissed"))


async def leaver(who: Visitor) -> None:
    """Reaches payment and closes the tab."""
    await who.arrive()
    await to_payment(who)
    await who.pause(3.0)


async def comparer(who: Visitor) -> None:
    """Two checkouts at once: the second message meets the cap."""
    await who.arrive()
    await to_payment(who)
    await who.check_out()
    await who.message(STALL_SECONDS + PATIENCE)
    await who.pause(6.0)


async def price_checker(who: Visitor) -> None:
    """Looks at many things; what is in the cart is cheap."""
    await who.arrive()
    for _ in range(who.rng.randint(3, 6)):
        await who.view(who.rng.choice(CATALOGUE))
    await who.add(who.rng.choice(CHEAP))
    await who.check_out(who.rng.randint(1, PAYMENT))
    await who.pause(4.0)


async def late_comer(who: Visitor) -> None:
    """Their page loads so slowly that the tab has hardly been there when the time is up."""
    await to_payment(who)
    await asyncio.sleep(STALL_SECONDS - 3.0)
    await who.arrive("/demo/shop/checkout")
    await who.message(PATIENCE)


async def without_script(who: Visitor) -> None:
    """Blocks scripts: the shop's own server tells what they do, nobody knows whether they are still there."""
    await to_payment(who)


async def watcher(who: Visitor) -> None:
    """At payment with the tab open, whoever they are (a crawler, or somebody who declined messages)."""
    await who.arrive()
    await to_payment(who)
    await who.message(STALL_SECONDS + PATIENCE)


class Kind(Struct, frozen=True):
    """How often a personality comes (`weight`), and as whom."""

    name: str
    weight: int
    act: Callable[[Visitor], Awaitable[None]]
    consent: dict[str, bool] | None = None
    agent: str = CHROME


YES, NO = {"marketing": True}, {"marketing": False}
KINDS = (
    Kind("buyer", 16, buyer, YES),
    Kind("staller", 40, staller, YES),
    Kind("dismisser", 8, dismisser, YES),
    Kind("leaver", 8, leaver, YES),
    Kind("comparer", 5, comparer, YES),
    Kind("price checker", 10, price_checker, YES),
    Kind("late comer", 4, late_comer, YES),
    Kind("without script", 4, without_script, YES),
    Kind("declined messages", 5, watcher, NO),
    Kind("never asked", 4, watcher),
    Kind("crawler", 4, watcher, YES, CRAWLER),
)


async def visit(shop: Shop, rng: random.Random, pace: float = 1.0, kind: Kind | None = None) -> None:
    """One visit from arrival to leaving; of this kind, or one by lot."""
    kind = kind or rng.choices(KINDS, [one.weight for one in KINDS])[0]
    who = Visitor(shop, rng, pace, kind.consent, kind.agent)
    shop.counts["visits"] += 1
    shop.counts[f"visits: {kind.name}"] += 1
    try:
        await kind.act(who)
    finally:
        await who.leave()


async def crowd(
    url: str, write_key: str, seconds: float | None = None, pace_per_s: float = 1.5, seed: int = 1
) -> dict[str, int]:
    """A burst of customers at once, then a trickle of `pace_per_s`, until the time is up (None: until cancelled).

    Returns:
        What they did: visits by personality, events, messages seen, clicked, dismissed, orders.
    """
    rng = random.Random(seed)  # noqa: S311  # not for secrets
    shop = Shop(Client(url), write_key, Counter())
    tasks: set[asyncio.Task[None]] = set()

    def start(pace: float) -> None:
        task = asyncio.create_task(visit(shop, random.Random(rng.getrandbits(64)), pace))  # noqa: S311
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    end = float("inf") if seconds is None else time.monotonic() + seconds
    try:
        for _ in range(BURST):
            start(1.0)
            await asyncio.sleep(BURST_SECONDS / BURST)
        while time.monotonic() < end:
            start(4.0)
            await asyncio.sleep(max(0.0, min(rng.expovariate(pace_per_s), end - time.monotonic())))
    finally:
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await shop.client.close()
    return dict(shop.counts)
