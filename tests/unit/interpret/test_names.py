"""Which identifiers an event brings, how they are written, and which are refused."""

from __future__ import annotations

from typing import Any

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from journeyloop.interpret.names import Unusable, named, normal
from journeyloop.model.event import Event
from journeyloop.model.policy import Identity


def found(identity: Identity | None = None, region: str | None = None, **fields: Any) -> list[Any]:
    event = Event(**({"kind": "track", "name": "E", "message_id": "m", "time": 1, "anonymous_id": "a1"} | fields))
    return list(named(event, lambda: region, identity or Identity()))


@pytest.mark.parametrize(
    ("typed", "written"),
    [("ada@example.com", "ada@example.com"), (" Ada@EXAMPLE.com\n", "ada@example.com"), ("ü@bücher.de", "ü@bücher.de")],
)
def test_an_address_is_written_in_one_way(typed: str, written: str) -> None:
    assert normal("email", typed, None, Identity()) == written


@pytest.mark.parametrize(
    ("typed", "region"),
    [("+49 170 1234567", None), ("0049170/1234567", "DE"), ("0170 1234567", "DE"), ("(0170) 123-45-67", "DE")],
)
def test_a_number_is_written_as_e164(typed: str, region: str | None) -> None:
    assert normal("phone", typed, region, Identity()) == "+491701234567"


@pytest.mark.parametrize(
    ("type_", "value", "reason"),
    [
        ("email", "ada", "malformed_email"),
        ("email", "ada@", "malformed_email"),
        ("email", "a" * 400 + "@example.com", "malformed_email"),
        ("email", 7, "malformed_email"),
        ("email", "null", "blocked_value"),
        ("phone", "call me", "malformed_phone"),
        ("phone", "0170 1234567", "malformed_phone"),
        ("phone", "+49", "malformed_phone"),
        ("phone", "000-000", "blocked_value"),
        ("device_id", "undefined", "blocked_value"),
        ("device_id", "00000000-0000-0000-0000-000000000000", "blocked_value"),
        ("device_id", "a\0b", "malformed_id"),
        ("stripe_customer", None, "malformed_id"),
    ],
)
def test_what_names_nobody_is_refused_with_its_reason(type_: str, value: Any, reason: str) -> None:
    with pytest.raises(Unusable, match=reason):
        normal(type_, value, None, Identity())


LABELS = [
    "example",
    "Example",
    "com",
    "localhost",
    "test",
    "a-",
    "-a",
    "ab--c",
    "xn--bcher-kva",
    "",
    "b>",
    "a_b",
    "bücher",
]
LABELS += ["a" * 63, "b" * 64, "1", "[1]", "x y"]


@given(
    st.text("aZ0_+-.'\"@ <ü\\", max_size=6) | st.integers(60, 70).map("a".__mul__),
    st.lists(st.sampled_from(LABELS), min_size=1, max_size=5).map(".".join),
)
def test_an_address_is_what_a_close_look_at_all_of_it_says(local: str, domain: str) -> None:
    text = f"{local}@{domain}".strip()
    try:
        expected = validate_email(text, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        with pytest.raises(Unusable, match="malformed_email"):
            normal("email", text, None, Identity())
    else:
        assert normal("email", text, None, Identity()) == expected


@given(
    st.sampled_from(["email", "phone", "device_id", "x"]), st.text() | st.integers() | st.none(), st.none() | st.text()
)
def test_any_text_is_taken_or_refused(type_: str, value: Any, region: str | None) -> None:
    try:
        written = normal(type_, value, region, Identity())
    except Unusable:
        return
    assert normal(type_, written, region, Identity()) == written


def test_where_identifiers_are_found() -> None:
    context = {
        "traits": {"phone": "+491701234567"},
        "device": {"id": "D1", "type": "ios"},
        "externalIds": [{"type": "Stripe.Customer", "id": "cus_1"}, {"type": "user_id", "id": "evil"}, "junk", {}],
    }
    assert found(kind="identify", user_id="u1", traits={"email": "a@b.de"}, context=context) == [
        (("anonymous_id", "a1"), None),
        (("email", "a@b.de"), None),
        (("phone", "+491701234567"), None),
        (("device_id", "D1"), None),
        (("stripe_customer", "cus_1"), None),
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "group", "traits": {"email": "office@b.de"}},
        {"properties": {"email": "friend@b.de"}},
        {"context": {"externalIds": {"type": "email"}}},
        {"context": {"traits": "x", "device": "y"}},
    ],
)
def test_what_is_not_the_persons_own_is_left_alone(fields: dict[str, Any]) -> None:
    assert found(**fields) == []


def test_priority_decides_who_claims_first() -> None:
    identity = Identity(priority=("phone", "email", "anonymous_id"))
    traits = {"email": "a@b.de", "phone": "+491701234567"}
    types = [one[0][0] for one in found(identity, kind="identify", user_id="u1", traits=traits)]
    assert types == ["phone", "email", "anonymous_id"]


def test_a_refused_one_is_told_beside_the_others() -> None:
    assert found(kind="identify", traits={"email": "nobody", "phone": "+491701234567"}) == [
        (("email", ""), "malformed_email"),
        (("phone", "+491701234567"), None),
    ]
