"""What enters, what is refused, and by which name."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeyloop.detect.parse import Parsed, parse_batch
from journeyloop.detect.refusal import REASONS
from journeyloop.detect.skew import millis
from journeyloop.model.event import Event, Kind

NOW = millis("2026-11-22T12:00:00Z") or 0
DAY = 86_400_000


def parse(body: Any, kind: Kind | None = None, source: str = "browser") -> Parsed:
    numbers = count(1)
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return parse_batch(raw, kind, NOW, source, lambda: f"fresh-{next(numbers)}")


def track(**fields: Any) -> dict[str, Any]:
    return {"type": "track", "event": "Viewed", "messageId": "m1", "userId": "u1", **fields}


def one(**fields: Any) -> Event:
    parsed = parse({"batch": [track(**fields)]})
    assert not parsed.rejected, parsed.rejected
    return parsed.events[0]


def reason(item: Any) -> str:
    """The reason for refusing an item, given as an object or as text, beside a good sibling that must survive."""
    text = item if isinstance(item, str) else json.dumps(item)
    parsed = parse(b'{"batch":[%s,%s]}' % (text.encode(), json.dumps(track()).encode()))
    assert not parsed.whole and len(parsed.events) == 1 and parsed.positions == [0]
    assert parsed.rejected[0].raw == text.encode()
    return parsed.rejected[0].reason


def whole(body: Any) -> str:
    parsed = parse(body)
    assert parsed.whole and parsed.events == [] and len(parsed.rejected) == 1
    return parsed.rejected[0].reason


def test_a_call_becomes_an_event() -> None:
    event = one(anonymousId="a1", properties={"sku": "7"}, context={"page": {"path": "/"}})
    assert event == Event(
        kind="track",
        name="Viewed",
        message_id="m1",
        time=NOW,
        user_id="u1",
        anonymous_id="a1",
        properties={"sku": "7"},
        context={"page": {"path": "/"}},
        source="browser",
    )


@pytest.mark.parametrize(
    ("kind", "fields", "name"),
    [
        ("identify", {"traits": {"email": "a@example.com"}}, "Identify"),
        ("page", {"name": "Home"}, "Page"),
        ("screen", {"name": "Home"}, "Screen"),
        ("group", {"groupId": "g1"}, "Group"),
        ("alias", {"previousId": "a0"}, "Alias"),
    ],
)
def test_each_kind_has_its_name(kind: Kind, fields: dict[str, Any], name: str) -> None:
    single = parse({"userId": "u1", **fields}, kind).events[0]
    assert (single.kind, single.name, single.message_id) == (kind, name, "fresh-1")
    assert parse({"batch": [{"type": kind, "userId": "u1", **fields}]}).events == [single]


def test_what_a_kind_says_is_kept() -> None:
    assert parse({"userId": "u", "traits": {"tier": "gold"}}, "identify").events[0].traits == {"tier": "gold"}
    page = parse({"userId": "u", "name": "Home", "category": "Docs", "properties": {"path": "/"}}, "page").events[0]
    assert page.properties == {"path": "/", "name": "Home", "category": "Docs"}
    assert parse({"userId": "u", "groupId": "g"}, "group").events[0].properties == {"group_id": "g"}
    assert parse({"userId": "u", "previousId": "a"}, "alias").events[0].previous_id == "a"


def test_null_is_absent() -> None:
    event = one(anonymousId=None, properties=None, context=None, traits=None, messageId=None)
    assert (event.anonymous_id, event.properties, event.message_id) == (None, {}, "fresh-1")


def test_the_context_of_the_batch_is_merged_below_that_of_the_item() -> None:
    batch = [track(context={"ip": "1"}), track()]
    events = parse({"batch": batch, "context": {"ip": "0", "app": 1}, "integrations": {"All": True}}).events
    assert [event.context for event in events] == [{"ip": "1", "app": 1}, {"ip": "0", "app": 1}]


def test_write_key_and_source() -> None:
    parsed = parse({"batch": [track()], "writeKey": "w"}, source="server")
    assert parsed.write_key == "w" and parsed.events[0].source == "server"
    assert parse({**track(), "writeKey": "w"}, "track").write_key == "w"
    assert parse({**track(event=None), "writeKey": "w"}, "track").write_key == "w"


def test_numeric_text_of_the_commerce_spec_becomes_numbers() -> None:
    properties = {"price": "9.50", "quantity": " 2 ", "total": "1,299", "sku": "42", "step": "３", "tax": "1e5"}
    event = one(properties={**properties, "products": [{"price": "6", "name": "7"}, "8"]})
    assert event.properties == {
        "price": 9.5,
        "quantity": 2,
        "total": "1,299",
        "sku": "42",
        "step": "３",
        "tax": "1e5",
        "products": [{"price": 6, "name": "7"}, "8"],
    }


# --- time -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "sent", "expected"),
    [
        ({}, None, NOW),
        ({}, "2026-11-22T14:00:00Z", NOW),
        ({"timestamp": "2026-11-22T11:59:50Z"}, None, NOW - 10_000),
        ({"timestamp": "2026-11-22T13:59:50Z"}, "2026-11-22T14:00:00.000Z", NOW - 10_000),
        ({"timestamp": "2026-11-22T13:59:50+00:00"}, "2026-11-22T15:00:00+01:00", NOW - 10_000),
        ({"originalTimestamp": "1971-01-01T00:00:00Z", "timestamp": "x"}, "1971-01-01T00:00:05Z", NOW - 5_000),
        ({"timestamp": "2026-11-22T11:59:59.123456789"}, None, NOW - 877),
        ({"timestamp": "2026-11-23T11:59:59Z"}, None, NOW + DAY - 1_000),
    ],
)
def test_the_clock_of_the_sender_is_corrected(claims: dict[str, str], sent: str | None, expected: int) -> None:
    parsed = parse({"batch": [track(**claims)], "sentAt": sent})
    assert parsed.events[0].time == expected
    assert parse({**track(**claims), "sentAt": sent}, "track").events[0].time == expected


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("2026-11-23T12:00:01Z", "time_in_future"),
        ("9999-12-31T23:59:59-23:59", "time_in_future"),
        ("1969-12-31T23:59:59Z", "time_too_old"),
        ("0001-01-01T00:00:00+23:59", "time_too_old"),
        ("2016-01-01T00:00:00Z", "time_too_old"),
        ("-2026-11-22T12:00:00Z", "time_invalid"),
        ("yesterday", "time_invalid"),
        (-5, "time_invalid"),
        (1e300, "time_invalid"),
        ({"a": 1}, "time_invalid"),
    ],
)
def test_impossible_times(claim: Any, expected: str) -> None:
    assert reason(track(timestamp=claim)) == expected
    assert reason(track(originalTimestamp=claim)) == expected


def test_a_sent_at_that_is_no_time() -> None:
    assert reason(track(sentAt="soon", timestamp="2026-11-22T12:00:00Z")) == "time_invalid"
    assert whole({"batch": [track()], "sentAt": "soon"}) == "time_invalid"


@pytest.mark.parametrize(
    "body", [b'{"event":null,"userId":"u"}', b" { } ", b'{"type":"track","userId":"u"}', b'{"type":"track"}']
)
def test_a_refused_single_call_can_be_submitted_again_as_an_item(body: bytes) -> None:
    refused = parse(body, "track").rejected[0]
    again = parse(b'{"batch":[%s]}' % refused.raw).rejected[0]
    assert (again.reason, json.loads(again.raw)) == (refused.reason, {**json.loads(body), "type": "track"})


# --- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["userId", "anonymousId"])
@pytest.mark.parametrize(
    "blocked", ["null", "undefined", "NaN", "[object Object]", "0", "anonymous", "", "  ", "NULL", "\tnull "]
)
def test_placeholders_are_not_ids(field: str, blocked: str) -> None:
    good = {"userId": "u1", "anonymousId": "a1", field: blocked}
    if (field, blocked) != ("userId", ""):
        assert reason(track(**good)) == "blocked_id"


def test_an_empty_user_of_an_anonymous_visit_is_none() -> None:
    assert one(userId="", anonymousId="a1").user_id is None
    assert reason(track(userId="")) == "blocked_id"


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"type": "track", "event": "E"}, "missing_id"),
        (track(userId=None), "missing_id"),
        (track(event=None), "missing_event"),
        (track(event=""), "missing_event"),
        (track(event=7), "invalid_type"),
        (track(type="banana"), "unknown_type"),
        (track(type=None), "unknown_type"),
        ({"event": "E", "userId": "u"}, "unknown_type"),
        (track(userId=7), "id_not_string"),
        (track(anonymousId=2**64), "id_not_string"),
        (track(messageId=7), "id_not_string"),
        (track(messageId="m" * 101), "message_id_too_long"),
        (track(messageId="m\0"), "nul_character"),
        (track(userId="u\0"), "nul_character"),
        (track(event="E\0"), "nul_character"),
        (track(properties=[1]), "invalid_type"),
        (track(context="x"), "invalid_type"),
        ({"type": "group", "userId": "u"}, "missing_group_id"),
        ({"type": "group", "userId": "u", "groupId": 5}, "id_not_string"),
        ({"type": "alias", "userId": "u"}, "missing_previous_id"),
        ({"type": "alias", "anonymousId": "a", "previousId": "b"}, "missing_user_id"),
        ({"type": "alias", "userId": "u", "previousId": "null"}, "blocked_id"),
        (track(properties={"n": 2**64}), "integer_too_large"),
        (track(properties={"n": [{"x": -(2**63) - 1}]}), "integer_too_large"),
        (track(traits={"n": "x" * 33_000}), "too_large"),
        (7, "invalid_type"),
        (None, "invalid_type"),
    ],
)
def test_one_bad_item_is_refused_by_name_and_its_sibling_enters(item: Any, expected: str) -> None:
    assert reason(item) == expected


def nested(levels: int) -> str:
    return '{"type":"track","event":"E","userId":"u","properties":{"n":%s%s}}' % ("[" * levels, "]" * levels)  # noqa: UP031


def test_depth() -> None:
    assert len(parse(b'{"batch":[%s]}' % nested(30).encode()).events) == 1
    assert reason(nested(31)) == "too_deep"
    assert reason(nested(600)) == "too_deep"
    wide = track(properties={"products": [{"price": number} for number in range(100)]})
    assert len(parse({"batch": [wide]}).events) == 1
    assert whole(b'{"batch":' + b"[" * 200_000) == "too_deep"
    assert whole(b'{"batch":[],"context":{"a":%s%s}}' % (b"[" * 40, b"]" * 40)) == "too_deep"


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"track","event":"E","userId":"a","userId":"b"}',
        '{"type":"track","event":"E","userId":"a", "user\\u0049d" : "b"}',
        '{"type":"track","event":"E","userId":"a","properties":{"x":{"y":1,"y":2}}}',
        '{"type":"track","event":"E","userId":"a","properties":{"x":1,"x":"\\u003a"}}',
        '{"type":"track","event":"E","userId":"a","properties":{"x" :1,"x":"\\u0022\\u003A"}}',
        '{"type":"track","event":"E","userId":"a","unknown":1,"unknown":2}',
    ],
)
def test_duplicate_keys(text: str) -> None:
    assert reason(text) == "duplicate_key"


def test_colons_and_unknown_fields_are_no_duplicates() -> None:
    text = '{"type":"track","event":"a:\\u003a\\":","userId":"a","other":{"x":[{"y":1},{"y":2}]},"_metadata":{"a":{}}}'
    parsed = parse(b'{"batch":[%s],"other":1}' % text.encode())
    assert [event.name for event in parsed.events] == ['a::":']


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "malformed_json"),
        (b"\xef\xbb\xbf{}", "malformed_json"),
        (b'{"batch":[', "malformed_json"),
        (b'{"batch":[{"a":"\x00"}]}', "malformed_json"),
        (b'{"batch":[{"a":NaN}]}', "not_a_number"),
        (b'{"batch":[{"a":-Infinity}]}', "not_a_number"),
        (b'{"batch":[{"a":"\\ud800"}]}', "lone_surrogate"),
        (b"{}", "batch_missing"),
        (b"[]", "invalid_type"),
        (b'{"batch":{}}', "invalid_type"),
        (b'{"batch":[],"batch":[]}', "duplicate_key"),
        (b'{"batch":[],"context":7}', "invalid_type"),
        (b'{"batch":[],"context":{"a":1,"a":2}}', "duplicate_key"),
        (b'{"batch":[%s0]}' % (b"0," * 2_500), "too_large"),
        (b'{"batch":[],"x":"%s"}' % (b"x" * 512_000), "too_large"),
    ],
)
def test_bodies_refused_whole(body: bytes, expected: str) -> None:
    assert whole(body) == expected


def test_numbers_and_text_beyond_json_in_one_item() -> None:
    assert reason('{"type":"track","event":"E","userId":"u","properties":{"n":1e999}}') == "not_a_number"
    assert (
        reason('{"type":"track","event":"E","userId":"u","properties":{"n":%s}}' % ("1" * 5_000)) == "integer_too_large"
    )
    bad = b'{"type":"track","event":"\xff","userId":"u"}'
    parsed = parse(b'{"batch":[%s,%s]}' % (bad, json.dumps(track()).encode()))
    assert [found.reason for found in parsed.rejected] == ["malformed_json"] and len(parsed.events) == 1


def test_details_carry_no_data() -> None:
    parsed = parse({"batch": [track(userId="null"), track(event=None, userId="secret@example.com")]})
    assert all("secret" not in refused.detail for refused in parsed.rejected)


scalars = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8)
trees = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner))
KEYS = ["type", "event", "userId", "anonymousId", "previousId", "groupId", "messageId", "timestamp", "sentAt"]
KEYS += ["originalTimestamp", "properties", "traits", "context", "name", "writeKey", "batch", "integrations"]
words = st.sampled_from(["track", "identify", "page", "group", "alias", "u", "2026-11-22T12:00:00Z", "null"])
items = st.dictionaries(st.sampled_from(KEYS), words | trees, max_size=8)


@settings(max_examples=300, deadline=None)
@given(st.lists(items | trees, max_size=4), st.sampled_from([None, "track", "alias"]), st.binary(max_size=3))
def test_nothing_vanishes_and_what_enters_can_be_stored(batch: list[Any], kind: Kind | None, noise: bytes) -> None:
    body = json.dumps({"batch": batch} if kind is None else batch[0] if batch else {}).encode("utf-8") + noise
    parsed = parse(body, kind)
    received = 1 if parsed.whole or kind else len(batch)
    assert len(parsed.events) + len(parsed.rejected) == received
    assert all(refused.reason in REASONS and refused.raw for refused in parsed.rejected)
    for event in parsed.events:
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(event), type=Event) == event


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(body: bytes) -> None:
    for kind in (None, "track"):
        parsed = parse(body, kind)  # type: ignore[arg-type]
        assert parsed.whole or not parsed.rejected


def pairs(text: str) -> bool:
    """Whether any object repeats a key, the plain way."""
    found: list[bool] = []
    json.loads(text, object_pairs_hook=lambda members: found.append(len(dict(members)) < len(members)) or dict(members))
    return any(found)


keys = st.sampled_from(['"a"', '"b"', '"\\u0061"', '":"', '"\\u003a"', '"a:"'])
values = st.recursive(
    st.sampled_from(["1", '":"', '"\\":"', '"\\u003a"', '"\\u0022:"']),
    lambda inner: st.lists(st.tuples(keys, st.sampled_from([":", " :", ": "]), inner), max_size=3).map(
        lambda members: "{" + ",".join("".join(member) for member in members) + "}"
    ),
    max_leaves=8,
)


@settings(max_examples=500, deadline=None)
@given(values)
def test_duplicate_keys_are_found_exactly(value: str) -> None:
    text = '{"type":"track","event":"E","userId":"u","properties":{"x":%s}}' % value  # noqa: UP031
    parsed = parse(b'{"batch":[%s]}' % text.encode())
    assert bool(parsed.rejected) == pairs(text)


def test_items_that_say_no_time_happened_in_their_order() -> None:
    times = [event.time for event in parse({"batch": [track(messageId=f"m{n}") for n in range(3)]}).events]
    assert times == [NOW - 2, NOW - 1, NOW]
    many = [event.time for event in parse({"batch": [track(messageId=f"m{n}") for n in range(1_500)]}).events]
    assert many == sorted(many) and many[0] == NOW - 999 and many[-1] == NOW
