"""Stripe: https://docs.stripe.com/webhooks. Amounts come in the smallest unit of a currency, of which some have none.

`metadata.user_id` (or `anonymous_id`) says who it is; without it the customer's id, then the address on the receipt,
which nobody verified. A `client_reference_id` may come from a link that anybody can write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from journeyloop.adapters.hooks.payload import an_object, ids, iso, look, named, number, text, track, unique
from journeyloop.adapters.hooks.signing import header, hex_hmacs, require, require_fresh, seconds
from journeyloop.runtime.hooked import Posted, Source, Told, Unsigned

WITHOUT_MINOR = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())
WITH_MILS = frozenset("bhd jod kwd omr tnd".split())
PAID = ("paid", "no_payment_required")


def signed(posted: Posted, secrets: Sequence[str], source: Source) -> None:
    """`t` and each `v1` of the header; HMAC-SHA256 of the time, a dot and the body."""
    parts = [one.strip().partition("=") for one in header(posted, "stripe-signature").split(",")]
    at = next((value for key, _, value in parts if key == "t"), "")
    shown = [value for key, _, value in parts if key == "v1"]
    if not shown:
        raise Unsigned("signature_missing")
    require(shown, hex_hmacs(secrets, "sha256", at.encode() + b"." + posted.body))
    require_fresh(seconds(at), posted.now)


def told(posted: Posted, source: Source) -> Iterator[Told | None]:
    event = an_object(posted.body)
    read = _READS.get(text(event, "type"))
    found = read(look(event, "data", "object"), event) if read else None
    if found is None:
        yield None
        return
    name, properties = found
    object_ = look(event, "data", "object")
    who = ids(look(object_, "metadata"))
    reference = text(object_, "client_reference_id")
    hearsay = not who and bool(reference)
    id_ = unique("stripe", text(event, "id") or posted.body.hex())
    call = track("stripe", name, id_, iso(look(event, "created")), properties, who or _referred(reference))
    yield Told(call, _names(object_), hearsay=hearsay)


def major(amount: Any, currency: str) -> float | None:
    """An amount as people write it.

    >>> major(1999, "EUR"), major(500, "jpy"), major(5120, "kwd")
    (19.99, 500.0, 5.12)
    """
    if isinstance(amount, bool) or not isinstance(amount, int):
        return None
    unit = currency.lower()
    return amount / (1 if unit in WITHOUT_MINOR else 1000 if unit in WITH_MILS else 100)


Read = Callable[[Any, Any], tuple[str, dict[str, Any]] | None]


def _referred(reference: str) -> dict[str, str]:
    return {"userId": reference} if reference else {}


def _names(object_: Any) -> tuple[tuple[str, str], ...]:
    customer = text(object_, "customer") or text(object_, "customer", "id")
    paths = (("receipt_email",), ("customer_details", "email"), ("customer_email",), ("billing_details", "email"))
    email = next(filter(None, (text(object_, *path) for path in paths)), "")
    return named(stripe_customer=customer, email=email)


def _payment(intent: Any, paid: str) -> dict[str, Any]:
    """`value` as in the spec of e-commerce events, and `amount`, as people say."""
    currency = text(intent, "currency")
    amount = major(look(intent, paid), currency)
    return {
        "payment_id": text(intent, "id"),
        "order_id": text(intent, "metadata", "order_id"),
        "checkout_id": text(intent, "metadata", "checkout_id"),
        "value": amount,
        "amount": amount,
        "currency": currency.upper(),
    }


def _failed(intent: Any, event: Any) -> tuple[str, dict[str, Any]]:
    error = look(intent, "last_payment_error")
    return "Payment Failed", _payment(intent, "amount") | {
        "code": text(error, "code"),
        "decline_code": text(error, "decline_code"),
        "payment_method": text(error, "payment_method", "type"),
    }


def _succeeded(intent: Any, event: Any) -> tuple[str, dict[str, Any]]:
    return "Payment Succeeded", _payment(intent, "amount_received")


def _completed(session: Any, event: Any) -> tuple[str, dict[str, Any]] | None:
    """A session whose payment is still on its way is no order yet."""
    if text(session, "payment_status") not in PAID:
        return None
    currency = text(session, "currency")
    total = major(look(session, "amount_total"), currency)
    return "Order Completed", {
        "order_id": text(session, "metadata", "order_id") or text(session, "id"),
        "checkout_id": text(session, "metadata", "checkout_id") or text(session, "id"),
        "total": total,
        "revenue": total,
        "tax": major(look(session, "total_details", "amount_tax"), currency),
        "shipping": major(look(session, "total_details", "amount_shipping"), currency),
        "discount": major(look(session, "total_details", "amount_discount"), currency),
        "currency": currency.upper(),
    }


def _refunded(charge: Any, event: Any) -> tuple[str, dict[str, Any]]:
    """The charge holds what was refunded so far: what this refund adds is the difference to before."""
    currency = text(charge, "currency")
    before = number(look(event, "data", "previous_attributes", "amount_refunded"))
    return "Order Refunded", {
        "order_id": text(charge, "metadata", "order_id") or text(charge, "payment_intent"),
        "payment_id": text(charge, "payment_intent"),
        "total": major(number(look(charge, "amount_refunded")) - before, currency),
        "currency": currency.upper(),
    }


_READS: dict[str, Read] = {
    "payment_intent.payment_failed": _failed,
    "payment_intent.succeeded": _succeeded,
    "checkout.session.completed": _completed,
    "checkout.session.async_payment_succeeded": _completed,
    "charge.refunded": _refunded,
}
