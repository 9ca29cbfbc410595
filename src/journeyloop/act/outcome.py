"""What people do with a message: shown, clicked, dismissed; counted once each, and not for machines."""

from __future__ import annotations

from journeyloop.act.desk import unanswerable
from journeyloop.act.life import MADE, changed, find, move
from journeyloop.model.customer import Customer
from journeyloop.model.decision import Delivery
from journeyloop.model.event import Event
from journeyloop.model.frame import Frame
from journeyloop.model.inputs import Outcome
from journeyloop.model.moment import DAY

REST = DAY
"""How long a topic that was dismissed is left alone (ms)."""

MOST_ACTED = 64
REFLEX = 150
"""Nobody reads a message and answers it in less time (ms)."""


def outcome(customer: Customer, message: Outcome, frame: Frame) -> Event | None:
    """Shown, clicked or dismissed: counted once each, and not for a machine. Returns our own follow-up event, or None.

    A browser that shows a message has received it, whatever became of the channel's own word.
    """
    delivery = find(customer, message.decision)
    if delivery is None or getattr(delivery, message.outcome) or unanswerable(delivery, frame.plan):
        return None
    if _by_machine(delivery, message, frame.now):
        frame.count(delivery.moment, "ignored: machine")
        return None
    move(customer, delivery, "sent", "the browser has it", frame)
    if delivery.state not in MADE:
        return None
    setattr(delivery, message.outcome, frame.now)
    if message.outcome != "shown" and not delivery.shown:
        delivery.shown = frame.now
        frame.count(delivery.moment, "shown")
    _remember(customer, delivery, message.outcome, frame.now)
    if message.outcome == "dismissed":
        customer.header.rests[delivery.topic] = frame.now + REST
    frame.count(delivery.moment, message.outcome)
    if message.reason:
        frame.count(delivery.moment, f"declined: {message.reason}")
    frame.note("outcome", customer.header.person, delivery.moment, delivery.action, message.outcome)
    changed(customer, delivery, frame)
    name, properties = (
        f"Journeyloop Action {message.outcome.capitalize()}",
        {"moment": delivery.moment, "action": delivery.action} | ({"reason": message.reason} if message.reason else {}),
    )
    return Event("track", name, f"{message.decision.hex()}/{message.outcome}", frame.now, properties=properties)


def _by_machine(delivery: Delivery, message: Outcome, now: int) -> bool:
    """A bot says so, or it was clicked quicker than anybody reads. A quick dismissal is believed: it asks for quiet."""
    return message.machine or (message.outcome == "clicked" and now - delivery.shown < REFLEX)


def _remember(customer: Customer, delivery: Delivery, done: str, now: int) -> None:
    """What `unless` asks for. Of more actions than a person can have met, those longest ago are forgotten."""
    header, name = customer.header, f"{delivery.moment}/{delivery.action}"
    times = list(header.acted.get(name, (0, 0, 0)))
    times[0] = now if done == "shown" else max(times[0], delivery.shown)
    if done != "shown":
        times[1 if done == "clicked" else 2] = now
    kept = sorted({**header.acted, name: times}.items(), key=lambda one: max(one[1]))[-MOST_ACTED:]
    header.acted = dict(sorted(kept))
