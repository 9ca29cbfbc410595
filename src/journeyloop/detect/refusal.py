"""Every reason for which the door refuses input, and the limits behind them. Reasons are stable codes; details never
carry the sender's data.
"""

from __future__ import annotations

import json

import msgspec

from journeyloop.model.event import Rejected

MAX_EVENT_BYTES = 32 * 1024
MAX_BATCH_BYTES = 500 * 1024
MAX_BATCH_EVENTS = 2_500
MAX_DEPTH = 32
MAX_MESSAGE_ID = 100
FUTURE_LIMIT = 24 * 3_600_000
PAST_LIMIT = 10 * 366 * 24 * 3_600_000
IMPORT_LIMIT = 30 * 366 * 24 * 3_600_000

# What msgspec and json raise over hostile text; an integer of 5,000 digits is a ValueError.
INVALID = (msgspec.MsgspecError, ValueError, RecursionError)

ID_FIELDS = frozenset({"userId", "anonymousId", "previousId", "groupId", "messageId"})

REASONS = {
    "alias_of_itself": "An alias call joins two different ids.",
    "batch_missing": "The body needs `batch`, a list of events.",
    "blocked_value": "This is a placeholder, not the name of one person.",
    "blocked_id": "This id is a placeholder (such as null, undefined or 0), not the name of one person.",
    "duplicate_key": "A key occurs twice in one object.",
    "id_not_string": "Ids must be strings: numbers lose digits on their way.",
    "integer_too_large": "Integers must fit in 64 bits.",
    "invalid_type": "A field has the wrong type.",
    "lone_surrogate": "A string holds half of a UTF-16 surrogate pair.",
    "malformed_json": "The body is not JSON.",
    "message_id_too_long": f"messageId has more than {MAX_MESSAGE_ID} characters.",
    "granted_invalid": "`granted` is neither yes nor no.",
    "malformed_email": "This is not an e-mail address.",
    "malformed_form": "The body is not a form.",
    "malformed_id": "This is not an id.",
    "malformed_phone": "This is not a telephone number; one without a country code is of no country.",
    "missing_event": "A track call needs `event`, the name of what happened.",
    "missing_group_id": "A group call needs `groupId`.",
    "missing_id": "An event needs `userId` or `anonymousId`.",
    "missing_previous_id": "An alias call needs `previousId`.",
    "missing_user_id": "An alias call needs `userId`.",
    "not_a_number": "NaN and Infinity are not JSON.",
    "nul_character": "An id or a name holds a NUL character.",
    "time_in_future": "The corrected timestamp is more than 24 hours ahead.",
    "time_invalid": "A timestamp is not ISO 8601.",
    "time_missing": "An imported event needs its `timestamp`.",
    "time_too_old": "The corrected timestamp is more than ten years ago (imported: thirty).",
    "too_deep": f"Objects and lists are nested deeper than {MAX_DEPTH}.",
    "too_large": "At most 32 KB an event, 500 KB and 2,500 events a batch.",
    "unknown_purpose": "policy.yaml has no such purpose.",
    "unknown_channel": "There is no such channel.",
    "unknown_type": "`type` must be one of track, identify, page, screen, group, alias.",
}


def refusal(reason: str, raw: bytes, where: str = "") -> Rejected:
    """Refuse `raw` for one of REASONS; `where` names a field."""
    detail = REASONS[reason]
    return Rejected(reason, f"{detail} ({where})" if where else detail, raw)


def invalid(raw: bytes, error: Exception) -> Rejected:
    """Name what the decoder stumbled over."""
    if isinstance(error, RecursionError):
        return refusal("too_deep", raw)
    if not isinstance(error, msgspec.ValidationError):
        return refusal(_why_malformed(raw), raw)
    message = str(error)
    field = message.partition("`$.")[2].rstrip("`")
    if field in ID_FIELDS:
        return refusal("id_not_string", raw, field)
    if "out of range" in message:
        return refusal("integer_too_large" if "Integer" in message else "not_a_number", raw)
    if "`batch`" in message:
        return refusal("batch_missing", raw)
    return refusal("invalid_type", raw, field if field.isidentifier() and len(field) < 20 else "")


def _why_malformed(raw: bytes) -> str:
    """Python's decoder also takes NaN and halves of surrogate pairs: if it can read the text, one of these is in it."""
    constants: list[str] = []
    try:
        json.loads(raw.decode(), parse_constant=constants.append)
    except (ValueError, RecursionError):
        return "malformed_json"
    return "not_a_number" if constants else "lone_surrogate"
