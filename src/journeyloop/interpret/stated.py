"""What is said of a person outside of events: consent, that they are to be left alone for a while, and that a browser
of theirs may be pushed to."""

from __future__ import annotations

from journeyloop.interpret.consent import state_consent
from journeyloop.interpret.hold import asked_hold
from journeyloop.interpret.subscribed import push_subscribed
from journeyloop.model.customer import Customer
from journeyloop.model.frame import Frame
from journeyloop.model.inputs import ConsentStated, Held, PushSubscribed


def take_word(customer: Customer, word: ConsentStated | Held | PushSubscribed, frame: Frame) -> list[str]:
    """What may not be sent any more: purposes, purpose/channel, topics."""
    if isinstance(word, Held):
        return asked_hold(customer, word, frame)
    if isinstance(word, PushSubscribed):
        return push_subscribed(customer, word, frame)
    return state_consent(customer, word, frame)
