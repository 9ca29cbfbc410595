"""Ids that name nobody: what broken clients send in place of one. Sharing such an id would merge strangers."""

from __future__ import annotations

from journeyloop.model.policy import BLOCKED


def refuse_id(identifier: str, blocked: frozenset[str] = BLOCKED) -> str | None:
    """Why this cannot be the id of a person (`nul_character`, `blocked_id`), or None."""
    if "\0" in identifier:
        return "nul_character"
    text = identifier.strip().lower()
    return "blocked_id" if text in blocked or not text.strip("0-") else None
