"""The cart, the same whatever the order in which events arrive.

A cart or checkout that lists its products is the truth about the cart at that time, and an order leaves it empty. Kept
are the newest such truth and the changes after it; what is older says nothing any more. The lines follow from these by
going through the changes in the order of their times.
"""

from __future__ import annotations

from typing import Any

from journeyloop.interpret.money import bounded
from journeyloop.model.cart import LINES, Cart, Change, Line, Viewed, contents
from journeyloop.model.customer import Customer
from journeyloop.model.event import JITTER, Event
from journeyloop.model.frame import Frame

CHANGES = 100
"""Of more changes without a listing the oldest are forgotten: the newest ones are the same in any order."""

LOOKS = 10
MOST = 1_000_000.0
_ALL = float("-inf")


def added(customer: Customer, event: Event, frame: Frame) -> None:
    """A product was put in."""
    product = event.properties
    _change(customer, Change(event.time, _key(product), _quantity(product) or 1.0, *_said(product)))


def removed(customer: Customer, event: Event, frame: Frame) -> None:
    """So many of a product, or all of it, were taken out."""
    product = event.properties
    _change(customer, Change(event.time, _key(product), -_quantity(product) or _ALL))


def listed(customer: Customer, event: Event, frame: Frame) -> None:
    """A cart or checkout was shown with what is in it."""
    products = event.properties.get("products")
    if isinstance(products, list):
        _settle(customer, Cart(event.time, _lines([one for one in products[:LINES] if isinstance(one, dict)])))


def emptied(customer: Customer, event: Event, frame: Frame) -> None:
    """What was in it has been bought."""
    _settle(customer, Cart(event.time))


def viewed(customer: Customer, event: Event, frame: Frame) -> None:
    """A product was looked at."""
    if key := _key(event.properties):
        seen = [*customer.sealed.viewed, Viewed(event.time, key, *_said(event.properties))]
        customer.sealed.viewed = newest(seen)


def newest(seen: list[Viewed]) -> list[Viewed]:
    """The newest look at each of the last few products, the same whatever the order they come in."""
    latest: dict[str, Viewed] = {}
    for one in sorted(seen):
        latest[one.key] = one
    return sorted(latest.values(), reverse=True)[:LOOKS]


def merged(mine: Cart, theirs: Cart) -> Cart:
    """The cart of two people who turned out to be one: as if one person had done what both did."""
    newest = max(mine, theirs, key=_rank if mine.at == theirs.at else _at)
    return Cart(newest.at, newest.lines, _newest([*mine.changes, *theirs.changes], newest.at))


def recount(customer: Customer) -> None:
    """Worth and number of what is in it."""
    lines = contents(customer.sealed.cart)
    value = items = 0.0
    for line in lines:
        value += line.price * line.quantity
        items += line.quantity
    customer.header.cart_value, customer.header.cart_items = round(value, 6), int(items)


def _change(customer: Customer, change: Change) -> None:
    cart = customer.sealed.cart
    if change.at <= cart.at:
        return
    cart.changes.append(change)
    if len(cart.changes) > 1 and _order(cart.changes[-2]) > _order(change):
        cart.changes.sort(key=_order)
    del cart.changes[:-CHANGES]
    recount(customer)


def _settle(customer: Customer, truth: Cart) -> None:
    customer.sealed.cart = merged(customer.sealed.cart, truth)
    recount(customer)


def _newest(changes: list[Change], since: int) -> list[Change]:
    """In their order, so that equal histories are equal bytes."""
    return sorted((change for change in changes if change.at > since), key=_order)[-CHANGES:]


def _order(change: Change) -> tuple[int, Change]:
    """A removal counts as a second later than it says, for the two clocks' jitter."""
    return (change.at if change.quantity > 0 else change.at + JITTER), change


def _at(cart: Cart) -> int:
    return cart.at


def _rank(cart: Cart) -> tuple[bool, str]:
    """Of two truths at one time the empty one, an order."""
    return not cart.lines, repr(cart.lines)


def _lines(products: list[dict[str, Any]]) -> list[Line]:
    found: dict[str, Line] = {}
    for product in products:
        key, quantity = _key(product), _quantity(product) or 1.0
        before = found.get(key)
        if before is not None:
            before.quantity += quantity
        else:
            found[key] = _new_line(product, key, quantity)
    return list(found.values())


def _new_line(product: dict[str, Any], key: str, quantity: float) -> Line:
    name, price, *more = _said(product)
    return Line(key, name, price, quantity, *more)


def _said(product: dict[str, Any]) -> tuple[str, float, str, str, str]:
    """Name, price, url, image and currency, in the order of the records."""
    image = _text(product, "image_url", 500) or _text(product, "image", 500)
    price, currency = bounded(product.get("price")), _text(product, "currency", 3)
    return _text(product, "name", 200), price, _text(product, "url", 500), image, currency


def _key(product: dict[str, Any]) -> str:
    for name in ("product_id", "sku", "id", "name"):
        value = product.get(name)
        if isinstance(value, (str, int, float)) and value != "":
            return str(value)[:128]
    return ""


def _text(product: dict[str, Any], name: str, most: int) -> str:
    """What is longer than an address may be is none."""
    value = product.get(name)
    return (value[:most] if name == "name" or len(value) <= most else "") if isinstance(value, str) else ""


def _quantity(product: dict[str, Any]) -> float:
    """How many, if it says so, else 0."""
    return min(max(0.0, bounded(product.get("quantity"))), MOST)
