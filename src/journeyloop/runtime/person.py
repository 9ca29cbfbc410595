"""All there is about one person: who they are and by which names, what they did, what was decided, what they allow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import to_builtins

from journeyloop.interpret.names import normal
from journeyloop.model.audience import crossing_of
from journeyloop.model.customer import Customer
from journeyloop.model.event import Event
from journeyloop.model.identifier import ADDRESSES, Identifier, identifier_key
from journeyloop.model.inputs import Unmerge
from journeyloop.model.plan import Plan
from journeyloop.runtime import reads, records
from journeyloop.runtime.chain import Committed, Walk, event_of
from journeyloop.runtime.ports import Reader

EVENTS = 20
RECORDS = 4 * EVENTS
"""So many of a chain are looked through for its newest events: others are timers and tabs."""

DECISIONS = 20


def profile(reader: Reader, secret: bytes, plan: Plan, customer: Customer, now: int) -> dict[str, Any]:
    """`GET /v1/profile`: the profile with its graph of identifiers, and what happened of late, newest first."""
    newest = list(_newest(reader, secret, customer))
    return {
        **reads.profile(customer, plan, now),
        "identifiers": graph(customer),
        "contactable": contactable(customer),
        "merges": merges(customer),
        "audiences": {name: since for name, since in customer.header.audiences.items() if crossing_of(name) is None},
        "events": newest,
        "decisions": reads.decisions(reader, customer)[:DECISIONS],
    }


def export(reader: Reader, secret: bytes, plan: Plan, customer: Customer, now: int) -> dict[str, Any]:
    """`GET /v1/export`: everything that is held about one person."""
    known = {customer.header.person, *(past.person for past in customer.header.absorbed)}
    return {
        **profile(reader, secret, plan, customer, now),
        "traits": {
            name: {"value": value, "at": at, "source": source} for name, (value, at, source) in customer.traits.items()
        },
        "privacy": None if customer.sealed.privacy is None else list(customer.sealed.privacy),
        "contacts": [_plain(contact) for contact in customer.header.contacts],
        "records": list(_records(reader, secret, customer)),
        "decisions": reads.decisions(reader, customer),
        "ledger": [_line(number, raw) for number, raw in reader.scan("ledger") if _concerns(raw, known)],
    }


def graph(customer: Customer) -> list[dict[str, Any]]:
    """Each identifier with where it came from, when it was last named, and whether somebody vouched for it."""
    return [
        {
            "type": name.type,
            "value": name.value,
            "at": name.at,
            "source": name.source,
            **(
                {"verified": bool(name.verified), "verified_at": name.verified or None}
                if name.type in ADDRESSES
                else {}
            ),
        }
        for name in customer.sealed.names
    ]


def contactable(customer: Customer) -> dict[str, str]:
    """The addresses a message may go to: those that a server key vouched for, the newest of each type."""
    vouched = sorted((name for name in customer.sealed.names if name.verified), key=lambda name: name.verified)
    return {name.type: name.value for name in vouched}


def merges(customer: Customer) -> list[dict[str, Any]]:
    """Who turned out to be this person; `via` is the type of identifier that tied them. What `unmerge` takes back."""
    return [
        {"person": past.person.hex(), "at": past.at or None, "via": past.via or None}
        for past in customer.header.absorbed
    ]


def joined(
    reader: Reader, secret: bytes, plan: Plan, identifier: Identifier, other: Identifier | str
) -> Unmerge | None:
    """What tells this person apart from the one that `other` (an identifier, or a person's id in hex) was before they
    were joined; None if they never were.

    Raises:
        Unusable: `other` is no identifier; ValueError: no id in hex.
    """
    customer = reads.find_customer(reader, secret, identifier)
    if customer is None:
        return None
    if isinstance(other, str):
        absorbed: bytes | None = bytes.fromhex(other)
    else:
        value = normal(other[0], other[1], None, plan.policy.identity)
        absorbed = _brought(customer, identifier_key(secret, (other[0], value)))
    known = any(past.person == absorbed for past in customer.header.absorbed)
    return Unmerge(customer.header.person, absorbed) if known and absorbed else None


def _brought(customer: Customer, key: bytes) -> bytes | None:
    """Which of the absorbed people brought the identifier with this key: the one who brought the least beside it."""
    found = [past for past in customer.header.absorbed if key in past.keys]
    return min(found, key=lambda past: len(past.keys)).person if found else None


def _newest(reader: Reader, secret: bytes, customer: Customer) -> list[dict[str, Any]]:
    """The newest events, newest first. Only the ends of chains are read: a profile must not cost a whole past."""
    walk = Walk(Committed(reader), secret, longest=RECORDS)
    found = [(position, head.now, event_of(applied)) for position, head, applied in walk.records(customer.header)]
    events = sorted((one for one in found if one[2] is not None), key=lambda one: one[0], reverse=True)
    return [_event(event) | {"received": received} for _, received, event in events[:EVENTS] if event is not None]


def _records(reader: Reader, secret: bytes, customer: Customer) -> Iterator[dict[str, Any]]:
    """What the log holds, in the order it was applied."""
    for position, header, applied in Walk(Committed(reader), secret).in_order(customer.header):
        found = {"position": position, "received": header.now, "kind": header.kind}
        event = event_of(applied)
        yield {**found, "input": _plain(applied)} if event is None else {**found, "event": _event(event)}


def _event(event: Event) -> dict[str, Any]:
    named = {name: getattr(event, name) for name in event.__struct_fields__}
    return {name: value for name, value in named.items() if value not in (None, {})}


def _plain(struct: Any) -> dict[str, Any]:
    named = {name: getattr(struct, name) for name in struct.__struct_fields__}
    return {name: value.hex() if isinstance(value, bytes) else to_builtins(value) for name, value in named.items()}


def _concerns(raw: bytes, known: set[bytes]) -> bool:
    entry = records.decode_line(raw).entry
    return entry.person in known or entry.other in known


def _line(number: bytes, raw: bytes) -> dict[str, Any]:
    line = records.decode_line(raw)
    return {"number": int.from_bytes(number, "big"), **_plain(line.entry), "hash": line.hash.hex()}
