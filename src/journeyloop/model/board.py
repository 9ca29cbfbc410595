"""What is shared by all: an immutable, versioned value that only `tune` makes anew."""

from __future__ import annotations

from msgspec import Struct


class Board(Struct, frozen=True, array_like=True):
    """`paused` holds scopes: `all`, `moment:NAME`, `channel:NAME`."""

    version: int = 0
    paused: frozenset[str] = frozenset()

    def stops(self, moment: str, channel: str) -> str | None:
        """The pause that stops this moment or channel, or None."""
        for scope in ("all", f"moment:{moment}", f"channel:{channel}"):
            if scope in self.paused:
                return f"paused: {scope}"
        return None


class Tally(Struct, array_like=True, gc=False):
    """The state of `tune` for one moment: intention-to-treat counts by name (see docs/concepts/counts)."""

    counts: dict[str, int] = {}
