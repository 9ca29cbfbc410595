"""All there is about one person: who they are and by which names, what they did, what was decided, what they allow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from msgspec import to_builtins

from journeyloop.model.customer import Customer
from journeyloop.model.event import Event
from journeyloop.model.identifier import ADDRESSES
from journeyloop.model.inputs import Imported, Input
from journeyloop.model.ledger import Line
from journeyloop.model.plan import Plan
from journeyloop.runtime import reads, records
from journeyloop.runtime.chain import inputs, newest_first, positions
from journeyloop.runtime.ports import Reader
from journeyloop.runtime.records import LogHeader

EVENTS = 20
DECISIONS = 20
LOOKED_AT = 1_000
"""So many of the newest records are looked at for events: a profile costs the same, however long the history."""


def profile(reader: Reader, secret: bytes, plan: Plan, customer: Customer, now: int) -> dict[str, Any]:
    """`GET /v1/profile`: the profile with its graph of identifiers, and what happened of late, newest first."""
    return {
        **reads.profile(customer, plan, now),
        "identifiers": graph(customer),
        "contactable": contactable(customer),
        "merges": merges(customer),
        "audiences": {name: since for name, since in customer.header.audiences.items() if ">=" not in name},
        "events": list(islice(_events(reader, secret, customer), EVENTS)),
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
        "ledger": list(_ledger(reader, known)),
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


def absorbed_by(customer: Customer, key: bytes) -> bytes | None:
    """Which of the absorbed people brought the identifier with this key: the one who brought the least beside it."""
    found = [past for past in customer.header.absorbed if key in past.keys]
    return min(found, key=lambda past: len(past.keys)).person if found else None


def _events(reader: Reader, secret: bytes, customer: Customer) -> Iterator[dict[str, Any]]:
    """The newest first."""
    read, last_of = _log(reader)
    newest = islice(newest_first(read, last_of, customer.header, secret), LOOKED_AT)
    for record in map(_record, inputs(read, newest)):
        if "event" in record:
            yield record["event"] | {"received": record["received"]}


def _records(reader: Reader, secret: bytes, customer: Customer) -> Iterator[dict[str, Any]]:
    """What the log holds, in the order it was applied."""
    read, last_of = _log(reader)
    return map(_record, inputs(read, positions(read, last_of, customer.header, secret)))


def _log(reader: Reader) -> tuple[Callable[[int], bytes | None], Callable[[bytes], int]]:
    """How the log is read, and where each person's chain in it ends."""

    def last_of(person: bytes) -> int:
        raw = reader.get("people", person)
        return -1 if raw is None else records.decode_customer(raw).header.last_position

    return lambda position: reader.get("log", position.to_bytes(8, "big")), last_of


def _record(logged: tuple[int, LogHeader, Input]) -> dict[str, Any]:
    position, header, applied = logged
    found = {"position": position, "received": header.now, "kind": header.kind}
    event = applied.event if isinstance(applied, Imported) else applied
    return {**found, "event": _event(event)} if isinstance(event, Event) else {**found, "input": _plain(applied)}


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
