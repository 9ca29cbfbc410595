"""Reading what a provider sent, whatever is missing in it, and writing the Segment call that it becomes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from journeyloop.detect.refusal import INVALID, MAX_MESSAGE_ID, invalid
from journeyloop.detect.strict import refuse_closely, refuse_depth
from journeyloop.model.identifier import Identifier
from journeyloop.runtime.hooked import Nonsense

BOUNCED, CLICKED = "Email Bounced", "Email Link Clicked"
_FIELDS = 200
_decode = msgspec.json.Decoder().decode


def document(body: bytes) -> Any:
    """The body as JSON. Raises Nonsense: it is none, or what no later stage could keep."""
    try:
        found = _decode(body)
        reason = refuse_depth(body) or refuse_closely(body, found)
    except INVALID as error:
        raise Nonsense(invalid(body, error).reason) from None
    if reason:
        raise Nonsense(reason)
    return found


def an_object(body: bytes) -> dict[str, Any]:
    """The same where a provider sends objects."""
    found = document(body)
    if not isinstance(found, dict):
        raise Nonsense("invalid_type")
    return found


def objects(body: bytes) -> Iterator[dict[str, Any]]:
    """The same where a provider sends a list of objects."""
    found = document(body)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Nonsense("invalid_type")
    return iter(found)


def form(body: bytes) -> list[tuple[str, str]]:
    """The fields of a form in their order."""
    try:
        found = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_FIELDS, errors="strict")
    except ValueError:
        raise Nonsense("malformed_form") from None
    if not found or any("\0" in part for pair in found for part in pair):
        raise Nonsense("malformed_form")
    return found


def look(value: Any, *path: str) -> Any:
    """The value at a path of nested objects, or None."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def rows(value: Any, *path: str) -> list[dict[str, Any]]:
    """The objects of the list at a path."""
    found = look(value, *path)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def text(value: Any, *path: str) -> str:
    """Text or a whole number at a path as text, or nothing: ids must not lose digits."""
    found = look(value, *path)
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    return found.strip() if isinstance(found, str) else ""


def number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def without_query(url: str) -> str:
    """A link's query may hold what names a person."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if parts.netloc else ""


def iso(seconds: Any) -> str | None:
    """Seconds since the epoch as ISO 8601, or None: then it is of now."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return None


def ids(metadata: Any) -> dict[str, str]:
    """`userId` and `anonymousId` that the host wrote into what it gave the provider, in either way of writing."""
    wanted = {"userId": ("user_id", "userId"), "anonymousId": ("anonymous_id", "anonymousId")}
    found = {key: next(filter(None, (text(metadata, way) for way in ways)), "") for key, ways in wanted.items()}
    return {key: value for key, value in found.items() if value}


def named(**names: str) -> tuple[Identifier, ...]:
    """Those of the names that are known, in their order."""
    return tuple((type_, value) for type_, value in names.items() if value)


def bounced(email: str, soft: bool) -> dict[str, str]:
    """What a bounce says of the address: `hard` where nothing will ever arrive there."""
    return {"email": email, "bounce": "soft" if soft else "hard"}


def unique(kind: str, *parts: str) -> str:
    """The messageId of what a provider calls by these parts: the same whenever it is told again."""
    plain = "-".join((kind, *parts))
    if len(plain) <= MAX_MESSAGE_ID and "\0" not in plain:
        return plain
    return f"{kind}-{sha256(repr(parts).encode(errors='replace')).hexdigest()}"


def track(
    kind: str, event: str, id_: str, at: str | None, properties: Mapping[str, Any], who: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """A Segment track call; properties without a value are left out."""
    found = {name: value for name, value in properties.items() if value not in (None, "")}
    call: dict[str, Any] = {"type": "track", "event": event, "messageId": id_, "properties": found}
    if at:
        call["timestamp"] = at
    return call | dict(who or {}) | {"context": {"library": {"name": kind}}}
