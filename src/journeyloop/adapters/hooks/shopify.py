"""Shopify: https://shopify.dev/docs/apps/build/webhooks. Prices are text, ids exceed 2^53, each comes at least once.

A storefront may write the browser's `anonymous_id` into the cart's attributes: a buyer can change it, so what comes
with it is told of that browser and names nobody else. Otherwise the customer's id says who it is, then the address,
which is vouched for if Shopify has verified it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Any

from journeyloop.adapters.hooks.payload import an_object, look, named, rows, text, track, unique
from journeyloop.adapters.hooks.signing import base64_hmacs, header, require
from journeyloop.runtime.hooked import Posted, Source, Told

KIND = "shopify"


def signed(posted: Posted, secrets: Sequence[str], source: Source) -> None:
    """HMAC-SHA256 of the body. There is no time in it: a repeat is known by its id."""
    require([header(posted, "x-shopify-hmac-sha256")], base64_hmacs(secrets, "sha256", posted.body))


def told(posted: Posted, source: Source) -> Iterator[Told | None]:
    body = an_object(posted.body)
    read = _READS.get(posted.headers.get("x-shopify-topic", ""))
    id_ = posted.headers.get("x-shopify-webhook-id", "") or sha256(posted.body).hexdigest()
    yield from read(body, unique(KIND, id_)) if read else [None]


def _about(body: dict[str, Any], call: dict[str, Any]) -> Told:
    browser = next((text(one, "value") for one in _attributes(body) if text(one, "name") == "anonymous_id"), "")
    if browser:
        return Told(call | {"anonymousId": browser}, hearsay=True)
    customer = look(body, "customer")
    verified = look(customer, "verified_email") is True and bool(text(customer, "email"))
    email = text(customer, "email") if verified else text(body, "email") or text(customer, "email")
    return Told(call, named(shopify_customer=text(customer, "id"), email=email), vouched=verified)


def _attributes(body: dict[str, Any]) -> list[dict[str, Any]]:
    return rows(body, "note_attributes") or rows(body, "attributes")


def _order(name: str, at: str) -> Callable[[dict[str, Any], str], Iterator[Told | None]]:
    def read(body: dict[str, Any], id_: str) -> Iterator[Told | None]:
        yield _about(body, track(KIND, name, id_, text(body, at) or text(body, "updated_at"), _bought(body)))

    return read


def _updated(body: dict[str, Any], id_: str) -> Iterator[Told | None]:
    """An order knows its buyer, a refund of Shopify's does not: refunds are read from the order that they change."""
    yield from _order("Order Updated", "updated_at")(body, id_)
    for refund in rows(body, "refunds"):
        paid = [one for one in rows(refund, "transactions") if text(one, "kind") == "refund"]
        sums = [_sum(one) for one in paid if text(one, "status") == "success"]
        if not sums or not text(refund, "id"):
            continue
        found = {
            "order_id": text(body, "id"),
            "total": round(sum(sums), 3),
            "currency": text(body, "currency"),
        }
        known = unique(KIND, "refund", text(refund, "id"))
        yield _about(body, track(KIND, "Order Refunded", known, text(refund, "created_at"), found))


def _checkout(name: str, at: str) -> Callable[[dict[str, Any], str], Iterator[Told | None]]:
    def read(body: dict[str, Any], id_: str) -> Iterator[Told | None]:
        found = _bought(body) | {"order_id": "", "checkout_id": text(body, "token") or text(body, "id")}
        found["value"] = found.pop("total")
        del found["revenue"]
        yield _about(body, track(KIND, name, id_, text(body, at) or text(body, "updated_at"), found))

    return read


def _customer(body: dict[str, Any], id_: str) -> Iterator[Told | None]:
    """Who a customer is, and their address where Shopify has verified it."""
    traits = {key: text(body, key) for key in ("first_name", "last_name")}
    call = track(KIND, "", id_, text(body, "updated_at"), {}) | {"type": "identify"}
    call["traits"] = {key: value for key, value in traits.items() if value}
    verified = look(body, "verified_email") is True
    yield Told(call, named(shopify_customer=text(body, "id"), email=text(body, "email")), vouched=verified)


def _marketing(body: dict[str, Any], id_: str) -> Iterator[Told | None]:
    consent = look(body, "email_marketing_consent")
    if text(consent, "state") != "unsubscribed":
        yield None
        return
    call = track(KIND, "Email Unsubscribed", id_, text(consent, "consent_updated_at"), {})
    yield Told(call, named(shopify_customer=text(body, "customer_id"), email=text(body, "email_address")))


def _bought(body: dict[str, Any]) -> dict[str, Any]:
    coupons = [text(one, "code") for one in rows(body, "discount_codes")]
    return {
        "order_id": text(body, "id"),
        "checkout_id": text(body, "checkout_token"),
        "total": text(body, "total_price"),
        "revenue": text(body, "total_price"),
        "subtotal": text(body, "subtotal_price"),
        "tax": text(body, "total_tax"),
        "discount": text(body, "total_discounts"),
        "coupon": coupons[0] if coupons else "",
        "currency": text(body, "currency"),
        "products": [_product(one) for one in rows(body, "line_items")[:100]],
    }


def _product(line: dict[str, Any]) -> dict[str, Any]:
    found = {
        "product_id": text(line, "product_id"),
        "sku": text(line, "sku"),
        "name": text(line, "title"),
        "variant": text(line, "variant_title"),
        "brand": text(line, "vendor"),
        "price": text(line, "price"),
        "quantity": look(line, "quantity"),
    }
    return {name: value for name, value in found.items() if value not in (None, "")}


def _sum(transaction: dict[str, Any]) -> float:
    try:
        return float(text(transaction, "amount"))
    except ValueError:
        return 0.0


_READS: dict[str, Callable[[dict[str, Any], str], Iterator[Told | None]]] = {
    "orders/create": _order("Order Completed", "created_at"),
    "orders/updated": _updated,
    "orders/cancelled": _order("Order Cancelled", "cancelled_at"),
    "checkouts/create": _checkout("Checkout Started", "created_at"),
    "checkouts/update": _checkout("Checkout Updated", "updated_at"),
    "customers/create": _customer,
    "customers/update": _customer,
    "customers_email_marketing_consent/update": _marketing,
}
