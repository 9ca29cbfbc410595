"""What arrives first stops the message: a goal, a `cancel_on` event, an opt-out, a hold."""

from __future__ import annotations

from journeyloop.act.brief import settled
from journeyloop.act.desk import at_desk
from journeyloop.act.life import changed, move
from journeyloop.model.customer import Customer
from journeyloop.model.decision import Delivery
from journeyloop.model.effects import Recall
from journeyloop.model.event import Event
from journeyloop.model.frame import Frame
from journeyloop.model.plan import Plan
from journeyloop.model.profile import scene
from journeyloop.model.reach import ONPAGE, PAGE, unreachable


def recall(customer: Customer, event: Event, frame: Frame) -> None:
    """Stop what this event makes wrong: its moment's goal is reached, or it is on the moment's `cancel_on`."""
    listening = frame.plan.by_event.get(event.name)
    if listening is None or not (customer.header.deliveries or customer.sealed.briefs):
        return
    read = scene(listening.reader, listening.reader.event_values(event), customer, frame)
    stopping = {
        one.name: f"goal: {event.name}" for one in listening.goals if one.goal.where.hold(read.activation, read.values)
    }
    for moment, match in listening.cancels:
        if match.where.hold(read.activation, read.values):
            stopping.setdefault(moment.name, f"cancelled: {event.name}")
    settled(customer, stopping)
    for delivery in customer.header.deliveries:
        if delivery.moment in stopping:
            stop(customer, delivery, stopping[delivery.moment], frame)


def withdraw(customer: Customer, subjects: list[str], frame: Frame) -> None:
    """The person opted out of these purposes, or purpose/channel, or is to be left alone with them or these topics, or
    cannot be reached any more (the reason is among them): stop everything pending that it is true of."""
    for delivery in customer.header.deliveries if subjects else []:
        moment = frame.plan.moment(delivery.moment)
        if moment is None:
            stop(customer, delivery, "moment_removed", frame)
        elif held := customer.header.held(delivery.topic, moment.purpose, frame.now):
            stop(customer, delivery, held, frame)
        elif moment.purpose in subjects or f"{moment.purpose}/{delivery.channel}" in subjects:
            stop(customer, delivery, "consent: withdrawn", frame)
        elif (lost := unreachable(customer, frame.plan.channels.get(delivery.channel, PAGE))) and lost in subjects:
            stop(customer, delivery, lost, frame)


def stop(customer: Customer, delivery: Delivery, reason: str, frame: Frame) -> None:
    """What is only due ends here. What may have left is recalled: its channel says whether it was in time."""
    if delivery.state == "due":
        delivery.recalled_at = frame.now
        move(customer, delivery, "suppressed", reason, frame)
    elif delivery.state in ("intent", "sent") and not (
        delivery.clicked or delivery.dismissed or delivery.recalled or gone(delivery, frame.plan)
    ):
        delivery.recalled, delivery.recalled_at = reason, frame.now
        changed(customer, delivery, frame)
        frame.count(delivery.moment, "recalled")
        if not at_desk(delivery, frame.plan):
            frame.emit(_recall(customer, delivery))


def gone(delivery: Delivery, plan: Plan) -> bool:
    """A message already handed to a provider cannot be recalled; one on a page or a desk can."""
    return delivery.state == "sent" and delivery.channel != ONPAGE and not at_desk(delivery, plan)


def recalls(customer: Customer) -> list[Recall]:
    """What a browser that has just connected is told again: the first word may have gone down with its last stream."""
    return [
        _recall(customer, delivery)
        for delivery in customer.header.deliveries
        if delivery.recalled and delivery.channel == ONPAGE and delivery.state != "suppressed"
    ]


def _recall(customer: Customer, delivery: Delivery) -> Recall:
    return Recall(customer.header.person, delivery.decision, delivery.recalled, customer.sealed.anonymous_ids())
