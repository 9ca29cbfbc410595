"""Every record comes back as it was, whatever its fields hold; what is sealed stays sealed; old versions upgrade."""

from __future__ import annotations

import types
from contextlib import suppress
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from journeyloop.interpret.identity import Owner
from journeyloop.model.board import Tally
from journeyloop.model.context import Context
from journeyloop.model.customer import Customer, Header, Sealed, Traits
from journeyloop.model.decision import Decision, Delivery
from journeyloop.model.event import Event
from journeyloop.model.identifier import Name
from journeyloop.model.inputs import Input, PlanChanged
from journeyloop.runtime import records
from journeyloop.runtime.records import LogHeader, RecordError

SIMPLE: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False),
    str: st.text(max_size=20),
    bytes: st.binary(max_size=40),
    bool: st.booleans(),
    type(None): st.none(),
    Any: st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=5,
    ),
}


def values(of: Any, inside: tuple[Any, ...] = ()) -> st.SearchStrategy[Any]:
    """Any value of a type that our models use, so that a new field is covered the day it is added. `inside`: the
    structs it is in; one that holds its like does so once."""
    if of in SIMPLE:
        return SIMPLE[of]
    if isinstance(of, type) and issubclass(of, Struct):
        return st.builds(of, **{field.name: values(field.type, (*inside, of)) for field in msgspec.structs.fields(of)})
    if of is msgspec.Raw:
        return values(Traits).map(msgspec.msgpack.encode).map(msgspec.Raw)
    arguments = get_args(of)
    match get_origin(of):
        case origin if origin in (Union, types.UnionType):
            return st.one_of([values(argument, inside) for argument in arguments])
        case origin if origin is list:
            if inside.count(arguments[0]) > 1:
                return st.just([])
            return st.lists(values(arguments[0], inside), max_size=3)
        case origin if origin is dict:
            return st.dictionaries(values(arguments[0], inside), values(arguments[1], inside), max_size=3)
        case origin if origin is tuple:
            return st.tuples(*[values(argument, inside) for argument in arguments])
        case origin if origin is Literal:
            return st.sampled_from(arguments)
    raise NotImplementedError(of)


def test_traits_are_packed_when_they_were_stated() -> None:
    customer = Customer(Header(b"p" * 16, 1))
    customer.state("tier", "gold", 5, "server")
    again = records.decode_customer(records.encode_customer(customer))
    assert again.traits == {"tier": ("gold", 5, "server")}
    again.state("tier", "silver", 6, "server")
    assert records.decode_customer(records.encode_customer(again)).traits == {"tier": ("silver", 6, "server")}


# --- round trips ----------------------------------------------------------------------------------------------------


@given(values(Header), values(Sealed), st.dictionaries(st.integers(), st.binary(), max_size=1))
def test_customer(header: Header, sealed: Sealed, older: dict[int, bytes]) -> None:
    raw = records.encode_customer(Customer(header, sealed, older))
    assert records.decode_customer(raw) == Customer(header, sealed)


@given(values(LogHeader), values(Input))
def test_log(header: LogHeader, applied: Input) -> None:
    raw = records.encode_log(header, applied)
    assert records.decode_log(raw) == (header, applied)
    assert records.decode_log_header(raw) == header


@given(values(Decision))
def test_decision(decision: Decision) -> None:
    before = msgspec.msgpack.encode(decision)
    assert records.decode_decision(records.encode_decision(decision)) == decision
    assert msgspec.msgpack.encode(decision) == before


@given(values(Delivery))
def test_delivery(delivery: Delivery) -> None:
    assert records.decode_delivery(records.encode_delivery(delivery)) == delivery


@given(values(Owner))
def test_owner(owner: Owner) -> None:
    assert records.decode_owner(records.encode_owner(owner)) == owner


@given(values(Tally))
def test_tally(tally: Tally) -> None:
    for group in (tally.evidence.treated, tally.evidence.holdout):
        group.total = float(group.goals)
    assert records.decode_tally(records.encode_tally(tally)) == tally


# --- what is sealed -------------------------------------------------------------------------------------------------

SECRET = "SophieExample"


def secrets() -> list[bytes]:
    """One record of each kind that knows a personal value."""
    event = Event("track", "Viewed", "m1", 1, user_id=SECRET, properties={SECRET: SECRET}, traits={"name": SECRET})
    customer = Customer(Header(b"p", 1), Sealed([Name("user_id", SECRET)], context=Context(page=(SECRET, 1))))
    customer.state("name", SECRET, 1, "server")
    decision = Decision(
        b"d", b"p", b"c", 1, "plan", 1, [], [], 0.5, None, "none", "silent", 2, {"name": SECRET, "more": [SECRET]}
    )
    return [
        records.encode_customer(customer),
        records.encode_log(LogHeader(1, b"p", -1, "event"), event),
        records.encode_decision(decision),
    ]


def test_personal_values_pass_through_seal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(SECRET.encode() in raw for raw in secrets())
    monkeypatch.setattr(records, "seal", lambda person, plain: b"sealed for " + person)
    for raw in secrets():
        assert SECRET.encode() not in raw
        assert raw.endswith(b"sealed for p")


def test_unseal_is_given_the_person_and_the_sealed_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "seal", lambda person, plain: person + plain[::-1])
    monkeypatch.setattr(records, "unseal", lambda person, sealed: sealed.removeprefix(person)[::-1])
    assert records.decode_customer(secrets()[0]).sealed.context.page == (SECRET, 1)


def test_without_the_key_the_open_part_remains(monkeypatch: pytest.MonkeyPatch) -> None:
    customer, log, decision = secrets()
    monkeypatch.setattr(records, "unseal", lambda person, sealed: None)
    assert records.decode_customer(customer) == Customer(Header(b"p", 1), Sealed())
    assert records.decode_log(log) == (LogHeader(1, b"p", -1, "event"), None)
    assert records.decode_decision(decision).features == {}


def test_an_input_to_the_board_is_sealed_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "seal", lambda person, plain: repr(person).encode())
    assert records.encode_log(LogHeader(1, None, -1, "plan"), PlanChanged("hash")).endswith(b"None")


# --- versions and damage --------------------------------------------------------------------------------------------


def test_the_version_comes_first() -> None:
    assert records.encode_tally(Tally())[0] == records.VERSION == 2


def test_a_newer_version_is_named() -> None:
    raw = bytes([records.VERSION + 1]) + records.encode_tally(Tally())[1:]
    with pytest.raises(RecordError, match="version 3 was written by a newer journeyloop; this one reads up to 2"):
        records.decode_tally(raw)


def test_older_versions_go_up_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = b"\1" + records.encode_tally(Tally({"signals": 1}))[1:]
    monkeypatch.setattr(records, "VERSION", 3)
    monkeypatch.setattr(records, "_PREFIX", b"\3")
    seen: list[Any] = []

    def upgrade(old: bytes, header_type: type[Struct]) -> bytes:
        seen.append((old[0], header_type))
        return bytes([old[0] + 1]) + old[1:]

    monkeypatch.setattr(records, "UPGRADES", {1: upgrade, 2: upgrade})
    assert records.decode_tally(raw) == Tally({"signals": 1})
    assert seen == [(1, Tally), (2, Tally)]


def test_an_older_version_without_upgrade_is_named() -> None:
    with pytest.raises(RecordError, match="version 0 has no upgrade"):
        records.decode_tally(b"\0" + records.encode_tally(Tally())[1:])


def test_a_record_of_another_kind_is_refused_without_its_content() -> None:
    raw = secrets()[1]
    with pytest.raises(RecordError, match="not a Header record") as refused:
        records.decode_customer(raw)
    assert SECRET not in str(refused.value)


def test_a_refusal_does_not_quote_the_record() -> None:
    class Stranger(Struct, array_like=True, tag=SECRET):
        pass

    raw = records.encode_record(LogHeader(1, b"p", -1, "event"), Stranger())
    with pytest.raises(RecordError) as refused:
        records.decode_log(raw)
    assert SECRET not in str(refused.value)


def test_a_record_without_a_sealed_part() -> None:
    raw = records.encode_record(LogHeader(1, None, -1, "lost"))
    assert records.decode_log(raw) == (LogHeader(1, None, -1, "lost"), None)


@given(st.binary(max_size=60), st.booleans())
def test_arbitrary_bytes_are_refused_or_read(raw: bytes, versioned: bool) -> None:
    with suppress(RecordError):
        records.decode_log(bytes([records.VERSION]) * versioned + raw)


@given(values(Event), st.data())
def test_a_damaged_record_is_refused_or_read(event: Event, draw: st.DataObject) -> None:
    raw = bytearray(records.encode_log(LogHeader(1, b"p", -1, "event"), event))
    raw[draw.draw(st.integers(0, len(raw) - 1))] = draw.draw(st.integers(0, 255))
    with suppress(RecordError):
        records.decode_log(bytes(raw[: draw.draw(st.integers(0, len(raw)))]))
