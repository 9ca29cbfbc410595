"""Bytes to events: the Segment HTTP body, checked, normalised, its clock corrected.

Everything that decides whether input may enter starts here, and nothing that reads a socket, a clock or a key: time of
arrival, source and fresh ids are arguments. A refusal is a value with a stable reason. One bad item of a batch does not
sink its siblings. The budget is 5 us of CPU an event: hence checks on whole bodies first, and plain branches.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType
from msgspec.structs import replace

from journeyloop.detect.blocked import refuse_id
from journeyloop.detect.refusal import (
    INVALID,
    MAX_BATCH_BYTES,
    MAX_BATCH_EVENTS,
    MAX_EVENT_BYTES,
    MAX_MESSAGE_ID,
    invalid,
    refusal,
)
from journeyloop.detect.shapes import SHAPES, Item, Text
from journeyloop.detect.skew import as_written, corrected, millis
from journeyloop.detect.strict import is_plain, is_plain_in_full, refuse_closely, refuse_depth, repeats_outer_key
from journeyloop.model.event import JITTER, Event, Kind, Rejected
from journeyloop.model.policy import BLOCKED


class Parsed(Struct, gc=False):
    """`events` and `rejected` of one body; `positions` says where in the batch each rejected item stood.

    `whole` is set when the body was refused as one: then it is the only entry of `rejected`.
    """

    events: list[Event] = []
    rejected: list[Rejected] = []
    positions: list[int] = []
    write_key: str | None = None
    whole: bool = False


class _Batch(Struct, gc=False, omit_defaults=True, rename="camel"):
    batch: list[Any]
    sent_at: Any = UNSET
    context: Raw | UnsetType = UNSET
    write_key: Text = UNSET
    integrations: Raw | UnsetType = UNSET


class _RawBatch(_Batch, gc=False):
    batch: list[Raw]


class _Arrival(Struct, gc=False):
    """What all items of one body share. `sent` is None if the client did not say; `past`: they are imported history.
    `behind` is changed for each: items that say no time happened in the order of their batch, a ms apart."""

    received: int
    source: str
    fresh_id: Callable[[], str]
    blocked: frozenset[str]
    sent: int | None = None
    context: dict[str, Any] | None = None
    past: bool = False
    behind: int = 0


_decode_item = msgspec.json.Decoder(Item).decode
_decode_batch = msgspec.json.Decoder(_RawBatch).decode
_decode_context = msgspec.json.Decoder(dict[str, Any] | None).decode


def parse_batch(
    body: bytes,
    kind_hint: Kind | None,
    received: int,
    source: str,
    fresh_id: Callable[[], str],
    blocked: frozenset[str] = BLOCKED,
    past: bool = False,
) -> Parsed:
    """Parse one body: a single call of `kind_hint`, or with None a batch whose items name their `type`.

    `received` is the time of arrival in ms; `source` is copied into each event; `fresh_id` names a call that came
    without a messageId (never a hash of its content: two equal clicks are two clicks); `blocked` are ids that name
    nobody, in lower case. `past`: imported, so times are old and stand as they are written.
    """
    arrival = _Arrival(received, source, fresh_id, blocked, past=past)
    if kind_hint is not None:
        return _parse_single(body, kind_hint, arrival)
    if len(body) > MAX_BATCH_BYTES:
        return _whole(refusal("too_large", body[:MAX_EVENT_BYTES]))
    try:
        outer = _decode_batch(body)
    except INVALID as error:
        return _whole(invalid(body, error))
    return _parse_items(body, outer, arrival)


def _whole(rejected: Rejected, write_key: str | None = None) -> Parsed:
    return Parsed([], [rejected], [0], write_key, True)


def _parse_single(body: bytes, kind: Kind, arrival: _Arrival) -> Parsed:
    item = _decoded(body)
    if isinstance(item, Rejected):
        return _whole(item)
    built = _finish(body, item, kind, arrival, is_plain(body, item))
    write_key = item.write_key or None
    if isinstance(built, Rejected):
        return _whole(built if item.type is not UNSET else replace(built, raw=_with_type(body, kind)), write_key)
    return Parsed([built], [], [], write_key)


def _with_type(body: bytes, kind: Kind) -> bytes:
    """A single call's type is in its path: written into what is kept, so that it can be submitted again."""
    rest = body.lstrip()[1:].lstrip()
    return b'{"type":"%s"%s%s' % (kind.encode(), b"" if rest[:1] == b"}" else b",", rest)


def _parse_items(body: bytes, outer: _RawBatch, arrival: _Arrival) -> Parsed:
    write_key = outer.write_key or None
    reason = _read_outer(outer, arrival)
    raws = [bytes(raw) for raw in outer.batch]
    items = [] if reason else [_decoded(raw) for raw in raws]
    known = _Batch(items, outer.sent_at, outer.context, outer.write_key, outer.integrations)
    plain = is_plain(body, known) or is_plain_in_full(body)
    if reason is None and not plain and repeats_outer_key(body):
        reason = "duplicate_key"
    if reason:
        return _whole(refusal(reason, body), write_key)
    parsed = Parsed([], [], [], write_key)
    for position, item in enumerate(items):
        arrival.behind = min(len(items) - position, JITTER) - 1
        built = item if isinstance(item, Rejected) else _finish(raws[position], item, None, arrival, plain)
        if isinstance(built, Rejected):
            parsed.rejected.append(built)
            parsed.positions.append(position)
        else:
            parsed.events.append(built)
    return parsed


def _read_outer(outer: _RawBatch, arrival: _Arrival) -> str | None:
    """Take what the items share into `arrival`, or say why the whole body is refused."""
    if len(outer.batch) > MAX_BATCH_EVENTS:
        return "too_large"
    if outer.sent_at:
        arrival.sent = millis(outer.sent_at)
        if arrival.sent is None:
            return "time_invalid"
    if isinstance(outer.context, UnsetType):
        return None
    raw = bytes(outer.context)
    try:
        arrival.context = _decode_context(raw)
    except INVALID as error:
        return invalid(raw, error).reason
    return refuse_depth(raw) or refuse_closely(raw, arrival.context)


def _decoded(raw: bytes) -> Item | Rejected:
    if len(raw) > MAX_EVENT_BYTES:
        return refusal("too_large", raw)
    try:
        return _decode_item(raw)
    except INVALID as error:
        return invalid(raw, error)


def _finish(raw: bytes, item: Item, kind: Kind | None, arrival: _Arrival, plain: bool) -> Event | Rejected:
    reason = refuse_depth(raw) or (None if plain else refuse_closely(raw, item))
    built = reason or _build(item, kind, arrival)
    return refusal(built, raw) if isinstance(built, str) else built


# --- building one event ---------------------------------------------------------------------------------------------


def _build(item: Item, kind: Kind | None, arrival: _Arrival) -> Event | str:
    """The event, or the reason there is none."""
    call = kind or item.type or ""
    shape = SHAPES.get(call)
    if shape is None:
        return "unknown_type"
    time = _time(item, call, arrival)
    if isinstance(time, str):
        return time
    user, anonymous, previous = item.user_id, item.anonymous_id, item.previous_id
    if user == "" and anonymous:
        user = None  # RudderStack's browser SDK names the user of an anonymous visit so
    event = Event(
        call,  # type: ignore[arg-type]  # a key of SHAPES is a Kind
        "",
        item.message_id or arrival.fresh_id(),
        time,
        None if user is UNSET else user,
        None if anonymous is UNSET else anonymous,
        None if previous is UNSET else previous,
        item.properties or {},
        item.traits or {},
        item.context or {},
        arrival.source,
    )
    if arrival.context:
        event.context = {**arrival.context, **event.context}
    return _refuse_ids(event, arrival.blocked) or shape(event, item) or event


def _time(item: Item, call: str, arrival: _Arrival) -> int | str:
    if arrival.past:
        return as_written(item.timestamp or item.original_timestamp, call, arrival.received)
    sent = millis(item.sent_at) if item.sent_at else arrival.sent
    if item.sent_at and sent is None:
        return "time_invalid"
    claimed = item.original_timestamp or item.timestamp
    return corrected(claimed, sent, arrival.received) if claimed else arrival.received - arrival.behind


def _refuse_ids(event: Event, blocked: frozenset[str]) -> str | None:
    if len(event.message_id) > MAX_MESSAGE_ID:
        return "message_id_too_long"
    if "\0" in event.message_id:
        return "nul_character"
    if event.user_id is None and event.anonymous_id is None:
        return "missing_id"
    for identifier in (event.user_id, event.anonymous_id, event.previous_id):
        if identifier is not None:
            reason = refuse_id(identifier, blocked)
            if reason:
                return reason
    return None
