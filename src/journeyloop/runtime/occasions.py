"""The closed windows of one moment, read from the store as they were decided: what an evaluation is made of.

A window takes part only if its choice was left to chance, by what was known before the choice: leaving rows out by what
was chosen, or by what came of it, would decide the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from msgspec import Struct, field

from journeyloop.model.customer import Header
from journeyloop.model.decision import Decision
from journeyloop.model.effects import Resolved
from journeyloop.model.plan import Plan
from journeyloop.runtime import records
from journeyloop.runtime.alternative import Occasion
from journeyloop.runtime.ports import Reader

CHUNK = 1_000
DECISION = 16
"""Bytes of a decision's id."""

LEFT_OUT = {
    "erased": "of erased people",
    "held_out": "held out",
    "mixed": "of people with two arms",
    "shared": "where another moment could be chosen",
    "without_chance": "decided by rule, without chance",
    "unrecorded": "without the probability of what was chosen",
}
"""Why a window takes no part, and how that is said."""


def said(left_out: dict[str, int]) -> str:
    """Which windows take no part, in words."""
    return ", ".join(f"{number:,} {LEFT_OUT[reason]}" for reason, number in left_out.items())


class Occasions(Struct):
    """`told` are the windows that take part, `held_out` those of the holdout: a learner learns silence from them.
    `left_out` counts the others by reason."""

    told: list[Occasion] = field(default_factory=list)
    held_out: list[Occasion] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)


def read_occasions(reader: Reader, plans: Callable[[str], Plan], moment: str) -> Occasions:
    """All closed windows of this moment."""
    found, persons = Occasions(), _Persons(reader)
    for made, resolved in _resolved(reader, moment):
        reason = _left_out(made, moment)
        if reason:
            found.left_out[reason] = found.left_out.get(reason, 0) + 1
        if reason in (None, "held_out"):
            one = _occasion(made, resolved, moment, persons.now(made.person), plans)
            (found.held_out if reason else found.told).append(one)
    return found


def _resolved(reader: Reader, moment: str) -> Iterator[tuple[Decision, Resolved]]:
    ending = moment.encode()
    rows = ((key, raw) for key, raw in reader.scan("outcomes") if key[DECISION:] == ending)
    while chunk := dict(islice(rows, CHUNK)):
        made = reader.get_many("decisions", [key[:DECISION] for key in chunk])
        for key, raw in chunk.items():
            if key[:DECISION] in made:
                yield records.decode_decision(made[key[:DECISION]]), records.decode_outcome(raw)


def _left_out(made: Decision, moment: str) -> str | None:
    """The first reason against this window."""
    row = next(row for row in made.rows if row.moment == moment)
    if not made.features:
        return "erased"
    if row.arm != "treated":
        return "mixed" if row.arm == "mixed" else "held_out"
    if any(one.propensity > 0.0 for one in made.candidates if one.moment != moment):
        return "shared"
    if row.mode not in ("cautious", "full"):
        return "without_chance"
    chosen = [one.propensity for one in made.candidates if (one.moment, one.action) == made.chosen]
    return "unrecorded" if chosen and chosen[0] <= 0.0 else None


def _occasion(made: Decision, resolved: Resolved, moment: str, person: bytes, plans: Callable[[str], Plan]) -> Occasion:
    chosen = made.chosen[1] if made.chosen and made.chosen[0] == moment else ""
    return Occasion(
        person,
        next(row for row in made.rows if row.moment == moment),
        [one for one in made.candidates if one.moment == moment],
        chosen,
        resolved.goal_at > 0,
        resolved.value,
        resolved.outcome != "void",
        plans(made.plan).moments[moment],
    )


class _Persons:
    """Who a person has become: rows of people who turned out to be one are of one."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.known: dict[bytes, bytes] = {}

    def now(self, person: bytes) -> bytes:
        if person not in self.known:
            raw = self.reader.get("people", person)
            successor = None if raw is None else records.decode_record(raw, Header)[0].successor
            self.known[person] = person if successor is None else self.now(successor)
        return self.known[person]
