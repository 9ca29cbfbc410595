"""Whom a call from another service is about, and what it may say of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from journeyloop.model.customer import Customer, Header, Sealed
from journeyloop.model.identifier import Identifier, Name
from journeyloop.model.policy import Identity
from journeyloop.runtime.hooked import Addressing, Expression, Told

EMAIL, CUSTOMER = ("email", "ada@example.com"), ("stripe_customer", "cus_1")
ADA = Customer(
    Header(person=b"a" * 16, created=0),
    Sealed([Name("anonymous_id", "a2", 9), Name("anonymous_id", "a1", 3), Name("user_id", "ada")]),
)
VISITOR = Customer(Header(person=b"v" * 16, created=0), Sealed([Name("anonymous_id", "a2", 9), Name(*CUSTOMER)]))
NAMELESS = Customer(Header(person=b"n" * 16, created=0), Sealed([Name(*EMAIL)]))


def addressed(told: Told, people: dict[Identifier, Customer] | None = None) -> tuple[dict[str, Any], str]:
    raw, source = Addressing(b"secret", Identity(), (people or {}).get).addressed(told)
    return json.loads(raw), source


def test_an_id_brings_the_providers_own_id_along_but_no_address_that_nobody_verified() -> None:
    call, source = addressed(Told({"userId": "ada"}, (CUSTOMER, EMAIL)))
    assert call["context"] == {"externalIds": [{"type": "stripe_customer", "id": "cus_1"}]}
    assert (call["userId"], source) == ("ada", "server")
    call, source = addressed(Told({"userId": "ada"}, (CUSTOMER, EMAIL), vouched=True))
    assert (call["context"]["traits"], source) == ({"email": "ada@example.com"}, "server")


def test_an_id_that_anybody_could_write_names_nobody_else_and_is_a_browsers_word() -> None:
    call, source = addressed(Told({"userId": "ada"}, (CUSTOMER, EMAIL), vouched=True, hearsay=True))
    assert (call["context"], source) == ({}, "browser")


@pytest.mark.parametrize(
    ("person", "expected"), [(ADA, {"userId": "ada"}), (VISITOR, {"anonymousId": "a2"})], ids=["user", "visitor"]
)
def test_who_is_known_by_a_name_is_found_and_given_none(person: Customer, expected: dict[str, str]) -> None:
    call, source = addressed(Told({}, (("zendesk_user", "z9"), (EMAIL[0], " ADA@example.com "))), {EMAIL: person})
    assert (call, source) == (expected | {"context": {}}, "server")


def test_a_stranger_gets_an_id_that_nobody_can_guess() -> None:
    call, source = addressed(Told({}, (CUSTOMER, EMAIL)))
    assert call["anonymousId"].startswith("hook-") and "cus_1" not in call["anonymousId"]
    assert "traits" not in call["context"] and source == "server"
    again, _ = addressed(Told({}, (CUSTOMER,)))
    assert again["anonymousId"] == call["anonymousId"]


def test_an_address_alone_is_a_browsers_word_until_it_is_vouched_for() -> None:
    for vouched, expected in ((False, "browser"), (True, "server")):
        call, source = addressed(Told({}, (EMAIL,), vouched), {EMAIL: NAMELESS})
        assert (call["context"]["traits"], source) == ({"email": "ada@example.com"}, expected)


def test_what_is_no_name_is_left_out() -> None:
    call, source = addressed(Told({}, (("email", "not an address"), ("phone", "12"))))
    assert (call, source) == ({"context": {}}, "server")


def test_an_expression_over_what_is_not_there_is_nothing() -> None:
    values = {"body": {"list": [1, {"a": None}], "cents": 1999}, "headers": {"x": "y"}, "query": {}}
    shown = {text: Expression(text).value(values) for text in ("body.list", "headers.x", "double(body.cents) / 100.0")}
    assert list(shown.values()) == [[1, {"a": None}], "y", 19.99]
    assert Expression("body.no.where").value(values) is Expression("body.cents + 'x'").value(values) is None
    assert Expression("timestamp('2026-01-01T00:00:00Z')").value(values) == "2026-01-01T00:00:00Z"
    assert Expression("type(body.cents)").value(values) is None
    with pytest.raises(ValueError, match="undeclared"):
        Expression("event.name")
