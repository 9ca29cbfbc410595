"""A cart as it is kept: the newest truth about it, and the changes since. `interpret.cart` folds them into lines."""

from __future__ import annotations

from msgspec import Struct


class Line(Struct, array_like=True, gc=False):
    """So much of one product. `price` is for one."""

    key: str
    name: str
    price: float
    quantity: float


class Change(Struct, array_like=True, gc=False, order=True):
    """A product put in (`quantity` > 0) or taken out (< 0; all of it: minus infinity) at event time `at` (ms)."""

    at: int
    key: str
    quantity: float
    name: str = ""
    price: float = 0.0


class Cart(Struct, array_like=True, gc=False):
    """At `at` the cart held just `lines`: it was listed, or emptied by an order. Of the `changes` none is older; they
    stand in the order in which they count."""

    at: int = 0
    lines: list[Line] = []
    changes: list[Change] = []
