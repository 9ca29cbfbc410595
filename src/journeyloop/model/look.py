"""What a moment saw when it last looked at a person."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Look(Struct, array_like=True, gc=False):
    """The last time a moment looked at this person, for `why`.

    `truths` are those of `who` then `where`, up to the first that is not true; `values` what they all read; `outcome`
    how far it came (`clause`, `progress`, `armed`, `cancelled`, `late`, `gated`, `signal`) and `reason` why no further.
    `confidence` and `doubts` are those of the signal, if it came to the gate.
    """

    at: int
    event: str
    outcome: str
    reason: str = ""
    truths: list[str] = []
    values: dict[str, Any] = {}
    decision: bytes = b""
    confidence: float | None = None
    doubts: list[str] = []
