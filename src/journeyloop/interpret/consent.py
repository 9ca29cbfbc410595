"""What a person allows, per purpose. An opt-out wins unless the grant is newer by both clocks."""

from __future__ import annotations

from typing import Any

from journeyloop.interpret.identity import own
from journeyloop.model.customer import Consent, Customer
from journeyloop.model.effects import Stopped
from journeyloop.model.event import Event
from journeyloop.model.frame import Frame
from journeyloop.model.inputs import ConsentStated

UNSUBSCRIBED = ("Unsubscribed", "Email Unsubscribed")


def consent_in(customer: Customer, event: Event, frame: Frame) -> list[str]:
    """Record what an event says of consent; the purposes that were opted out of just now."""
    choices = _stated_in(event, frame)
    return _state(customer, choices, event.time, event.source, frame) if choices else []


def state_consent(customer: Customer, stated: ConsentStated, frame: Frame) -> list[str]:
    """Record what was stated outside events; the purposes that were opted out of just now."""
    own(customer, stated.identifier, stated.at, frame, stated.source)
    return _state(customer, stated.choices, stated.at, stated.source, frame)


def _stated_in(event: Event, frame: Frame) -> dict[str, bool]:
    """The choices an event carries. In Segment's consent object an empty object or a missing category means no."""
    if event.name in UNSUBSCRIBED:
        return {name: False for name, purpose in frame.plan.policy.purposes.items() if purpose.consent_required}
    consent = event.context.get("consent")
    if not isinstance(consent, dict):
        return {}
    stated: Any = consent.get("categoryPreferences")
    preferences = stated if isinstance(stated, dict) else {}
    wanted = frame.plan.policy.purposes
    return {name: preferences.get(name) is True for name, purpose in wanted.items() if purpose.consent_required}


def _state(customer: Customer, choices: dict[str, bool], at: int, source: str, frame: Frame) -> list[str]:
    stopped: list[str] = []
    for purpose, granted in choices.items():
        before = customer.header.consent.get(purpose)
        if before is not None and not _rules(before, granted, at, frame.now):
            continue
        customer.header.consent[purpose] = Consent(granted, at, frame.now, source)
        if before is None or before.granted != granted:
            frame.emit(Stopped(customer.header.person, purpose, stopped=not granted))
            if not granted:
                stopped.append(purpose)
    return stopped


def _rules(before: Consent, granted: bool, at: int, now: int) -> bool:
    """Whether a new statement replaces the one on record."""
    if granted and not before.granted:
        return at > before.at and now > before.received
    return at >= before.at or (not granted and before.granted)
