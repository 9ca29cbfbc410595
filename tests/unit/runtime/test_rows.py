"""Rows become inputs that are only folded, as they were written; what cannot enter says why and can be tried again."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyloop.detect.refusal import REASONS
from journeyloop.model.inputs import ConsentStated, Imported
from journeyloop.runtime.rows import Kind, Rows, Terms, parse_again, parse_rows
from tests.property.rig import DAY, SECRET, T, shop

YEAR = 365 * DAY
FILE = "f" * 32
TERMS = Terms(shop(), SECRET, T)


def rows(kind: Kind, *lines: Any, start: int = 0) -> Rows:
    raw = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    return parse_rows(kind, FILE, start, raw, TERMS)


def call(**fields: Any) -> dict[str, Any]:
    """A keyword that is None is left out."""
    whole = {"type": "track", "event": "Order Completed", "userId": "u", "timestamp": "2010-01-01T00:00:00Z", **fields}
    return {name: value for name, value in whole.items() if value is not None}


def stated(**fields: Any) -> dict[str, Any]:
    return {"userId": "u", "purpose": "marketing", "granted": "yes", "timestamp": "2020-01-01T00:00:00Z", **fields}


def reasons(found: Rows) -> list[str]:
    assert len(found.refused) == len(found.refused_rows) and all(one.reason in REASONS for one in found.refused)
    return [one.reason for one in found.refused]


def only(found: Rows) -> Any:
    assert found.refused == [] and len(found.inputs) == 1, found
    return found.inputs[0]


# --- events and profiles --------------------------------------------------------------------------------------------


def test_an_event_keeps_its_time_whatever_its_sender_said_of_clocks() -> None:
    one = only(rows("events", call(sentAt="2010-01-01T00:00:10Z", originalTimestamp="2009-01-01T00:00:00Z")))
    assert (one.event.time, one.event.source) == (1_262_304_000_000, "import")


def test_a_message_id_of_its_own_marks_a_row_and_else_its_place_names_it() -> None:
    found = rows("events", call(messageId="m"), call(), start=10)
    assert [(one.event.message_id, one.marked) for one in found.inputs if isinstance(one, Imported)] == [
        ("m", True),
        (f"{FILE}-12", False),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (call(timestamp="2039-01-01T00:00:00Z"), "time_in_future"),
        (call(timestamp="1980-01-01T00:00:00Z"), "time_too_old"),
        (call(timestamp="31/01/2020"), "time_invalid"),
        (call(timestamp=None), "time_missing"),
        (call(userId=None), "missing_id"),
        (call(userId="undefined"), "blocked_id"),
        (call(userId=7), "id_not_string"),
        (call(event=None), "missing_event"),
        (call(type="Sale"), "unknown_type"),
        (call(properties="x"), "invalid_type"),
        (call(properties={"x": "y" * 40_000}), "too_large"),
        (call(userId=None, context={"traits": {"email": "not one"}}), "malformed_email"),
        (call(userId=None, context={"traits": {"phone": "0170 1234567"}}), "malformed_phone"),
        (b"user_id,event", "malformed_json"),
        (b"", "malformed_json"),
        (b"{}],{", "malformed_json"),
        (b'{"type":"track"},{"type":"track"}', "malformed_json"),
    ],
)
def test_what_cannot_enter_says_why_and_sinks_no_other(line: Any, reason: str) -> None:
    found = rows("events", call(), line, call(), start=100)
    assert reasons(found) == [reason] and found.refused_rows == [102] and len(found.inputs) == 2
    assert found.refused[0].detail.endswith("(row 102)")
    assert "y" * 33_000 not in found.refused[0].raw.decode()
    assert json.loads(found.refused[0].raw)["row"] == 102


def test_a_person_without_a_time_is_of_now_and_a_profile_is_an_identify_call() -> None:
    profile = {"type": "identify", "userId": "u", "traits": {"tier": "gold"}}
    assert only(rows("profiles", profile)).event.time == T
    assert reasons(rows("profiles", call())) == ["unknown_type"]


def test_an_address_alone_names_a_person_by_an_id_that_nobody_can_guess() -> None:
    lines = [
        call(userId=None, context={"traits": {"email": email}}) for email in ("Ada@Example.com", "ada@example.com")
    ]
    one, two = (only(rows("events", line)).event for line in lines)
    other = only(parse_rows("events", FILE, 0, [json.dumps(lines[0]).encode()], Terms(shop(), b"x" * 32, T))).event
    assert one.anonymous_id == two.anonymous_id != other.anonymous_id
    assert "ada" not in (one.anonymous_id or "").lower() and one.context["traits"]["email"] == "Ada@Example.com"


@given(st.lists(st.binary(max_size=40).map(lambda raw: raw.replace(b"\n", b"")) | st.just(json.dumps(call()).encode())))
def test_every_line_is_one_row(lines: list[bytes]) -> None:
    found = parse_rows("events", FILE, 0, lines, TERMS)
    assert len(found.inputs) + len(found.refused) == len(lines)
    assert all(lines[number - 1] != json.dumps(call()).encode() for number in found.refused_rows)


# --- consent --------------------------------------------------------------------------------------------------------


def test_consent_keeps_both_times_its_source_and_its_words() -> None:
    words = "May we write to you?"
    found = rows("consent", stated(source="webform", wording=words, receivedAt="2020-01-02T00:00:00Z", channel="Email"))
    digest = sha256(words.encode())
    assert found.wordings == {digest.digest(): words}
    assert only(found) == ConsentStated(
        ("user_id", "u"), {"marketing/email": True}, 1_577_836_800_000, "webform", digest.hexdigest(), 1_577_923_200_000
    )
    again = rows("consent", stated(wording=digest.hexdigest()))
    assert only(again).wording == digest.hexdigest() and again.wordings == {}


@pytest.mark.parametrize(
    ("word", "granted"),
    [(True, True), ("Subscribed", True), (1, True), ("NO", False), (0, False), (False, False), ("unsubscribed", False)],
)
def test_yes_and_no_in_many_words(word: Any, granted: bool) -> None:
    assert only(rows("consent", stated(granted=word))).choices == {"marketing": granted}


def test_a_refusal_without_a_time_counts_from_now_and_a_grant_without_one_is_not_taken() -> None:
    assert only(rows("consent", stated(granted="no", timestamp=None))).at == T
    assert reasons(rows("consent", stated(timestamp=None))) == ["time_missing"]


def test_an_address_is_normalised() -> None:
    who = {"userId": None, "email": " Ada@Example.COM"}
    assert only(rows("consent", stated(**who))).identifier == ("email", "ada@example.com")
    assert only(rows("consent", stated(userId=None, phone="+49 170 1234567"))).identifier == ("phone", "+491701234567")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"purpose": "sales"}, "unknown_purpose"),
        ({"granted": "perhaps"}, "granted_invalid"),
        ({"userId": None}, "missing_id"),
        ({"userId": "null"}, "blocked_value"),
        ({"userId": None, "email": "nobody"}, "malformed_email"),
        ({"userId": None, "phone": "12"}, "malformed_phone"),
        ({"timestamp": "2039-01-01"}, "time_in_future"),
        ({"timestamp": "soon"}, "time_invalid"),
        ({"timestamp": 5}, "invalid_type"),
        ({"receivedAt": "2039-01-01"}, "time_in_future"),
        ({"channel": "e mail"}, "unknown_channel"),
        ({"channel": "emial"}, "unknown_channel"),
    ],
)
def test_consent_that_cannot_enter_says_why(fields: dict[str, Any], reason: str) -> None:
    found = rows("consent", stated(), stated(**fields))
    assert reasons(found) == [reason] and found.refused_rows == [2]
    assert reasons(rows("consent", b"{")) == ["malformed_json"]


# --- again ----------------------------------------------------------------------------------------------------------


def test_a_refused_row_is_tried_again_as_what_it_was() -> None:
    (refused,) = rows("events", call(), call(timestamp="2024-01-01T00:00:00Z"), start=4).refused
    later = parse_again(refused.raw, Terms(shop(), SECRET, T + YEAR))
    assert later is not None
    one = only(later)
    assert isinstance(one, Imported) and one.event.message_id == f"{FILE}-6" and not one.marked
    still = parse_again(refused.raw, TERMS)
    assert still is not None and still.refused[0].raw == refused.raw
    assert parse_again(b'{"type":"track"}', TERMS) is None and parse_again(b'{"import":', TERMS) is None
