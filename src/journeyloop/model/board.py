"""What is shared by all: an immutable, versioned value that only `tune` makes anew."""

from __future__ import annotations

from msgspec import Struct, field

from journeyloop.model.breaker import BREAKER, Pulse
from journeyloop.model.budget import Spent

CONVERSION, VALUE = "", "value"
"""What is compared between the arms of the holdout: whether the goal was reached, and what it was worth in the end."""


def guard_measure(event: str) -> str:
    """The measure of a goal that must not get worse."""
    return f"guard/{event}"


def versus_measure(action: str) -> str:
    """The measure of an action against its comparator: the goal, where a coin decided between them."""
    return f"versus/{action}"


class Level(Struct, frozen=True, array_like=True):
    """Where a moment stands: the means so far of each measure (treated, held out), what a goal is worth on average, the
    mode that the evidence has moved it to ("": as written), and the amount beyond which nothing counts more (0.0: not
    known)."""

    means: dict[str, tuple[float, float]] = {}
    worth: float = 0.0
    mode: str = ""
    most: float = 0.0


class Board(Struct, frozen=True, array_like=True):
    """`paused` holds scopes: `all`, `breaker`, `moment:NAME`, `channel:NAME`. `levels` says where each moment is, not
    stored: it is made of the tallies. `prices` says what one unit of a budget costs beside its own cost, and `spent`
    what each was used for. `pulse` is what the breaker watches, `tripped` what was too much ("": nothing)."""

    version: int = 0
    paused: frozenset[str] = frozenset()
    levels: dict[str, Level] = {}
    prices: dict[str, float] = {}
    spent: dict[str, Spent] = {}
    pulse: Pulse = Pulse()
    tripped: str = ""

    def level(self, moment: str) -> Level:
        return self.levels.get(moment, NOWHERE)

    def stops(self, moment: str, channel: str) -> str | None:
        """The pause that stops this moment or channel, or None."""
        for scope in ("all", BREAKER, f"moment:{moment}", f"channel:{channel}"):
            if scope in self.paused:
                return f"paused: {scope}"
        return None


NOWHERE = Level()


class Group(Struct, array_like=True, gc=False):
    """One arm's closed windows, how many reached the goal, and what they came to."""

    rows: int = 0
    goals: int = 0
    total: float = 0.0

    def mean(self) -> float:
        return self.total / self.rows if self.rows else 0.0


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
    """The state of `tune` for one moment: intention-to-treat counts by name, the evidence on the goal and (`measures`)
    on all else that is compared. `worths` are the amounts that goals were worth (`learn.worth`). The mode was moved to
    `mode` on day `moved_on`; `looked_on` is the day of the last daily look, `favourable` how many in a row spoke for
    more freedom. `resumed` is when an operator last ended a pause (ms), `began` when the first thing was counted;
    `harmed` what was worse when the moment was paused for harm ("": it was not)."""

    counts: dict[str, int] = {}
    evidence: Evidence = field(default_factory=Evidence)
    measures: dict[str, Evidence] = {}
    worths: dict[int, tuple[int, float]] = {}
    mode: str = ""
    moved_on: int = 0
    looked_on: int = 0
    favourable: int = 0
    resumed: int = 0
    began: int = 0
    harmed: str = ""

    def measured(self, measure: str) -> Evidence:
        """The evidence on a measure; it begins when it is first asked for."""
        return self.evidence if measure == CONVERSION else self.measures.setdefault(measure, Evidence())
