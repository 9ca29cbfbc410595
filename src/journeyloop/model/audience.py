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


class Computed(Struct, frozen=True):
    """A trait computed from events named `event` for which `where` holds.

    `path` is where the value stands below the event, such as ("properties", "revenue"); empty for count and since.
    `within` is the rolling window in ms (None: for ever), `width` the length of its buckets in ms: a value leaves the
    window when its whole bucket has left. `hash` names the meaning: what was counted under another is not read.
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


def crossing_name(trait: str, above: float) -> str:
    return f"{trait}>={above:g}"


class Crossed(Struct, frozen=True):
    """A person has just come into an audience (or above a threshold), or has left it."""

    name: str
    change: Literal["enters", "leaves"]
