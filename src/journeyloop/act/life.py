"""The states of a delivery as a table. A cap reservation is released where nothing can have reached the person."""

from __future__ import annotations

from msgspec.structs import replace

from journeyloop.model.customer import Customer
from journeyloop.model.decision import Delivery
from journeyloop.model.effects import DeliveryChanged
from journeyloop.model.frame import Frame

NEXT: dict[str, frozenset[str]] = {
    "due": frozenset({"intent", "sent", "suppressed", "expired"}),
    "intent": frozenset({"sent", "suppressed", "expired", "failed", "unknown"}),
}
RELEASES = frozenset({"suppressed", "expired", "failed"})


def find(customer: Customer, decision: bytes) -> Delivery | None:
    return next((one for one in customer.header.deliveries if one.decision == decision), None)


def move(customer: Customer, delivery: Delivery, state: str, reason: str, frame: Frame) -> bool:
    """Take one step of the table, or refuse it. An ended delivery never moves again."""
    if state not in NEXT.get(delivery.state, frozenset()):
        return False
    delivery.state, delivery.reason = state, reason
    if state != "intent":
        delivery.ended = frame.now
        customer.header.timers.pop(expiry_timer(delivery.decision), None)
        frame.count(delivery.moment, state)
        frame.note(state, customer.header.person, delivery.moment, delivery.action, reason)
    if state in RELEASES:
        kept = [one for one in customer.header.contacts if one.decision != delivery.decision]
        customer.header.contacts = kept
    changed(customer, delivery, frame)
    return True


def changed(customer: Customer, delivery: Delivery, frame: Frame) -> None:
    frame.emit(DeliveryChanged(customer.header.person, replace(delivery)))


def expiry_timer(decision: bytes) -> str:
    return f"expire/{decision.hex()}"
