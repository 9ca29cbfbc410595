"""Fold one event into the profile: traits, counters, sessions, cart, orders. Order-tolerant where a later event may
arrive first: firsts are minima, lasts maxima, traits and cart lines belong to the newest event time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from journeyloop.interpret.rolling import roll
from journeyloop.model.customer import Customer, Header, Item, Session, Stated
from journeyloop.model.event import JITTER, Event
from journeyloop.model.frame import Frame
from journeyloop.model.moment import MINUTE

SESSION_GAP = 30 * MINUTE
EVENT_NAMES = 100
CART_LINES = 100
TRAIT_LIMIT = 100
_BOT = re.compile(r"bot\b|crawl|spider|slurp|lighthouse|facebookexternalhit|pingdom|uptime|curl/|wget/", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def fold(customer: Customer, event: Event, frame: Frame) -> bool:
    """Change the profile by one event; whether it is late: a newer one was folded before, so it opens no signal."""
    header = customer.header
    late = event.time < header.last_seen - JITTER
    _clocks(header, event)
    _count(header, event.name)
    if event.context:
        _context(customer, event)
    if event.traits and event.kind != "group":
        _traits(customer, event.traits, event)
    change = _COMMERCE.get(event.name)
    if change is not None:
        change(customer, event)
    counting = frame.plan.computing.get(event.name)
    if counting is not None:
        roll(customer, event, counting, frame.now, frame.now, frame.secret)
    return late


def _clocks(header: Header, event: Event) -> None:
    time = event.time
    header.events += 1
    if time > header.last_seen:
        header.last_seen = time
    if not header.first_seen or time < header.first_seen:
        header.first_seen = time
    session = header.session
    if time - session.last > SESSION_GAP:
        header.session = Session(number=session.number + 1, started=time, last=time, events=1)
    elif session.started - time <= SESSION_GAP:
        session.events += 1
        session.started = min(session.started, time)
        session.last = max(session.last, time)


def _count(header: Header, name: str) -> None:
    counts = header.counts
    if name in counts:
        counts[name] += 1
    elif len(counts) < EVENT_NAMES:
        counts[name] = 1


def _context(customer: Customer, event: Event) -> None:
    context, sealed = event.context, customer.sealed
    traits = context.get("traits")
    if isinstance(traits, dict):
        _traits(customer, traits, event)
    if event.time < customer.header.last_seen:
        return
    page = context.get("page")
    if isinstance(page, dict) and isinstance(page.get("path"), str):
        sealed.page = page["path"]
    locale = context.get("locale")
    if isinstance(locale, str):
        sealed.locale = locale[:35]
    agent = context.get("userAgent")
    if isinstance(agent, str) and agent != sealed.user_agent:
        sealed.user_agent = agent[:512]
        customer.header.bot = _is_bot(sealed.user_agent)


@lru_cache(maxsize=1024)
def _is_bot(agent: str) -> bool:
    """Remembered: a search of a user agent costs 8 us, and few agents make most of the visits."""
    return _BOT.search(agent) is not None


def snake_case(name: str) -> str:
    """`firstName` and `first_name` are one trait.

    >>> snake_case("createdAt")
    'created_at'
    """
    return name if name.islower() else _CAMEL.sub("_", name).lower()


def _traits(customer: Customer, stated: dict[str, Any], event: Event) -> None:
    traits = customer.traits
    for raw_name, value in stated.items():
        name = snake_case(raw_name)
        before = traits.get(name)
        if before is None and len(traits) >= TRAIT_LIMIT:
            continue
        said = (value, event.time, event.source)
        if before is None or newer(said, before):
            customer.state(name, *said)


def newer(one: Stated, other: Stated) -> bool:
    """Whether this statement of a trait replaces the other: the newer one, at the same time the larger text."""
    return one[1] > other[1] or (one[1] == other[1] and repr(one[0]) > repr(other[0]))


# --- commerce: event names of the e-commerce spec v2 -----------------------------------------------------------------


def number(value: Any) -> float:
    """A finite number or 0.0: reception already turned numeric strings into numbers."""
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0.0


def _product_key(product: dict[str, Any]) -> str:
    for name in ("product_id", "sku", "id", "name"):
        value = product.get(name)
        if value not in (None, ""):
            return str(value)[:128]
    return ""


def _line(product: dict[str, Any], quantity: float, time: int) -> Item:
    return Item(str(product.get("name", ""))[:200], number(product.get("price")), quantity, time)


def _quantity(product: dict[str, Any]) -> float:
    return number(product.get("quantity")) or 1.0


def _added(customer: Customer, event: Event) -> None:
    cart, product = customer.sealed.cart, event.properties
    key = _product_key(product)
    before = cart.get(key)
    if before is None and len(cart) >= CART_LINES:
        return
    if event.time < _emptied(customer):
        return
    quantity = _quantity(product) + (before.quantity if before else 0.0)
    cart[key] = _line(product, quantity, max(event.time, before.at if before else 0))
    _recount(customer)


def _removed(customer: Customer, event: Event) -> None:
    cart, key = customer.sealed.cart, _product_key(event.properties)
    before = cart.get(key)
    if before is None or event.time < before.at - JITTER:
        return
    left = before.quantity - (number(event.properties.get("quantity")) or before.quantity)
    if left > 0:
        before.quantity, before.at = left, event.time
    else:
        del cart[key]
    _recount(customer)


def _viewed(customer: Customer, event: Event) -> None:
    """A cart or checkout that lists its products is the truth about the cart."""
    products = event.properties.get("products")
    if not isinstance(products, list) or event.time < customer.header.last_seen:
        return
    lines = [product for product in products if isinstance(product, dict)][:CART_LINES]
    customer.sealed.cart = {_product_key(line): _line(line, _quantity(line), event.time) for line in lines}
    _recount(customer)


def _emptied(customer: Customer) -> int:
    return customer.header.last_order


def _ordered(customer: Customer, event: Event) -> None:
    header, properties = customer.header, event.properties
    header.orders += 1
    header.revenue += number(properties.get("revenue")) or number(properties.get("total"))
    header.first_order = min(header.first_order or event.time, event.time)
    header.last_order = max(header.last_order, event.time)
    kept = {key: item for key, item in customer.sealed.cart.items() if item.at > header.last_order}
    customer.sealed.cart = kept
    _recount(customer)


def _recount(customer: Customer) -> None:
    lines = customer.sealed.cart.values()
    customer.header.cart_value = round(sum((line.price * line.quantity for line in lines), 0.0), 6)
    customer.header.cart_items = int(sum(line.quantity for line in lines))


recount_cart = _recount
_COMMERCE: dict[str, Callable[[Customer, Event], None]] = {
    "Product Added": _added,
    "Product Removed": _removed,
    "Cart Viewed": _viewed,
    "Checkout Started": _viewed,
    "Order Completed": _ordered,
}
COMMERCE = frozenset(_COMMERCE)
"""The events that change cart, orders and revenue."""
