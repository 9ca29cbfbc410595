"""What an agent should know of a person before they speak: who it is, what just happened, what is open, who said what
to them before, and what is better not said. Facts of the store in plain words; nothing here decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from journeyloop.model.customer import Customer
from journeyloop.model.disposition import DISPOSED
from journeyloop.model.event import Event
from journeyloop.model.moment import Moment
from journeyloop.model.plan import Plan
from journeyloop.model.profile import profile_values, trait
from journeyloop.runtime import reads
from journeyloop.runtime.chain import Committed, Walk, event_of
from journeyloop.runtime.feed import describe
from journeyloop.runtime.ports import Reader

HAPPENED = 8
CONTACTS = 5
LOOKED_AT = 200
"""So many of the newest records are looked at, however long the history."""

FAILED = frozenset({"Payment Failed"})
PAID = frozenset({"Payment Succeeded", "Order Completed"})
UNTOLD = frozenset({"Identify", "Alias", "Group"})
"""They say who somebody is, not what they did."""

ANSWERS = {"clicked": "accepted", "dismissed": "declined"}
"""What an agent did with a suggestion, in the words of the desk."""


def briefed(
    reader: Reader, secret: bytes, plan: Plan, customer: Customer, now: int, suggestion: dict[str, Any] | None
) -> dict[str, Any]:
    """The brief. `suggestion` is what the agent has in hand, with the words of its author."""
    events = list(_events(reader, secret, customer))
    decisions = reads.decisions(reader, customer, plan)
    return {
        "who": _who(customer, plan, now),
        "told": _told(customer, plan, now),
        "happened": _happened(events, decisions, plan),
        "open": [*_unpaid(events), *_open_signals(customer, plan, now), *_holds(customer, now)],
        "contacts": _contacts(decisions, plan, suggestion),
        "avoid": [*_avoid(customer, plan, now), *_author_avoids(plan, suggestion)],
    }


def _who(customer: Customer, plan: Plan, now: int) -> dict[str, Any]:
    header, known = customer.header, profile_values(customer, now, plan.computed)
    names = {name.type: name.value for name in sorted(customer.sealed.names, key=lambda name: name.at)}
    tier = trait(customer, "tier")
    return {
        "name": _name(customer) or names.get("user_id") or names.get("email") or f"Visitor {header.person.hex()[:4]}",
        "user_id": names.get("user_id"),
        "known": header.known,
        "known_since": header.first_seen or header.created,
        "tier": str(tier) if tier else ("high value" if known["high_value"] else None),
        "orders": header.orders,
        "revenue": header.revenue,
        "refunds": header.refunds,
        "refunded": header.refunded,
        "last_order": header.last_order or None,
        "cart_value": header.cart_value,
        "here_now": bool(header.presence.browsers),
    }


def _name(customer: Customer) -> str:
    parts = [trait(customer, name) for name in ("first_name", "last_name")]
    full = " ".join(part for part in parts if isinstance(part, str) and part)
    name = trait(customer, "name")
    return full or (name if isinstance(name, str) else "")


def _told(customer: Customer, plan: Plan, now: int) -> list[dict[str, Any]]:
    """What the moments tell, newest first."""
    return [
        {"at": one.at, "moment": one.moment, "title": _title(plan, one.moment), "text": one.text, "until": one.until}
        for one in reversed(customer.sealed.briefs)
        if one.until > now
    ]


# --- what happened ----------------------------------------------------------------------------------------------------


def _events(reader: Reader, secret: bytes, customer: Customer) -> Iterator[Event]:
    """The newest first."""
    for _, _, applied in islice(Walk(Committed(reader), secret).records(customer.header), LOOKED_AT):
        event = event_of(applied)
        if event is not None:
            yield event


def _happened(events: list[Event], decisions: list[dict[str, Any]], plan: Plan) -> list[dict[str, Any]]:
    """Events and signals, newest first; what happens again and again is told once."""
    shown = [{"at": one.time, "kind": "event", "text": _words(one)} for one in events if one.name not in UNTOLD]
    found = [*_signals(decisions, plan), *shown]
    newest: dict[str, dict[str, Any]] = {}
    for one in sorted(found, key=lambda one: -one["at"]):
        again = newest.setdefault(one["text"], {**one, "times": 0})
        again["times"] += 1
    return list(newest.values())[:HAPPENED]


def _signals(decisions: list[dict[str, Any]], plan: Plan) -> Iterator[dict[str, Any]]:
    """What became true. That an agent or a page asked is nothing that happened to the person."""
    for made in decisions:
        for row in made["moments"]:
            moment = plan.moment(row["moment"])
            if moment is not None and moment.detect.ask is None:
                yield {"at": row["signal_at"], "kind": "signal", "text": moment.title}


def _words(event: Event) -> str:
    if event.kind == "page" and isinstance(path := _path(event), str):
        return f"Looked at {path}"
    if event.name == DISPOSED:
        return f"An agent noted: {event.properties.get('disposition')}"
    return _payment(event) if event.name in FAILED else describe(event)


def _payment(event: Event) -> str:
    """What could not be paid, and what the bank says."""
    said = event.properties
    amount = next(
        (said[name] for name in ("amount", "value", "total") if isinstance(said.get(name), int | float)), None
    )
    cause = next((said[name] for name in ("decline_code", "code", "reason") if isinstance(said.get(name), str)), "")
    parts = [event.name, f"{amount:,.2f}" if amount is not None else "", cause.replace("_", " ")]
    return " · ".join(part for part in parts if part)


def _path(event: Event) -> Any:
    page = event.context.get("page")
    return (page.get("path") if isinstance(page, dict) else None) or event.properties.get("path")


# --- what is open -----------------------------------------------------------------------------------------------------


def _unpaid(events: list[Event]) -> Iterator[dict[str, Any]]:
    """The newest payment that failed, if none has succeeded since."""
    for event in events:
        if event.name in PAID:
            return
        if event.name in FAILED:
            yield {"kind": "payment", "since": event.time, "until": None, "text": _words(event)}
            return


def _open_signals(customer: Customer, plan: Plan, now: int) -> Iterator[dict[str, Any]]:
    """What was noticed and has not come right: its goal is still waited for. The newest word of each moment."""
    newest = {row.moment: row for row in customer.header.pending if row.closes > now}
    for row in newest.values():
        moment = plan.moment(row.moment)
        if moment is not None and moment.detect.ask is None and not row.goal_at:
            text = f"{moment.title}: no {moment.goal.event} yet"
            yield {"kind": "signal", "since": row.opened, "until": row.closes, "text": text}


def _holds(customer: Customer, now: int) -> Iterator[dict[str, Any]]:
    for name, until in customer.header.holds.items():
        if until > now:
            yield {"kind": "hold", "since": None, "until": until, "text": f"{name} is on hold"}


def _contacts(decisions: list[dict[str, Any]], plan: Plan, suggestion: dict[str, Any] | None) -> list[dict[str, Any]]:
    """What reached the person, or may have, over any channel; newest first."""
    in_hand = suggestion["decision_id"] if suggestion else None
    made = [one for one in decisions if one["state"] in ("sent", "unknown") and one["id"] != in_hand]
    return [_contact(one, plan) for one in made[:CONTACTS]]


def _contact(made: dict[str, Any], plan: Plan) -> dict[str, Any]:
    moment, action = made["action"]["moment"], made["action"]["action"]
    channel = next(one["channel"] for one in made["candidates"] if (one["moment"], one["action"]) == (moment, action))
    done = next((name for name in ("clicked", "dismissed", "shown") if made[name]), "")
    if plan.channels.get(channel) == "desk":
        done = ANSWERS.get(done, "")
    outcome = done or (f"taken back: {made['recalled']}" if made["recalled"] else "no answer")
    return {"at": made["at"], "channel": channel, "what": f"{_title(plan, moment)}: {action}", "outcome": outcome}


# --- what is better not said ------------------------------------------------------------------------------------------


def _avoid(customer: Customer, plan: Plan, now: int) -> Iterator[dict[str, Any]]:
    """Held, refused, not allowed, dismissed; and no discount while something is to be put right."""
    header = customer.header
    for name, until in header.holds.items():
        if until > now:
            yield {"kind": "hold", "text": f"Nothing about {name}: it is on hold", "until": until}
    for subject, word in header.consent.items():
        if not word.granted:
            purpose, _, channel = subject.partition("/")
            text = f"No {purpose}: refused" + (f" for {channel}" if channel else "")
            yield {"kind": "consent", "text": text, "until": None}
    for name, purpose_ in plan.policy.purposes.items():
        if purpose_.consent_required and name not in header.consent:
            yield {"kind": "consent", "text": f"No {name}: they have not agreed to it", "until": None}
    for topic, until in header.rests.items():
        if until > now:
            yield {"kind": "rest", "text": f"Nothing about {topic}: dismissed, and resting", "until": until}
    open_ = (plan.moment(row.moment) for row in header.pending if row.closes > now and not row.goal_at)
    if any(_puts_right(plan, moment) for moment in open_ if moment):
        yield {"kind": "service", "text": "No discounts: a service matter is open", "until": None}


def _puts_right(plan: Plan, moment: Moment) -> bool:
    purpose = plan.policy.purposes.get(moment.purpose)
    return purpose is not None and not purpose.consent_required and moment.detect.ask is None


def _author_avoids(plan: Plan, suggestion: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    """The words of who wrote the suggestion: a text, or a list of texts."""
    written = suggestion["content"].get("avoid") if suggestion else None
    texts: Iterable[Any] = [written] if isinstance(written, str) else written if isinstance(written, list) else ()
    for text in texts:
        yield {"kind": "author", "text": str(text), "until": None}


def _title(plan: Plan, moment: str) -> str:
    found = plan.moment(moment)
    return found.title if found else moment
