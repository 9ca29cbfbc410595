"""The states of a delivery as a table. A cap reservation is released where nothing can have reached the person."""

from __future__ import annotations

from msgspec.structs import replace

from journeyloop.model.customer import Contact, Customer
from journeyloop.model.decision import Delivery
from journeyloop.model.effects import DeliveryChanged, Returned
from journeyloop.model.frame import Frame
from journeyloop.model.spending import ALL, PER_SEND, pay, release

NEXT: dict[str, frozenset[str]] = {
    "due": frozenset({"intent", "sent", "suppressed", "expired", "unknown"}),
    "intent": frozenset({"due", "sent", "suppressed", "expired", "failed", "unknown"}),
}
RELEASES = frozenset({"suppressed", "expired", "failed"})
MADE = frozenset({"sent", "unknown"})


def find(customer: Customer, decision: bytes) -> Delivery | None:
    return next((one for one in customer.header.deliveries if one.decision == decision), None)


def move(customer: Customer, delivery: Delivery, state: str, reason: str, frame: Frame) -> bool:
    """Take one step of the table, or refuse it. An ended delivery never moves again, and one of which an earlier
    attempt may have arrived never ends as if none had."""
    if delivery.doubt and state in RELEASES:
        state, reason = "unknown", f"an attempt may have arrived; {reason}"
    if state not in NEXT.get(delivery.state, frozenset()):
        return False
    if (state == "intent" and not delivery.attempts) or (delivery.state, state) == ("due", "sent"):
        frame.beat(contacts=1)
    delivery.state, delivery.reason = state, reason
    if state == "intent":
        delivery.intended = frame.now
        hold_room(customer, delivery, frame.now)
    elif state != "due":
        _end(customer, delivery, frame)
    changed(customer, delivery, frame)
    return True


def _end(customer: Customer, delivery: Delivery, frame: Frame) -> None:
    """A contact counts from when it was made, not from when it was decided. Who outlives its windows is forgotten."""
    header = customer.header
    delivery.ended = frame.now
    header.timers.pop(expiry_timer(delivery.decision), None)
    header.timers.pop(start_timer(delivery.decision), None)
    if delivery.state in RELEASES:
        release(delivery, ALL, frame)
        _return_coupon(delivery, frame)
        header.contacts = [one for one in header.contacts if one.decision != delivery.decision]
    elif delivery.state in MADE:
        pay(delivery, PER_SEND, frame)
        hold_room(customer, delivery, frame.now)
    if not any(row.decision == delivery.decision and not row.settled for row in header.pending):
        header.deliveries = [one for one in header.deliveries if one is not delivery]
    frame.count(delivery.moment, delivery.state)
    frame.note(delivery.state, header.person, delivery.moment, delivery.action, delivery.reason)


def _return_coupon(delivery: Delivery, frame: Frame) -> None:
    moment = frame.plan.moment(delivery.moment)
    action = moment.action(delivery.action) if moment else None
    if delivery.coupon and action is not None:
        frame.emit(Returned(action.coupon, delivery.coupon))
        delivery.coupon = ""


def hold_room(customer: Customer, delivery: Delivery, at: int) -> None:
    """From now on its contact counts as made at `at`."""
    header = customer.header
    header.contacts = [one for one in header.contacts if one.decision != delivery.decision]
    header.contacts = [*header.contacts, contact(delivery, at)]


def contact(delivery: Delivery, at: int) -> Contact:
    """What this delivery takes of the caps."""
    return Contact(at, delivery.moment, delivery.action, delivery.topic, delivery.channel, delivery.decision)


def changed(customer: Customer, delivery: Delivery, frame: Frame) -> None:
    frame.emit(DeliveryChanged(customer.header.person, replace(delivery)))


def expiry_timer(decision: bytes) -> str:
    return f"expire/{decision.hex()}"


def start_timer(decision: bytes) -> str:
    return f"send/{decision.hex()}"


def starting(timer: str) -> bytes | None:
    """The decision whose planned message this timer starts, or None: it is another timer."""
    kind, _, decision = timer.partition("/")
    return bytes.fromhex(decision) if kind == "send" else None
