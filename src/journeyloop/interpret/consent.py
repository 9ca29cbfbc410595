"""What a person allows, per purpose and per purpose/channel. An opt-out wins unless the grant is newer by both clocks.

A word for one channel refines the word for the purpose: see `model.consent`. Every word that was said on purpose, and
every one that changed something, is a line of the ledger; preferences that a client stamps on each event are not.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from journeyloop.interpret.identity import TRUSTED, own
from journeyloop.interpret.privacy import Signalled, signalled
from journeyloop.model.consent import Consent, stricter
from journeyloop.model.customer import Customer
from journeyloop.model.effects import Recorded, Stopped
from journeyloop.model.errand import Cause
from journeyloop.model.event import Event
from journeyloop.model.frame import Frame
from journeyloop.model.inputs import ConsentStated
from journeyloop.model.ledger import Entry
from journeyloop.model.plan import Plan
from journeyloop.model.reach import alike
from journeyloop.model.suppression import suppress

UPDATED = "Segment Consent Preference Updated"
UNSUBSCRIBED = {"Unsubscribed": ("", "/email"), "Email Unsubscribed": ("/email",), "Email Marked as Spam": ("/email",)}
"""Events that are an opt-out, and what of each purpose they end: everything, or one channel."""

STOPPED = {"SMS Unsubscribed": "/sms", "WhatsApp Unsubscribed": "/whatsapp"}
"""Events after which nothing goes over a channel any more, whatever its purpose: STOP."""

RESUMED = {"SMS Subscribed": "/sms", "WhatsApp Subscribed": "/whatsapp"}
"""START: ends what STOP began, and grants nothing else. Only a trusted door may say so."""

FIRM = frozenset({UPDATED, *UNSUBSCRIBED, *STOPPED, *RESUMED})


class Said(Struct, gc=False):
    """Choices with where and when they were stated; `firm`: on purpose, not along with something else. `cause` is what
    other systems hear of it; None: nothing, it is from the past."""

    choices: dict[str, bool]
    at: int
    received: int
    source: str
    wording: str = ""
    firm: bool = True
    cause: Cause | None = "opt_out"


def consent_in(customer: Customer, event: Event, frame: Frame) -> list[str]:
    """Record what an event says of consent; what was opted out of just now (purposes, or purpose/channel)."""
    if "consent" not in event.context and event.name not in FIRM:
        return []
    choices = _stated_in(customer, event, frame)
    if not choices:
        return []
    said = Said(choices, event.time, frame.now, event.source, firm=event.name in FIRM)
    return _state(customer, said, frame)


def state_consent(customer: Customer, stated: ConsentStated, frame: Frame) -> list[str]:
    """Record what was stated outside events; what was opted out of just now."""
    own(customer, stated.identifier, stated.at, frame, stated.source)
    received = stated.received or frame.now
    said = Said(stated.choices, stated.at, received, stated.source, stated.wording)
    said.cause = None if stated.received else "opt_out"  # somebody else took it down: it is imported
    return _state(customer, said, frame)


def _stated_in(customer: Customer, event: Event, frame: Frame) -> dict[str, bool]:
    """The choices an event carries. In Segment's consent object an empty object or a missing category means no, and a
    privacy string with an opt-out is one whatever the preferences say."""
    wanted = [name for name, purpose in frame.plan.policy.purposes.items() if purpose.consent_required]
    if event.name in UNSUBSCRIBED:
        endings = [one for ending in UNSUBSCRIBED[event.name] for one in _endings(ending, frame.plan)]
        ended = wanted if event.name == "Email Unsubscribed" else list(frame.plan.policy.purposes)
        return {f"{name}{ending}": False for name in ended for ending in endings}
    if event.name in STOPPED:
        return {f"{name}{STOPPED[event.name]}": False for name in frame.plan.policy.purposes}
    if event.name in RESUMED and event.source in TRUSTED:
        given, ending = customer.header.consent, RESUMED[event.name]
        return {about: True for about, word in given.items() if about.endswith(ending) and not word.granted}
    consent = event.context.get("consent")
    if not isinstance(consent, dict):
        return {}
    string = signalled(consent) if len(consent) > 1 or "categoryPreferences" not in consent else None
    if string is not None:
        _keep(customer, string, event.time)
    if string is not None and string.opted_out:
        return dict.fromkeys(wanted, False)
    if string is not None and "categoryPreferences" not in consent:
        return {}
    stated: Any = consent.get("categoryPreferences")
    preferences = stated if isinstance(stated, dict) else {}
    return {name: preferences.get(name) is True for name in wanted}


def _endings(ending: str, plan: Plan) -> list[str]:
    return [f"/{name}" for name in alike(plan.channels, "email")] if ending == "/email" else [ending]


def _keep(customer: Customer, string: Signalled, at: int) -> None:
    """The newest privacy string is stored as it came."""
    kept = (at, string.kind, string.text)
    if customer.sealed.privacy is None or kept >= customer.sealed.privacy:
        customer.sealed.privacy = kept


def _state(customer: Customer, said: Said, frame: Frame) -> list[str]:
    stopped: list[str] = []
    for subject, granted in said.choices.items():
        before = customer.header.consent.get(subject)
        word = Consent(granted, said.at, said.received, said.source, said.wording, said.firm)
        now = word if before is None else stricter(before, word)
        customer.header.consent[subject] = now
        changed = before is None or before.granted != now.granted
        if changed or said.firm:
            frame.emit(Recorded(_entry(customer, subject, word)))
        if changed:
            frame.emit(Stopped(customer.header.person, subject, stopped=not now.granted))
            if not now.granted:
                stopped.append(subject)
    if stopped and said.cause is not None:
        suppress(customer, said.cause, stopped, 0, frame)
    return stopped


def _entry(customer: Customer, subject: str, word: Consent) -> Entry:
    said = "granted" if word.granted else "refused"
    person = customer.header.person
    return Entry("consent", person, word.at, word.received, subject, said, word.source, word.wording)
