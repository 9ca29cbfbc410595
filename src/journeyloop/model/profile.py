"""The closed list of what `profile.*` and `session.*` may name in a condition, and how each is read.

A name that is neither here nor a declared trait is refused when the configuration is checked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from journeyloop.model.arm import Vector
from journeyloop.model.audience import Computed
from journeyloop.model.condition import ABSENT, Activation, PathReader
from journeyloop.model.customer import Customer
from journeyloop.model.feature import vector
from journeyloop.model.frame import Frame
from journeyloop.model.hours import Place, place_of
from journeyloop.model.moment import DAY
from journeyloop.model.prediction import Prediction
from journeyloop.model.rolled import rolled_value

TRAITS = (
    "address", "age", "avatar", "birthday", "company", "created_at", "description", "email", "first_name", "gender",
    "id", "last_name", "name", "phone", "title", "username", "website",
)  # fmt: skip

_HIGH_VALUE = 500.0


def trait(customer: Customer, name: str) -> Any:
    """A trait's value as last stated, or None."""
    found = customer.traits.get(name)
    return None if found is None else found[0]


def country(customer: Customer) -> str | None:
    """ISO country: stated, from the address, or the region of the locale."""
    address = trait(customer, "address")
    stated = trait(customer, "country") or (address.get("country") if isinstance(address, dict) else None)
    if isinstance(stated, str) and stated:
        return stated
    locale = (customer.sealed.context.value("locale") or "").replace("_", "-")
    region = locale.rpartition("-")[2]
    return region.upper() if len(region) == 2 and "-" in locale else None


def place(customer: Customer) -> Place:
    """Where they may be."""
    return place_of(customer.sealed.context.value("time_zone"), country(customer))


def _campaign(customer: Customer, at: int) -> str | None:
    """Name (0), source (1) or medium (2) of the last campaign."""
    campaign = customer.sealed.context.value("campaign")
    return None if campaign is None else campaign[at] or None


AGES: dict[str, tuple[Callable[[Customer], int], int]] = {
    "days_since_last_order": (lambda c: c.header.last_order, DAY),
    "days_since_first_seen": (lambda c: c.header.first_seen, DAY),
    "days_since_last_seen": (lambda c: c.header.last_seen, DAY),
}
"""Built-ins that time alone changes: since when (ms, 0: never) and how long their unit is. No others may."""


def _age_reader(name: str) -> Callable[[Customer, int], Any]:
    since, unit = AGES[name]
    return lambda c, now: (now - at) // unit if (at := since(c)) else None


PROFILE: dict[str, Callable[[Customer, int], Any]] = {
    "campaign": lambda c, now: _campaign(c, 0),
    "campaign_medium": lambda c, now: _campaign(c, 2),
    "campaign_source": lambda c, now: _campaign(c, 1),
    "cart_items": lambda c, now: c.header.cart_items,
    "cart_value": lambda c, now: c.header.cart_value,
    "country": lambda c, now: country(c),
    "device": lambda c, now: c.sealed.context.device,
    "events": lambda c, now: c.header.events,
    "first_seen": lambda c, now: c.header.first_seen,
    "first_time": lambda c, now: c.header.orders == 0,
    "high_value": lambda c, now: c.header.revenue >= _HIGH_VALUE,
    "known": lambda c, now: c.header.known,
    "last_seen": lambda c, now: c.header.last_seen,
    "locale": lambda c, now: c.sealed.context.value("locale"),
    "orders": lambda c, now: c.header.orders,
    "page": lambda c, now: c.sealed.context.value("page"),
    "referrer": lambda c, now: c.sealed.context.value("referrer"),
    "refunded": lambda c, now: c.header.refunded,
    "refunds": lambda c, now: c.header.refunds,
    "revenue": lambda c, now: c.header.revenue,
    "sessions": lambda c, now: c.header.session.number,
    "time_zone": lambda c, now: c.sealed.context.value("time_zone"),
}


def _trait_reader(name: str) -> Callable[[Customer, int], Any]:
    return lambda c, now: trait(c, name)


PROFILE |= {name: _age_reader(name) for name in AGES}
BUILT_IN = tuple(PROFILE)
"""What is no trait as it was stated."""
PROFILE |= {name: _trait_reader(name) for name in TRAITS}

SESSION: dict[str, Callable[[Customer, int], Any]] = {
    "events": lambda c, now: c.header.session.events,
    "number": lambda c, now: c.header.session.number,
    "seconds": lambda c, now: max(0, now - c.header.session.started) // 1000,
    "started": lambda c, now: c.header.session.started,
}


def profile_value(customer: Customer, name: str, now: int, computed: dict[str, Computed]) -> Any:
    """A built-in, a computed or a declared trait; None if absent."""
    read = PROFILE.get(name)
    if read:
        return read(customer, now)
    counted = computed.get(name)
    return rolled_value(customer, counted, now) if counted else trait(customer, name)


def profile_values(customer: Customer, now: int, computed: dict[str, Computed]) -> dict[str, Any]:
    """All built-ins and traits that are present: what templates and the profile API see. Each is what a condition reads
    by that name; a trait stated as null is absent, so that a template's default stands for it."""
    found = {name: value[0] for name, value in customer.traits.items()}
    found |= {name: profile_value(customer, name, now, computed) for name in (*computed, *BUILT_IN)}
    return {name: value for name, value in found.items() if value is not None}


class Scene:
    """The values conditions may read for one (person, event), with the one activation they share."""

    __slots__ = ("activation", "values")

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values
        self.activation = Activation(values)


def scene(reader: PathReader, event: dict[str, Any], customer: Customer, frame: Frame) -> Scene:
    """Read the wanted paths; `event` holds the event's part already (from the event, or kept since it armed)."""
    values: dict[str, Any] = {"event": event}
    now, computed = frame.now, frame.plan.computed
    if reader.profile:
        values["profile"] = _present((name, profile_value(customer, name, now, computed)) for name in reader.profile)
    if reader.session:
        values["session"] = _present((name, SESSION[name](customer, now)) for name in reader.session)
    return Scene(values)


def features_of(prediction: Prediction, customer: Customer, frame: Frame) -> Vector:
    """x of this person now, as a prediction sees them."""
    return vector(prediction.features, scene(prediction.reader, {}, customer, frame).values, frame.now)


def _present(pairs: Any) -> dict[str, Any]:
    return {name: value for name, value in pairs if value is not None and value is not ABSENT}
