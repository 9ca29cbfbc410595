"""A cart as it is kept: the newest truth about it, and the changes since. `interpret.cart` takes in what happens to it,
`contents` says what is in it by now. Beside it, what was looked at."""

from __future__ import annotations

from msgspec import Struct


class Line(Struct, array_like=True, gc=False):
    """So much of one product. `price` is for one."""

    key: str
    name: str
    price: float
    quantity: float
    url: str = ""
    image: str = ""
    currency: str = ""


class Change(Struct, array_like=True, gc=False, order=True):
    """A product put in (`quantity` > 0) or taken out (< 0; all of it: minus infinity) at event time `at` (ms)."""

    at: int
    key: str
    quantity: float
    name: str = ""
    price: float = 0.0
    url: str = ""
    image: str = ""
    currency: str = ""


class Viewed(Struct, array_like=True, gc=False, order=True):
    """A product was looked at, the newest time (ms) it was."""

    at: int
    key: str
    name: str = ""
    price: float = 0.0
    url: str = ""
    image: str = ""
    currency: str = ""


class Cart(Struct, array_like=True, gc=False):
    """At `at` the cart held just `lines`: it was listed, or emptied by an order. Of the `changes` none is older; they
    stand in the order in which they count."""

    at: int = 0
    lines: list[Line] = []
    changes: list[Change] = []


LINES = 100


def contents(cart: Cart) -> list[Line]:
    """What is in it."""
    if not cart.changes:
        return cart.lines
    found = {line.key: line for line in cart.lines}
    for change in cart.changes:
        before = found.get(change.key)
        quantity = (before.quantity if before else 0.0) + change.quantity
        if quantity <= 0:
            found.pop(change.key, None)
        else:
            found[change.key] = _line(change, before or Line(change.key, "", 0.0, 0.0), quantity)
    return list(found.values())[:LINES]


def _line(change: Change, before: Line, quantity: float) -> Line:
    """As last said."""
    return Line(
        change.key, change.name or before.name, change.price or before.price, quantity, change.url or before.url,
        change.image or before.image, change.currency or before.currency,
    )  # fmt: skip
