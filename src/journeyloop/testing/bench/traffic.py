"""The traffic of the ingest bench, and the moments that listen to it.

30 % of the events have a name that a condition listens to; about 1 % raise a signal (product views from 955 up, of
prices even over 0 to 1,000) and 2 % arm a timer. Bodies are what a relay of browser events sends: user and anonymous
id, page, user agent, locale, library.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from msgspec import json

from journeyloop.testing.bench.people import anonymous_id, user_id
from journeyloop.testing.client import iso

MIX = {
    "Page": 34, "Product List Viewed": 16, "Product Clicked": 12, "Product Viewed": 22, "Product Added": 6,
    "Product Removed": 2, "Checkout Step Viewed": 6, "Order Completed": 2,
}  # fmt: skip
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
LIBRARY = {"name": "analytics.js", "version": "2.1.0"}

MOMENTS = {
    "dear_view": """
moment: dear_view
title: Looks at something dear
purpose: marketing
topic: product
detect: {event: Product Viewed, where: event.properties.price >= 955.0 && profile.known}
goal: {event: Order Completed, within: 30m, value: event.properties.revenue}
holdout: 10%
learn: {mode: fixed}
expires: 5m
actions:
  - action: advise
    channel: onpage
    content: {title: Questions?, body: "Ask us, {{ profile.first_name | default('there') }}."}
""",
    "checkout_stall": """
moment: checkout_stall
title: Stalled at payment
purpose: marketing
topic: cart
detect:
  event: Checkout Step Viewed
  where: event.properties.step >= 3 && profile.cart_value >= 100.0
  by: checkout_id
  absent: [Order Completed]
  for: 3m
  present: true
goal: {event: Order Completed, within: 30m, value: event.properties.revenue}
holdout: 10%
learn: {mode: fixed}
expires: 5m
actions:
  - action: reassure
    channel: onpage
    where: profile.cart_value >= 100.0
    content: {title: Your cart is saved, body: Returns are free for 30 days.}
""",
}


def events(rng: random.Random, person: int) -> Iterator[dict[str, Any]]:
    """Endless events of one person."""
    names, weights = list(MIX), list(MIX.values())
    while True:
        yield _event(rng, person, rng.choices(names, weights)[0])


def sessions(rng: random.Random, active: int, people: int) -> Iterator[dict[str, Any]]:
    """Events of `active` people at a time, each a session of 10 to 20. Whose turn it is, is random; a turn is a page
    and what was seen or done on it: 2 to 4 events, which a browser sends together."""
    open_: list[list[Any]] = []
    while True:
        if len(open_) < active:
            open_.append([events(rng, rng.randrange(people)), rng.randint(10, 20)])
        at = rng.randrange(len(open_))
        session = open_[at]
        turn = min(rng.randint(2, 4), session[1])
        yield from islice(session[0], turn)
        session[1] -= turn
        if not session[1]:
            open_[at] = open_[-1]
            open_.pop()


def at_random(rng: random.Random, people: int) -> Iterator[dict[str, Any]]:
    """Each event of another person."""
    while True:
        yield next(events(rng, rng.randrange(people)))


def bodies(source: Iterator[dict[str, Any]], count: int, size: int) -> list[bytes]:
    """`count` bodies for /v1/batch with `size` events each."""
    return [json.encode({"sentAt": iso(), "batch": [next(source) for _ in range(size)]}) for _ in range(count)]


def _event(rng: random.Random, person: int, name: str) -> dict[str, Any]:
    called = {"type": "page", "name": "Shop"} if name == "Page" else {"type": "track", "event": name}
    path = f"/products/{rng.randrange(500)}"
    page = {"path": path, "url": f"https://shop.example{path}", "title": "Shop", "referrer": ""}
    return {
        **called,
        "messageId": f"{rng.getrandbits(128):032x}",
        "timestamp": iso(time.time() - rng.random() * 0.3),
        "userId": user_id(person),
        "anonymousId": anonymous_id(person),
        "properties": _PROPERTIES.get(name, _nothing)(rng),
        "context": {"page": page, "userAgent": AGENT, "locale": "de-DE", "library": LIBRARY},
    }


def _nothing(rng: random.Random) -> dict[str, Any]:
    return {}


def _product(rng: random.Random) -> dict[str, Any]:
    number = rng.randrange(500)
    return {
        "product_id": f"p{number}", "sku": f"sku-{number}", "name": f"Product {number}", "brand": "Example",
        "category": "Kitchen", "price": round(rng.random() * 1000, 2), "quantity": 1, "currency": "EUR",
    }  # fmt: skip


def _listed(rng: random.Random) -> dict[str, Any]:
    return {"list_id": f"l{rng.randrange(40)}", "category": "Kitchen"}


def _step(rng: random.Random) -> dict[str, Any]:
    return {"checkout_id": f"c{rng.getrandbits(32):08x}", "step": rng.randint(1, 4), "payment_method": "card"}


def _order(rng: random.Random) -> dict[str, Any]:
    total = round(rng.random() * 500, 2)
    return {"order_id": f"o{rng.getrandbits(48):012x}", "total": total, "revenue": total, "currency": "EUR"}


_PROPERTIES: dict[str, Callable[[random.Random], dict[str, Any]]] = {
    "Product List Viewed": _listed, "Product Clicked": _product, "Product Viewed": _product, "Product Added": _product,
    "Product Removed": _product, "Checkout Step Viewed": _step, "Order Completed": _order,
}  # fmt: skip
