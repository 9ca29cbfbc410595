"""What a moment tells whoever speaks with the person: `also: - {brief: agent, text: …}`."""

from __future__ import annotations

from msgspec import Struct

AGENT = "agent"
"""Who is briefed, and the placement by which an agent's desk asks."""

KEPT = 10
"""Briefs of one person, the newest."""


class Brief(Struct, array_like=True, gc=False):
    """Filled at the signal, `at`; of no use any more from `until` on (ms), or once its moment is over. `item` is its
    place among the briefs of the moment."""

    moment: str
    at: int
    until: int
    text: str
    item: int = 0


def newest(briefs: list[Brief], now: int) -> list[Brief]:
    """Those that still hold, oldest first; the newest word stands for the same one of earlier signals."""
    last = {
        (one.moment, one.item): one for one in sorted(briefs, key=lambda one: (one.at, one.text)) if one.until > now
    }
    return sorted(last.values(), key=lambda one: (one.at, one.moment, one.item))[-KEPT:]
