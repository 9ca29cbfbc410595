"""What is said of a person outside of events: consent, and that they are to be left alone for a while."""

from __future__ import annotations

from journeyloop.interpret.consent import state_consent
from journeyloop.interpret.hold import asked_hold
from journeyloop.model.customer import Customer
from journeyloop.model.frame import Frame
from journeyloop.model.inputs import ConsentStated, Held


def take_word(customer: Customer, word: ConsentStated | Held, frame: Frame) -> list[str]:
    """What may not be sent any more: purposes, purpose/channel, topics."""
    if isinstance(word, Held):
        return asked_hold(customer, word, frame)
    return state_consent(customer, word, frame)
