"""What is shared by all: an immutable, versioned value that only `tune` makes anew."""

from __future__ import annotations

from msgspec import Struct, field


class Board(Struct, frozen=True, array_like=True):
    """`paused` holds scopes: `all`, `moment:NAME`, `channel:NAME`. `means` holds the goal rates so far of each moment:
    (treated, held out)."""

    version: int = 0
    paused: frozenset[str] = frozenset()
    means: dict[str, tuple[float, float]] = {}

    def stops(self, moment: str, channel: str) -> str | None:
        """The pause that stops this moment or channel, or None."""
        for scope in ("all", f"moment:{moment}", f"channel:{channel}"):
            if scope in self.paused:
                return f"paused: {scope}"
        return None


class Group(Struct, array_like=True, gc=False):
    """One arm's closed windows, and how many reached the goal."""

    rows: int = 0
    goals: int = 0

    def mean(self) -> float:
        return self.goals / self.rows if self.rows else 0.0


class Evidence(Struct, array_like=True, gc=False):
    """The running sums of `learn.evidence`: t, the sum of psi, and the clustered A (squares), B (cross), C (sizes)."""

    rows: int = 0
    total: float = 0.0
    squares: float = 0.0
    cross: float = 0.0
    sizes: int = 0
    treated: Group = field(default_factory=Group)
    holdout: Group = field(default_factory=Group)


class Tally(Struct, array_like=True, gc=False):
    """The state of `tune` for one moment: intention-to-treat counts by name, and the evidence."""

    counts: dict[str, int] = {}
    evidence: Evidence = field(default_factory=Evidence)
