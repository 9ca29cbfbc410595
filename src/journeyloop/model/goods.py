"""What a message may say beside the profile: what is in the person's cart, what they looked at, and their coupon."""

from __future__ import annotations

from typing import Any

from journeyloop.model.cart import Line, Viewed, contents
from journeyloop.model.customer import Customer
from journeyloop.model.decision import Delivery

PRODUCT = frozenset({"id", "name", "price", "currency", "url", "image", "quantity"})
"""The names that a template may read of a product."""

LISTS = ("products", "viewed")


def given(customer: Customer, delivery: Delivery | None = None) -> dict[str, Any]:
    """The variables of a template. What is not known is not there."""
    sealed = customer.sealed
    found: dict[str, Any] = {"products": [_product(line, line.quantity) for line in contents(sealed.cart)]}
    found["viewed"] = [_product(one, 1.0) for one in sealed.viewed]
    if delivery is not None and delivery.coupon:
        found["coupon"] = delivery.coupon.partition(":")[2]
    return found


def _product(one: Line | Viewed, quantity: float) -> dict[str, Any]:
    count = int(quantity) if quantity == int(quantity) else quantity
    said = {"id": one.key, "name": one.name, "price": one.price, "currency": one.currency, "url": one.url}
    return {key: value for key, value in (said | {"image": one.image, "quantity": count}).items() if value}
