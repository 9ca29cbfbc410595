"""Ids that name nobody: what broken clients send in place of one. Sharing such an id would merge strangers."""

from __future__ import annotations

BLOCKED_IDS = frozenset({"", "null", "undefined", "nan", "[object object]", "0", "anonymous"})
_LONGEST_BLOCKED = 24  # the longest of them with some blanks around it


def refuse_id(identifier: str) -> str | None:
    """Why this cannot be the id of a person (`nul_character`, `blocked_id`), or None."""
    if "\0" in identifier:
        return "nul_character"
    if len(identifier) <= _LONGEST_BLOCKED and identifier.strip().lower() in BLOCKED_IDS:
        return "blocked_id"
    return None
