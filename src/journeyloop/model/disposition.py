"""What an agent says of a conversation when it is over, and what it means for what the loop may do."""

from __future__ import annotations

from msgspec import Struct

DISPOSED = "Agent Disposition"
"""The event by which moments hear of it."""


class Disposition(Struct, frozen=True):
    """`hold` these topics and purposes for `length` ms; what holds those of `release` ends at once."""

    name: str
    hold: tuple[str, ...] = ()
    length: int = 0
    release: tuple[str, ...] = ()
