"""All there is about one person: who they are and by which names, what they did, what was decided, what they allow."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from msgspec import to_builtins

from journeyloop.interpret.names import kept
from journeyloop.model.audience import crossing_of
from journeyloop.model.customer import Customer
from journeyloop.model.event import Event
from journeyloop.model.identifier import Identifier, identifier_key
from journeyloop.model.inputs import Unmerge
from journeyloop.model.ledger import Line
from journeyloop.model.plan import Plan
from journeyloop.runtime import reads, records
from journeyloop.runtime.chain import Committed, Walk, event_of
from journeyloop.runtime.errands import NEWEST, told_of
from journeyloop.runtime.ports import Reader

EVENTS = 20
DECISIONS = 20
LOOKED_AT = 1_000
"""So many of the newest records are looked at for events: a profile costs the same, however long the history."""


def profile(reader: Reader, secret: bytes, plan: Plan, customer: Customer, now: int) -> dict[str, Any]:
    """`GET /v1/profile`: the profile, and what happened of late, newest first."""
    return _profile(reader, secret, plan, customer, now, reads.decisions(reader, customer, plan)[:DECISIONS])


def _profile(
    reader: Reader, secret: bytes, plan: Plan, customer: Customer, now: int, decisions: list[dict[str, Any]]
) -> dict[str, Any]:
    known = reads.profile(customer, plan, now)
    return {
        **known,
        "contactable": contactable(customer),
        "merges": merges(customer),
        "computed": {name: value for name in plan.computed if (value := known["profile"].get(name)) is not None},
        "audiences": {name: since for name, since in customer.header.audiences.items() if crossing_of(name) is None},
        "events": list(islice(_events(reader, secret, customer), EVENTS)),
        "decisions": decisions,
        "told": told_of(reader, customer, NEWEST),
    }


def export(reader: Reader, secret: bytes, plan: Plan, customer: Customer, now: int) -> dict[str, Any]:
    """`GET /v1/export`: everything that is held about one person."""
    known = {customer.header.person, *(past.person for past in customer.header.absorbed)}
    return {
        **_profile(reader, secret, plan, customer, now, reads.decisions(reader, customer, plan)),
        "traits": {
            name: {"value": value, "at": at, "source": source} for name, (value, at, source) in customer.traits.items()
        },
        "privacy": None if customer.sealed.privacy is None else list(customer.sealed.privacy),
        "told": told_of(reader, customer),
        "push": [_plain(one) for one in customer.sealed.subscriptions],
        "contacts": [_plain(contact) for contact in customer.header.contacts],
        "briefs": [_plain(brief) for brief in customer.sealed.briefs],
        "records": list(_records(reader, secret, customer)),
        "ledger": list(_ledger(reader, known)),
    }


def contactable(customer: Customer) -> dict[str, str]:
    """The addresses a message may go to: those that a server key vouched for and that live, the newest of each type."""
    vouched = sorted(
        (name for name in customer.sealed.names if name.verified and not name.dead), key=lambda name: name.verified
    )
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
        absorbed = _brought(customer, identifier_key(secret, kept(*other, plan.policy.identity)))
    known = any(past.person == absorbed for past in customer.header.absorbed)
    return Unmerge(customer.header.person, absorbed) if known and absorbed else None


def _brought(customer: Customer, key: bytes) -> bytes | None:
    """Which of the absorbed people brought the identifier with this key: the one who brought the least beside it."""
    found = [past for past in customer.header.absorbed if key in past.keys]
    return min(found, key=lambda past: len(past.keys)).person if found else None


def _events(reader: Reader, secret: bytes, customer: Customer) -> Iterator[dict[str, Any]]:
    """The newest first."""
    for _, head, applied in islice(Walk(Committed(reader), secret).records(customer.header), LOOKED_AT):
        event = event_of(applied)
        if event is not None:
            yield _event(event) | {"received": head.now}


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


def _ledger(reader: Reader, known: set[bytes]) -> Iterator[dict[str, Any]]:
    """Their lines, each with the hash it is bound to, so that it can be checked without the lines of others."""
    previous = bytes(32)
    for number, raw in reader.scan("ledger"):
        line = records.decode_line(raw)
        if line.entry.person in known or line.entry.other in known:
            yield _line(number, line, previous)
        previous = line.hash


def _line(number: bytes, line: Line, previous: bytes) -> dict[str, Any]:
    hashes = {"previous": previous.hex(), "hash": line.hash.hex()}
    return {"number": int.from_bytes(number, "big"), **_plain(line.entry), **hashes}
