"""Values as files hold them, made what JSON and the Segment spec want. What cannot be made so stays as it is: the check
of the row then says why it is refused, nothing is guessed here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import msgspec

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_EPOCH = re.compile(r"\d{9,10}(\.\d+)?|\d{12,13}")
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,15})?")
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_MILLISECONDS = 10**11
"""A number of seconds beyond this is one of milliseconds: 5138 against 1973."""


def as_text(value: Any) -> Any:
    return value if isinstance(value, str | dict | list) else str(value)


def as_id(value: Any) -> Any:
    """Ids are text: 42 and, where a column had gaps, 42.0 are `42`."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return as_text(value)


def as_object(value: Any) -> Any:
    """JSON text of an object is that object."""
    if not isinstance(value, str):
        return value
    try:
        return _decode(value)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return value


def as_time(value: Any) -> Any:
    """ISO 8601 from a date, from seconds or milliseconds since the epoch, from `2024-01-31 10:00:00 UTC`.

    >>> as_time("1700000000"), as_time(1700000000500), as_time("2024-01-31 10:00:00 UTC")
    ('2023-11-14T22:13:20+00:00', '2023-11-14T22:13:20.500000+00:00', '2024-01-31 10:00:00Z')
    """
    if isinstance(value, str):
        text = value.strip()
        if _EPOCH.fullmatch(text):
            return _from_epoch(float(text))
        return text[:-4] + "Z" if text.endswith((" UTC", " GMT")) else text
    if isinstance(value, datetime | date):
        return value.isoformat()
    return _from_epoch(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _from_epoch(value: float) -> str | float:
    try:
        return datetime.fromtimestamp(value / 1000 if value > _MILLISECONDS else value, UTC).isoformat()
    except (OverflowError, OSError, ValueError):
        return value


def _as_number(value: Any) -> Any:
    text = value.strip() if isinstance(value, str) else ""
    if not _NUMBER.fullmatch(text):
        return value
    return float(text) if "." in text else int(text)


def _as_boolean(value: Any) -> Any:
    return _BOOLEANS.get(str(value).strip().lower(), value)


CONVERSIONS: dict[str, Callable[[Any], Any]] = {"number": _as_number, "boolean": _as_boolean}
