"""Fold one event into the profile. Whatever the order in which a history arrives, the profile is the same in the end:
firsts are minima, lasts maxima, sums are of whole numbers, and what can change belongs to the newest event time.

What each part of the profile makes of an event stands in a file of its own.
"""

from __future__ import annotations

from collections.abc import Callable

from journeyloop.interpret import cart, orders, traits
from journeyloop.interpret.context import tell
from journeyloop.interpret.reported import count_sent
from journeyloop.interpret.rolling import roll
from journeyloop.interpret.visits import visited
from journeyloop.model.customer import Customer, Header
from journeyloop.model.event import JITTER, Event
from journeyloop.model.frame import Frame

EVENT_NAMES = 100


def fold(customer: Customer, event: Event, frame: Frame) -> bool:
    """Change the profile by one event; whether it is late: a newer one was folded before, so it opens no signal."""
    header = customer.header
    late = event.time < header.last_seen - JITTER
    _clocks(header, event.time)
    _count(header.counts, event.name)
    if event.context:
        tell(customer, event)
        stated = event.context.get("traits")
        if isinstance(stated, dict):
            traits.state(customer, stated, event)
    if event.traits and event.kind != "group":
        traits.state(customer, event.traits, event)
    change = _COMMERCE.get(event.name)
    if change is not None:
        change(customer, event, frame)
    if event.name in frame.plan.policy.reported:
        count_sent(customer, event, frame)
    counting = frame.plan.computing.get(event.name)
    if counting is not None:
        roll(customer, event, counting, frame.now, frame.now, frame.secret)
    return late


def _clocks(header: Header, time: int) -> None:
    header.events += 1
    if time > header.last_seen:
        header.last_seen = time
    if not header.first_seen or time < header.first_seen:
        header.first_seen = time
    header.session = visited(header.session, time)


def _count(counts: dict[str, int], name: str) -> None:
    """Of more than 100 names the first of the alphabet are counted: the same ones in any order."""
    if name in counts:
        counts[name] += 1
        return
    counts[name] = 1
    if len(counts) > EVENT_NAMES:
        del counts[max(counts)]


def summed_counts(mine: dict[str, int], theirs: dict[str, int]) -> dict[str, int]:
    """The counts of two people who turned out to be one."""
    names = sorted({**mine, **theirs})[:EVENT_NAMES]
    return {name: mine.get(name, 0) + theirs.get(name, 0) for name in names}


# --- commerce: event names of the e-commerce spec v2 -----------------------------------------------------------------


def _ordered(customer: Customer, event: Event, frame: Frame) -> None:
    orders.ordered(customer, event, frame)
    cart.emptied(customer, event, frame)


_COMMERCE: dict[str, Callable[[Customer, Event, Frame], None]] = {
    "Product Added": cart.added,
    "Product Removed": cart.removed,
    "Product Viewed": cart.viewed,
    "Cart Viewed": cart.listed,
    "Checkout Started": cart.listed,
    "Order Completed": _ordered,
    "Order Refunded": orders.refunded,
}
COMMERCE = frozenset(_COMMERCE) - {"Product Viewed"}
"""The events that change cart, orders and revenue."""
