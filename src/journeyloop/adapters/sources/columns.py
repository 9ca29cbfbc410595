"""What the columns of a file mean: from a row to its canonical line (`runtime.rows`). Pure but for what it remembers.

Names are compared in snake case, so `userId`, `User ID` and `user_id` are one. What is no field of its kind becomes a
property (events) or a trait (profiles); consent leaves it out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from journeyloop.adapters.sources.chunk import Row, Unfit
from journeyloop.adapters.sources.values import CONVERSIONS, as_id, as_object, as_text, as_time
from journeyloop.interpret.traits import snake_case
from journeyloop.runtime.rows import Kind

Convert = Callable[[Any], Any] | None


class Place(Struct, frozen=True):
    """Where a value goes: the path to it, what is done to it on its way. No path: nowhere."""

    path: tuple[str, ...]
    convert: Convert = None


_IDS = {"user_id": Place(("userId",), as_id), "anonymous_id": Place(("anonymousId",), as_id)}
_CALL = _IDS | {
    "context": Place(("context",), as_object),
    "group_id": Place(("groupId",), as_id),
    "message_id": Place(("messageId",), as_id),
    "previous_id": Place(("previousId",), as_id),
    "properties": Place(("properties",), as_object),
    "timestamp": Place(("timestamp",), as_time),
    "traits": Place(("traits",), as_object),
    "type": Place(("type",)),
} | dict.fromkeys(("integrations", "received_at", "sent_at", "write_key"), Place(()))  # fmt: skip
FIELDS: dict[Kind, dict[str, Place]] = {
    "events": _CALL | {
        "email": Place(("context", "traits", "email"), as_text),
        "event": Place(("event",), as_text),
        "original_timestamp": Place(("originalTimestamp",), as_time),
        "phone": Place(("context", "traits", "phone"), as_text),
    },
    "profiles": _CALL | {
        "email": Place(("traits", "email"), as_text),
        "event": Place(()),
        "original_timestamp": Place(("originalTimestamp",), as_time),
        "phone": Place(("traits", "phone"), as_text),
        "updated_at": Place(("timestamp",), as_time),
    },
    "consent": _IDS | {
        "at": Place(("timestamp",), as_time),
        "channel": Place(("channel",), as_text),
        "email": Place(("email",), as_text),
        "granted": Place(("granted",)),
        "phone": Place(("phone",), as_text),
        "purpose": Place(("purpose",), as_text),
        "received_at": Place(("receivedAt",), as_time),
        "source": Place(("source",), as_text),
        "timestamp": Place(("timestamp",), as_time),
        "wording": Place(("wording",), as_text),
    },
}  # fmt: skip
ALIASES = {"email_address": "email", "e_mail": "email", "phone_number": "phone"}
REST: dict[Kind, str] = {"events": "properties", "profiles": "traits", "consent": ""}
TYPES: dict[Kind, dict[str, str]] = {"events": {"type": "track"}, "profiles": {"type": "identify"}, "consent": {}}
_encode = msgspec.json.Encoder(decimal_format="number").encode
_NOT_A_WORD = re.compile(r"\W+")


class Columns:
    """`renamed` maps a column to a field (`FIELD` or `FIELD:number`, `FIELD:boolean`); `constant` gives fields that the
    file does not have.

    Raises:
        Unfit: a type is not one of those.
    """

    def __init__(self, kind: Kind, renamed: Mapping[str, str], constant: Mapping[str, str]) -> None:
        self.kind = kind
        self.places = {column: self._renamed(field) for column, field in renamed.items()}
        self.constant = dict(constant)

    def line(self, row: Row) -> bytes:
        """One line of JSON; of a row that no JSON can be made of, its text."""
        if isinstance(row, bytes):
            return row.replace(b"\n", b" ") or b'""'
        built: dict[str, Any] = dict(TYPES[self.kind])
        for column, value in self.constant.items():
            self._put(built, column, value)
        for column, value in row.items():
            if value is not None and value != "":
                self._put(built, column, value)
        if self.kind == "profiles" and "timestamp" not in built:
            self._as_old_as_they_are(built)
        try:
            return _encode(built)
        except (UnicodeEncodeError, OverflowError, RecursionError, TypeError):
            return repr(row).encode(errors="replace")

    def _put(self, built: dict[str, Any], column: str, value: Any) -> None:
        place = self.places.get(column)
        if place is None:
            place = self.places[column] = self._place(column)
        path = place.path
        if not path:
            return
        if place.convert is not None:
            value = place.convert(value)
        for key in path[:-1]:
            built = built.setdefault(key, {})
            if type(built) is not dict:
                return
        last, before = path[-1], built.get(path[-1])
        built[last] = {**before, **value} if type(before) is dict and type(value) is dict else value

    def _as_old_as_they_are(self, built: dict[str, Any]) -> None:
        """A profile without a time of its own is as old as the account; without that, it is of now."""
        traits = built.get("traits")
        created = traits.get("created_at") or traits.get("createdAt") if isinstance(traits, dict) else None
        if created:
            built["timestamp"] = as_time(created)

    # --- where a column goes ----------------------------------------------------------------------------------------

    def _renamed(self, field: str) -> Place:
        name, _, type_ = field.partition(":")
        place = self._place(name)
        if type_ and type_ not in CONVERSIONS:
            raise Unfit(f"{field}: a type is {' or '.join(CONVERSIONS)}")
        return Place(place.path, CONVERSIONS[type_]) if type_ else place

    def _place(self, column: str) -> Place:
        outer, _, inner = column.partition(".")
        name = snake_case(_NOT_A_WORD.sub("_", column.strip())).strip("_")
        field = FIELDS[self.kind].get(ALIASES.get(name, name))
        if field is not None:
            return field
        if inner and outer in ("properties", "traits", "context"):
            return Place((outer, *inner.split("."))) if self.kind != "consent" else Place(())
        rest = REST[self.kind]
        return Place((rest, column if column.isidentifier() else name)) if rest and name else Place(())
