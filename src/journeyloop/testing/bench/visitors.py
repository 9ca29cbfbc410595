"""People before and after they are known: half of the identity bench's store, and how its records are weighed.

Written straight into the store, as in `people`: those known by a user id alone, and the visitors some of them were.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from msgspec import Struct

from journeyloop.adapters.store.directory import open_reader, open_store
from journeyloop.interpret.identity import Owner, person_id
from journeyloop.model.cart import Cart, Change
from journeyloop.model.context import Context
from journeyloop.model.customer import Customer, Header, Sealed, Session
from journeyloop.model.identifier import Identifier, Name, identifier_key
from journeyloop.runtime import reads, records
from journeyloop.runtime.memory import read_secret
from journeyloop.testing.bench.people import HOUR, anonymous_id, traits, user_id, write
from journeyloop.testing.bench.traffic import AGENT

MINUTE = 60_000
EIGHT = ("first_name", "last_name", "country", "age", "plan", "city", "tier", "lifetime_value")
SEEN = {"Page": 3, "Product Viewed": 2, "Product Added": 1}


def eight(number: int) -> dict[str, Any]:
    """Eight traits, none of which is an identifier."""
    stated = traits(number)
    return {name: stated[name] for name in EIGHT}


def preload(directory: Path, people: int, visitors: int) -> None:
    """People 0 … people-1 by their user id alone, and apart from them the browsers of the first `visitors`."""
    store, secret = open_store(directory, "relaxed", code="")
    with closing(store):
        at = time.time_ns() // 1_000_000 - HOUR
        names: list[Identifier] = [("user_id", user_id(number)) for number in range(people)]
        names += [("anonymous_id", anonymous_id(number)) for number in range(visitors)]
        persons = sorted((person_id(name, secret), name) for name in names)
        write(store, "people", ((person, _record(person, name, at)) for person, name in persons))
        owners = ((identifier_key(secret, name), records.encode_owner(Owner(person))) for person, name in persons)
        write(store, "owners", sorted(owners))


def _record(person: bytes, name: Identifier, at: int) -> bytes:
    customer = _known(person, at) if name[0] == "user_id" else _visitor(person, at)
    customer.sealed.names = [Name(*name, at, "browser")]
    return records.encode_customer(customer)


def _known(person: bytes, at: int) -> Customer:
    header = Header(person, at, first_seen=at, last_seen=at, known=True, events=1, counts={"Identify": 1})
    header.session = Session(1, at, at, 1)
    customer = Customer(header, Sealed())
    for name, value in eight(at % 1_000).items():
        customer.state(name, value, at, "server")
    return customer


def _visitor(person: bytes, at: int) -> Customer:
    """A visit of six events, with something left in the cart."""
    end = at + MINUTE
    header = Header(person, at, first_seen=at, last_seen=end, events=sum(SEEN.values()), counts=dict(SEEN))
    header.session = Session(1, at, end, header.events)
    header.cart_value, header.cart_items = 20.0, 1
    cart = Cart(changes=[Change(at + 1, "p1", 1.0, "Product 1", 20.0)])
    context = Context(page=("/products/1", end), locale=("de-DE", end), user_agent=(AGENT, end))
    return Customer(header, Sealed(cart=cart, context=context))


# --- afterwards -------------------------------------------------------------------------------------------------------


class Weighed(Struct):
    """How many live in the store, by how many identifiers, and how many merges they went through. Bytes of their
    records: `average` of all as stored, `largest` of those asked for without dedup ids."""

    people: int
    identifiers: int
    merges: int
    average: float
    largest: int


def weighed(directory: Path, asked: Iterable[int]) -> Weighed:
    """Everybody in the store; `asked` for are people with two identifiers and eight traits."""
    with closing(open_reader(directory)) as store, store.read() as reader:
        secret = read_secret(reader) or b""
        living = [
            (header, len(raw))
            for _, raw in reader.scan("people")
            if (header := records.decode_record(raw, Header)[0]).successor is None
        ]
        return Weighed(
            people=len(living),
            identifiers=sum(1 for _ in reader.scan("owners")),
            merges=sum(len(header.absorbed) for header, _ in living),
            average=sum(size for _, size in living) / len(living),
            largest=max(
                (_bytes(reads.find_customer(reader, secret, ("user_id", user_id(one)))) for one in asked), default=0
            ),
        )


def _bytes(customer: Customer | None) -> int:
    assert customer is not None
    assert (len(customer.sealed.names), len(customer.traits)) == (2, len(EIGHT)), customer.sealed.names
    header = customer.header
    header.recent, header.recent_days, header.older_parts = b"", [], []
    return len(records.encode_customer(customer))
