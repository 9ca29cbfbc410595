"""What columns mean: fields however they are spelled, the rest as properties or traits, nothing guessed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from journeyloop.adapters.sources.chunk import Unfit
from journeyloop.adapters.sources.columns import Columns
from journeyloop.adapters.sources.values import as_time
from journeyloop.runtime.rows import Kind


def made(kind: Kind, row: dict[str, Any], renamed: dict[str, str] | None = None, **constant: str) -> Any:
    return json.loads(Columns(kind, renamed or {}, constant).line(row))


@pytest.mark.parametrize("name", ["user_id", "userId", "User ID", "USER_ID", " user-id "])
def test_a_field_is_known_however_it_is_spelled(name: str) -> None:
    assert made("events", {name: "u", "event": "E"}) == {"type": "track", "userId": "u", "event": "E"}


def test_a_segment_call_stays_what_it_is() -> None:
    call = {
        "type": "page", "userId": "u", "anonymousId": "a", "messageId": "m", "timestamp": "2024-01-01T00:00:00Z",
        "properties": {"path": "/"}, "traits": {}, "context": {"page": {"path": "/"}},
    }  # fmt: skip
    assert made("events", {**call, "sentAt": "2024-01-02T00:00:00Z", "integrations": {}, "writeKey": "w"}) == call


def test_the_rest_becomes_properties_traits_or_nothing() -> None:
    row = {"user_id": "u", "Financial Status": "paid", "orderId": "o", "empty": "", "none": None}
    assert made("events", row)["properties"] == {"financial_status": "paid", "orderId": "o"}
    assert made("profiles", row)["traits"] == {"financial_status": "paid", "orderId": "o"}
    assert made("consent", row) == {"userId": "u"}


def test_objects_come_as_json_text_or_by_path() -> None:
    row = {
        "properties": '{"a": 1, "b": {"c": 2}}',
        "properties.d": "x",
        "properties.b.e": "y",
        "context.page.path": "/",
    }
    found = made("events", row)
    assert found["properties"] == {"a": 1, "b": {"c": 2, "e": "y"}, "d": "x"}
    assert found["context"] == {"page": {"path": "/"}}
    assert made("events", {"properties": "{broken"})["properties"] == "{broken"
    assert made("events", {"properties": "{broken", "properties.a": "1"})["properties"] == "{broken"


def test_columns_are_renamed_and_read_as_numbers_and_truths_where_asked() -> None:
    renamed = {"customer": "user_id", "Pts": "points:number", "Gift": "gift:boolean", "x": "properties.y", "a=b": "z"}
    row = {"customer": "u", "Pts": "12", "Gift": "yes", "x": "1", "a=b": "2"}
    assert made("events", row, renamed)["properties"] == {"points": 12, "gift": True, "y": "1", "z": "2"}
    assert made("events", {"Pts": "many"}, renamed)["properties"] == {"points": "many"}
    with pytest.raises(Unfit, match="number or boolean"):
        Columns("events", {"a": "b:date"}, {})


def test_constants_fill_what_the_file_does_not_have() -> None:
    assert made("events", {"user_id": "u"}, event="Order Completed")["event"] == "Order Completed"
    assert made("consent", {"Email Address": "a@example.com"}, granted="false", purpose="marketing") == {
        "email": "a@example.com", "granted": "false", "purpose": "marketing",
    }  # fmt: skip


def test_an_address_tells_who() -> None:
    assert made("events", {"Email": "a@example.com"})["context"] == {"traits": {"email": "a@example.com"}}
    assert made("profiles", {"Email": "a@example.com"})["traits"] == {"email": "a@example.com"}


@pytest.mark.parametrize(
    ("row", "time"),
    [
        ({"updated_at": "2024-05-01", "created_at": "2020-01-01"}, "2024-05-01"),
        ({"created_at": "2020-01-01"}, "2020-01-01"),
        ({"createdAt": "1577836800"}, "2020-01-01T00:00:00+00:00"),
        ({}, None),
    ],
)
def test_a_profile_is_as_old_as_it_says_or_as_the_account(row: dict[str, Any], time: str | None) -> None:
    assert made("profiles", {"user_id": "u", **row}).get("timestamp") == time


@pytest.mark.parametrize(
    ("value", "time"),
    [
        ("2024-01-31 10:00:00 -0500", "2024-01-31 10:00:00 -0500"),
        ("2024-01-31 10:00:00 UTC", "2024-01-31 10:00:00Z"),
        ("20240131", "20240131"),
        (1_700_000_000, "2023-11-14T22:13:20+00:00"),
        ("1700000000000", "2023-11-14T22:13:20+00:00"),
        (True, True),
        (1e300, 1e300),
        ("31/01/2024", "31/01/2024"),
    ],
)
def test_times_become_iso_or_stay_what_they_are(value: Any, time: Any) -> None:
    assert as_time(value) == time


def test_ids_of_number_columns_are_text() -> None:
    assert made("events", {"user_id": 42.0})["userId"] == "42"
    assert made("events", {"user_id": 42})["userId"] == "42"
    assert made("events", {"user_id": 4.5})["userId"] == "4.5"
