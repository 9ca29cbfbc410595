"""The cart by example; that it has no order of arrival is a property (tests/property/test_profile.py)."""

from __future__ import annotations

from typing import Any

import pytest

from journeyloop.interpret.cart import contents
from tests.property.rig import SECOND, Rig


@pytest.fixture
def rig() -> Rig:
    return Rig()


def add(rig: Rig, product: str, ago: int = 0, **more: Any) -> None:
    rig.track("Product Added", ago=ago, properties={"product_id": product, "price": 10.0, **more})


def remove(rig: Rig, product: str, ago: int = 0, **more: Any) -> None:
    rig.track("Product Removed", ago=ago, properties={"product_id": product, **more})


def view(rig: Rig, *products: str, ago: int = 0) -> None:
    listed = [{"product_id": product, "price": 10.0} for product in products]
    rig.track("Cart Viewed", ago=ago, properties={"products": listed})


def worth(rig: Rig) -> tuple[float, int]:
    header = rig.find().header
    return header.cart_value, header.cart_items


def test_products_go_in_and_out(rig: Rig) -> None:
    add(rig, "lamp")
    add(rig, "desk", quantity=3)
    assert worth(rig) == (40.0, 4)
    remove(rig, "desk", quantity=2)
    assert worth(rig) == (20.0, 2)
    remove(rig, "desk")
    remove(rig, "chair")
    assert worth(rig) == (10.0, 1)


def test_an_order_empties_it_but_not_of_what_comes_after(rig: Rig) -> None:
    add(rig, "lamp", ago=SECOND)
    rig.track("Order Completed")
    assert worth(rig) == (0.0, 0)
    rig.now += SECOND
    add(rig, "desk")
    assert worth(rig) == (10.0, 1)


def test_what_is_listed_is_the_truth(rig: Rig) -> None:
    add(rig, "forgotten", ago=SECOND)
    view(rig, "lamp", "desk")
    assert worth(rig) == (20.0, 2)


def test_a_late_change_older_than_a_listing_says_nothing(rig: Rig) -> None:
    view(rig, "lamp")
    add(rig, "desk", ago=SECOND)
    assert worth(rig) == (10.0, 1)


def test_a_late_listing_takes_in_what_changed_since(rig: Rig) -> None:
    add(rig, "desk")
    view(rig, "lamp", ago=SECOND)
    view(rig, "older", "still", ago=2 * SECOND)
    assert worth(rig) == (20.0, 2)


def test_a_late_addition_before_a_removal_is_taken_out(rig: Rig) -> None:
    remove(rig, "lamp")
    add(rig, "lamp", ago=SECOND)
    assert worth(rig) == (0.0, 0)


def test_a_removal_may_seem_a_little_older_than_what_it_removes(rig: Rig) -> None:
    add(rig, "lamp")
    remove(rig, "lamp", ago=SECOND - 1)
    assert worth(rig) == (0.0, 0)
    remove(rig, "desk")
    rig.now += 2 * SECOND
    add(rig, "desk")
    assert worth(rig) == (10.0, 1)


@pytest.mark.parametrize("quantity", [1e300, float("nan"), -5, 1 << 63, "many", None, True])
def test_strange_numbers_do_no_harm(rig: Rig, quantity: Any) -> None:
    add(rig, "lamp", quantity=quantity)
    remove(rig, "desk", quantity=quantity)
    value, items = worth(rig)
    assert 10.0 <= value <= 1e16 and 1 <= items <= 1_000_000


def test_a_name_that_is_no_text_is_none(rig: Rig) -> None:
    add(rig, "lamp", name=None)
    rig.track("Cart Viewed", "a2", properties={"products": [{"sku": "desk", "name": None}, {"name": {"en": "Chair"}}]})
    assert [line.name for user in ("a1", "a2") for line in contents(rig.find(user).sealed.cart)] == ["", "", ""]
    assert [line.key for line in contents(rig.find("a2").sealed.cart)] == ["desk", ""]


def test_a_listing_that_is_none_changes_nothing(rig: Rig) -> None:
    add(rig, "lamp", ago=SECOND)
    rig.track("Cart Viewed", properties={"products": "lamp"})
    rig.track("Checkout Started")
    assert worth(rig) == (10.0, 1)


def test_two_people_who_are_one_have_one_cart(rig: Rig) -> None:
    add(rig, "lamp")
    rig.track("Product Added", "a2", properties={"product_id": "desk", "price": 5.0})
    rig.track("Identify", "a1", user_id="u")
    rig.track("Identify", "a2", user_id="u")
    assert worth(rig) == (15.0, 2)
