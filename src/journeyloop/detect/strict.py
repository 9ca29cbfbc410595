"""What JSON permits and no later stage could keep: repeated keys, endless nesting, integers beyond 64 bits.

`is_plain` asks, cheaply and for a whole body, whether anything is suspicious; only then does `refuse_closely` look at
each item. A decoder keeps one of two equal keys, so text that encodes back to as many colons as it had cannot have held
any (a colon written as an escape would hide one: that is suspicious too).
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from journeyloop.detect.refusal import INVALID, MAX_DEPTH

_decode = msgspec.json.Decoder().decode
_decode_outer = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode
_encode_binary = msgspec.msgpack.Encoder().encode


def is_plain(raw: bytes, decoded: Any) -> bool:
    """True only if `raw` repeats no key and holds no integer beyond 64 bits. Dropped fields make it say False."""
    try:
        _encode_binary(decoded)
        colons = _encode(decoded).count(b":")
    except (OverflowError, RecursionError):
        return False
    return colons == raw.count(b":") and (b"\\" not in raw or b"\\u003" not in raw)


def is_plain_in_full(raw: bytes) -> bool:
    """The same for text whose fields we do not all know: costs one more decoding."""
    try:
        return is_plain(raw, _decode(raw))
    except INVALID:
        return False


def refuse_depth(raw: bytes) -> str | None:
    """`too_deep`, or None."""
    if raw.count(b"{") + raw.count(b"[") <= MAX_DEPTH:
        return None
    try:
        return "too_deep" if _depth(_decode(raw)) > MAX_DEPTH else None
    except RecursionError:
        return "too_deep"
    except (msgspec.MsgspecError, ValueError):
        return None  # no JSON at all: that is for the decoder to say


def refuse_closely(raw: bytes, decoded: Any) -> str | None:
    """The exact answer for text that may not be plain, after its depth was checked."""
    try:
        _encode_binary(decoded)
    except OverflowError:
        return "integer_too_large"
    if is_plain_in_full(raw):
        return None
    return "duplicate_key" if _repeats_key(raw) else None


def repeats_outer_key(body: bytes) -> bool:
    """Whether the outermost object holds a key twice, whatever its values hold. A colon in a key counts as that too."""
    try:
        fields = _decode_outer(body)
    except INVALID:
        return True
    outside = body.count(b":") - sum(bytes(value).count(b":") for value in fields.values())
    return outside != len(fields) or any(":" in key for key in fields)


def _repeats_key(raw: bytes) -> bool:
    repeated = False

    def close(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeated
        found = dict(pairs)
        repeated = repeated or len(found) < len(pairs)
        return found

    json.loads(raw, object_pairs_hook=close)
    return repeated


def _depth(tree: Any) -> int:
    """Levels of nesting; a scalar has none. Level by level, so that depth costs no stack."""
    level, depth = [tree], 0
    while True:
        level = [value for value in level if type(value) in (dict, list)]
        if not level:
            return depth
        depth += 1
        level = [inner for value in level for inner in (value.values() if type(value) is dict else value)]
