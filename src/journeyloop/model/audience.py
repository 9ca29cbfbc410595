"""What is computed from a person's events, and the groups that follow from it (audiences.yaml).

A computed trait is a sum over events; an audience is a condition over the profile. Both change by events, by merges and
by time alone: a window passes, and who stopped spending leaves. A crossing is an audience of one threshold, made for a
moment that listens to a trait.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from journeyloop.model.condition import Clauses, PathReader

Op = Literal["count", "sum", "avg", "min", "max", "unique", "first", "last", "since"]

STATED, ANY, ALL = "Identify", "*", ""
"""In `moved_by` and `Plan.moving`: every event that states traits; any event without an entry; everything watched."""


class Computed(Struct, frozen=True):
    """A trait computed from events named `event` for which `where` holds.

    `path` is where the value stands below the event, such as ("properties", "revenue"); empty for count and since.
    `within` is the rolling window in ms (None: for ever), `width` the length of its buckets in ms: a bucket counts
    while now < its end + `within`, so a value leaves at most one `width` late. `hash` names the meaning: what was
    counted under another is not read.
    """

    name: str
    op: Op
    event: str
    path: tuple[str, ...] = ()
    where: Clauses = Clauses(())
    within: int | None = None
    width: int = 0
    hash: str = ""
    reader: PathReader = PathReader(())

    def bucket(self, at: int) -> int:
        """The number of the bucket that an event of this time (ms) falls in."""
        return 0 if self.within is None else at // self.width

    def oldest(self, now: int) -> int:
        """The number of the oldest bucket that counts now."""
        return 0 if self.within is None else (now - self.within) // self.width

    def leaves(self, number: int) -> int | None:
        """When this bucket no longer counts (ms); None: never."""
        return None if self.within is None else (number + 1) * self.width + self.within


class Audience(Struct, frozen=True):
    """`moved_by` are the event names after which membership can differ (None: any event); `push` a URL that is told of
    every change."""

    name: str
    where: Clauses
    reader: PathReader
    moved_by: frozenset[str] | None = None
    push: str | None = None


class Crossing(Struct, frozen=True):
    """A numeric trait that is at or above a threshold. `name` is how the person's record calls it."""

    name: str
    trait: str
    above: float
    moved_by: frozenset[str] | None = None


class Watching(Struct, frozen=True):
    """The audiences and crossings that one event name can move, with the profile names they read together."""

    watched: tuple[Audience | Crossing, ...]
    reader: PathReader = PathReader(())


class Aging(Struct, frozen=True):
    """A watched profile name whose value changes by time alone. `at`: the whole values at which a condition over it can
    change; a rolling window needs none, it changes whenever a bucket leaves."""

    name: str
    at: tuple[int, ...] = ()


class Crossed(Struct, frozen=True):
    """A person has just come into an audience (or above a threshold), or has left it."""

    name: str
    change: Literal["enters", "leaves"]


def crossing_name(trait: str, above: float) -> str:
    """How a threshold is called where audiences are called by name.

    >>> crossing_name("cart_value", 300.0)
    'cart_value>=300'
    """
    return f"{trait}>={above:.15g}"


def crossing_of(name: str) -> tuple[str, float] | None:
    """(trait, threshold) of such a name; None if it is an audience's.

    >>> crossing_of("cart_value>=300"), crossing_of("high_spenders")
    (('cart_value', 300.0), None)
    """
    trait, found, above = name.partition(">=")
    return (trait, float(above)) if found else None
