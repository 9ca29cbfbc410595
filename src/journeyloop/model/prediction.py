"""A chance that moments wait for: that an event happens within a time; and a person watched to learn how likely it is.

A prediction belongs to all moments that name the same event and time: one arm learns for all of them, whatever their
thresholds.
"""

from __future__ import annotations

from msgspec import Struct

from journeyloop.model.arm import BORN_AT, Arms
from journeyloop.model.condition import PathReader
from journeyloop.model.feature import STANDARD, Feature
from journeyloop.model.moment import Moment, span

FEATURES = tuple(one for one in STANDARD if one.path != ("signal", "confidence"))
"""What is seen of a person at any event; there is no signal yet whose confidence could be."""
LEAST_GOALS = 25
WATCH = "observe"


class Prediction(Struct, frozen=True):
    """Whether `event` happens `within` ms. `moments` wait for its chance; `meaning` is the hash of what is learned."""

    name: str
    event: str
    within: int
    meaning: str
    moments: tuple[Moment, ...]
    features: tuple[Feature, ...] = FEATURES
    reader: PathReader = PathReader(())

    def ignorance(self, arms: Arms | None) -> str | None:
        """What is missing before its chance may be relied on, or None."""
        fits = arms is not None and arms.meaning == self.meaning
        seen, reached = (arms.seen[0], arms.reached[0]) if arms and fits else (0, 0)
        if seen < BORN_AT:
            return f"not known yet ({seen} of {BORN_AT})"
        return f"not known yet ({reached} of {LEAST_GOALS} conversions)" if reached < LEAST_GOALS else None


class Observation(Struct, array_like=True, gc=False):
    """A person watched from event time `opened` to `closes` (ms): features `x` (packed) as they were, and when the
    goal was reached (0: not yet)."""

    opened: int
    closes: int
    x: bytes
    goal_at: int = 0

    def covers(self, time: int) -> bool:
        return self.opened <= time <= self.closes


def prediction_name(event: str, within: int) -> str:
    """How a prediction is called where moments are called by name; no moment's name begins like this.

    >>> prediction_name("Order Completed", 86_400_000)
    '~Order Completed/1d'
    """
    return f"~{event}/{span(within)}"


def timer_of(name: str, closes: int) -> str:
    """The timer that ends an observation. It tells the time, so that those of two people who are one do not collide.

    >>> timer_of("~Order Completed/1d", 7), watched("observe/7/~Order Completed/1d")
    ('observe/7/~Order Completed/1d', ('~Order Completed/1d', 7))
    """
    return f"{WATCH}/{closes}/{name}"


def watched(timer: str) -> tuple[str, int]:
    """The inverse of `timer_of`."""
    _, closes, name = timer.split("/", 2)
    return name, int(closes)
