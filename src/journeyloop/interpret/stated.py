"""What is said of a person: consent, in events and outside of them; that they are to be left alone for a while, or that
a browser of theirs may be pushed to; and that an address of theirs is none any more.
"""

from __future__ import annotations

from journeyloop.interpret.consent import consent_in, state_consent
from journeyloop.interpret.hold import asked_hold
from journeyloop.interpret.identity import TRUSTED
from journeyloop.interpret.names import Unusable, normal
from journeyloop.interpret.subscribed import push_subscribed
from journeyloop.model.customer import Customer
from journeyloop.model.event import Event
from journeyloop.model.frame import Frame
from journeyloop.model.inputs import ConsentStated, Held, PushSubscribed
from journeyloop.model.suppression import bury

BOUNCED = "Email Bounced"
SOFT = "soft"


def take_word(customer: Customer, word: ConsentStated | Held | PushSubscribed, frame: Frame) -> list[str]:
    """What may not be sent any more: purposes, purpose/channel, topics."""
    if isinstance(word, Held):
        return asked_hold(customer, word, frame)
    if isinstance(word, PushSubscribed):
        return push_subscribed(customer, word, frame)
    return state_consent(customer, word, frame)


def word_in(customer: Customer, event: Event, frame: Frame) -> list[str]:
    """The same of an event. Why nobody can be reached any more is also something that may not be sent."""
    ended = consent_in(customer, event, frame)
    lost = _bounced(customer, event, frame) if event.name == BOUNCED else None
    return [*ended, lost] if lost else ended


def _bounced(customer: Customer, event: Event, frame: Frame) -> str | None:
    """A message came back. Only one that will always come back says something about its address; and only somebody
    who can know: a browser cannot."""
    if event.source not in TRUSTED or event.properties.get("bounce") == SOFT:
        return None
    try:
        address = normal("email", event.properties.get("email"), None, frame.plan.policy.identity)
    except Unusable:
        return None
    return bury(customer, "email", address, frame)
