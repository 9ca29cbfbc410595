"""People who are there before the bench begins: written straight into the store, through the record codec.

A million identify calls over HTTP would take minutes. This writes what they would leave (profile of 30 traits, consent,
both identifiers' owners) in key order, and no log: the people have no past that a replay could fold.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

from journeyloop.adapters.store.directory import open_store
from journeyloop.interpret.identity import Owner
from journeyloop.model.consent import Consent
from journeyloop.model.context import Context
from journeyloop.model.customer import Customer, Header, Sealed, Session
from journeyloop.model.identifier import Identifier, Name, identifier_key, keyed_hash
from journeyloop.runtime import records
from journeyloop.runtime.ports import Store

MILLION = 1_000_000
CHUNK = 50_000
HOUR = 3_600_000

Pair = tuple[bytes, bytes]


def user_id(number: int) -> str:
    return f"user-{number}"


def anonymous_id(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-{number:012x}"


def traits(number: int) -> dict[str, Any]:
    """Thirty fields: words, numbers and truths, as shops keep them."""
    stated = {
        "first_name": f"Name{number % 1000}", "last_name": f"Family{number % 5000}", "email": f"u{number}@example.com",
        "country": ("DE", "AT", "FR", "NL")[number % 4], "age": 18 + number % 70, "plan": ("free", "plus")[number % 2],
        "city": f"City {number % 800}", "newsletter": number % 3 == 0, "tier": ("bronze", "silver", "gold")[number % 3],
        "lifetime_value": number % 9000 / 10,
    }  # fmt: skip
    return stated | {f"field_{at}": (number * (at + 3)) % 10_000 for at in range(30 - len(stated))}


def preload(directory: Path, count: int = MILLION) -> None:
    """Write people 0 … count-1 into a store that has none."""
    store, secret = open_store(directory, "relaxed", code="")
    with closing(store):
        now = time.time_ns() // 1_000_000 - HOUR
        persons = sorted((person_id(secret, number), number) for number in range(count))
        write(store, "people", ((person, _record(person, number, now)) for person, number in persons))
        write(store, "owners", sorted(pair for person, number in persons for pair in _owners(secret, person, number)))


def person_id(secret: bytes, number: int) -> bytes:
    """The person that this user id founds."""
    return keyed_hash(secret, "person", "user_id", user_id(number))


def identifiers(number: int) -> list[Identifier]:
    return [("user_id", user_id(number)), ("anonymous_id", anonymous_id(number))]


def _record(person: bytes, number: int, at: int) -> bytes:
    header = Header(person, at, first_seen=at, last_seen=at, known=True, events=1, counts={"Identify": 1})
    header.session = Session(1, at, at, 1)
    header.consent = {"marketing": Consent(True, at, at, "server")}
    sealed = Sealed([Name(*one, at, "server") for one in identifiers(number)], context=Context(locale=("de-DE", at)))
    customer = Customer(header, sealed)
    for name, value in traits(number).items():
        customer.state(name, value, at, "server")
    return records.encode_customer(customer)


def _owners(secret: bytes, person: bytes, number: int) -> Iterator[Pair]:
    owner = records.encode_owner(Owner(person))
    for identifier in identifiers(number):
        yield identifier_key(secret, identifier), owner


def write(store: Store, table: str, pairs: Any) -> None:
    """In chunks of one transaction each; keys ascend, so pages fill up and are written once."""
    rest = iter(pairs)
    while chunk := list(islice(rest, CHUNK)):
        with store.write() as transaction:
            transaction.put_many(table, chunk, append=True)
