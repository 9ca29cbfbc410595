"""Computed traits: what a person's events add up to, in rolling windows of buckets.

Everything here is exact in any order: amounts are whole millionths, extremes and ends do not depend on who came first,
and the different values kept are the newest ones. So late events, merges and a second counting from the log agree.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from math import isfinite
from typing import Any

from journeyloop.model.audience import Computed
from journeyloop.model.condition import look
from journeyloop.model.customer import Customer, Header, Rolled
from journeyloop.model.event import Event
from journeyloop.model.identifier import keyed_hash
from journeyloop.model.plan import Plan
from journeyloop.model.profile import Scene
from journeyloop.model.rolled import MILLIONTHS

AMOUNT = 1_000_000_000
"""The largest amount of one event, either way; a larger one counts as this."""

TOTAL = (1 << 63) - 1
"""The largest total of a bucket in millionths, either way."""

DIFFERENT = 256
"""So many different values are told apart, the newest; beyond them `unique` stays at this number."""

LONGEST = 200
"""Characters of a text that first and last keep."""


def roll(customer: Customer, event: Event, traits: Iterable[Computed], received: int, now: int, secret: bytes) -> None:
    """Count one event, received then, for these traits. One from the future counts as of its receipt."""
    at = min(event.time, received)
    for trait in traits:
        if trait.bucket(at) < trait.oldest(now) or not _matters(trait, event):
            continue
        value = look(getattr(event, trait.path[0]), trait.path[1:]) if trait.path else None
        rolled = _rolled(customer.header, trait)
        match trait.op:
            case "unique":
                _mark(rolled, value, trait.bucket(at), trait.oldest(now), secret)
            case "first" | "last":
                _end(customer, trait, at, value)
            case "since":
                rolled.at = max(rolled.at, at)
            case _:
                _amount(rolled, trait, at, value)
        _forget(customer, rolled, trait, now)


def uncounted(header: Header, plan: Plan) -> list[Computed]:
    """The traits that this person's events have not been counted for."""
    if header.counted == plan.counting:
        return []
    kept = {name: one.meaning for name, one in header.windows.items()}
    return [one for name, one in plan.computed.items() if kept.get(name) != one.hash]


def recount(
    customer: Customer, traits: list[Computed], past: Iterable[tuple[int, Event]], plan: Plan, now: int, secret: bytes
) -> None:
    """The plan has other traits now: forget those it has no more, and count these from all that was received
    (when, what)."""
    header, missing = customer.header, {one.name for one in traits}
    header.windows = {name: one for name, one in header.windows.items() if name in plan.computed.keys() - missing}
    customer.sealed.ends = {name: one for name, one in customer.sealed.ends.items() if name in header.windows}
    for received, event in past:
        roll(customer, event, [one for one in traits if one.event == event.name], received, now, secret)
    header.counted = plan.counting


def add_up(customer: Customer, other: Customer, plan: Plan) -> None:
    """The windows of two people who turned out to be one, as if all their events had been one person's."""
    for name, theirs in other.header.windows.items():
        trait = plan.computed.get(name)
        if trait is None or trait.hash != theirs.meaning:
            continue
        mine = _rolled(customer.header, trait)
        for number, *cells in theirs.buckets:
            _add(mine, trait, number, cells)
        for mark, number in theirs.marks.items():
            mine.marks[mark] = max(number, mine.marks.get(mark, number))
        _keep_newest(mine)
        mine.at = max(mine.at, theirs.at)
        for at, value in other.sealed.ends.get(name, []):
            _end(customer, trait, at, value)


def _matters(trait: Computed, event: Event) -> bool:
    if not trait.where:
        return True
    read = Scene({"event": trait.reader.event_values(event)})
    return trait.where.hold(read.activation, read.values)


def _rolled(header: Header, trait: Computed) -> Rolled:
    rolled = header.windows.get(trait.name)
    if rolled is None or rolled.meaning != trait.hash:
        rolled = Rolled(trait.hash)
        header.windows = {**header.windows, trait.name: rolled}
    return rolled


# --- counts and amounts -----------------------------------------------------------------------------------------------


def _amount(rolled: Rolled, trait: Computed, at: int, value: Any) -> None:
    """What is no finite number is not counted."""
    if trait.op == "count":
        return _add(rolled, trait, trait.bucket(at), [1])
    amount = millionths(value)
    if amount is None:
        return None
    return _add(rolled, trait, trait.bucket(at), [amount] if trait.op in ("min", "max") else [1, amount])


def millionths(value: Any) -> int | None:
    """An amount as it is added up, or None if this is no finite number."""
    if type(value) is int:
        return max(-AMOUNT, min(AMOUNT, value)) * MILLIONTHS
    if type(value) is float and isfinite(value):
        return round(max(-AMOUNT, min(AMOUNT, value)) * MILLIONTHS)
    return None


def _add(rolled: Rolled, trait: Computed, number: int, cells: list[int]) -> None:
    """Into the bucket of this number, which is made in its place if there is none."""
    buckets = rolled.buckets
    if not buckets or number > buckets[-1][0]:
        rolled.buckets = [*buckets, [number, *cells]]
        return
    place = bisect_left(buckets, number, key=lambda row: row[0])
    row = buckets[place]
    if row[0] != number:
        rolled.buckets = [*buckets[:place], [number, *cells], *buckets[place:]]
    elif trait.op in ("min", "max"):
        row[1] = (min if trait.op == "min" else max)(row[1], cells[0])
    else:
        row[1:] = [max(-TOTAL, min(TOTAL, one + other)) for one, other in zip(row[1:], cells, strict=True)]


# --- different values, first and last ---------------------------------------------------------------------------------


def _mark(rolled: Rolled, value: Any, number: int, oldest: int, secret: bytes) -> None:
    text = _scalar(value)
    if text is None:
        return
    name = int(text) if type(text) is float and text.is_integer() else text
    mark = int.from_bytes(keyed_hash(secret, "unique", str(name), size=8), "big")
    before = rolled.marks.get(mark)
    if before is None:
        rolled.marks = {one: last for one, last in rolled.marks.items() if last >= oldest} | {mark: number}
        _keep_newest(rolled)
    elif number > before:
        rolled.marks[mark] = number


def _keep_newest(rolled: Rolled) -> None:
    """The newest values, of equally new ones the larger marks: the same ones in whatever order they came."""
    if len(rolled.marks) > DIFFERENT:
        kept = sorted(rolled.marks.items(), key=lambda one: (one[1], one[0]))[-DIFFERENT:]
        rolled.marks = dict(kept)


def _end(customer: Customer, trait: Computed, at: int, value: Any) -> None:
    """Keep the last value, or the first one of each bucket: those before it leave the window earlier."""
    kept = _scalar(value)
    if kept is None:
        return
    ends = [*customer.sealed.ends.get(trait.name, []), (at, kept)]
    if trait.op == "last":
        ends = [max(ends, key=_order)]
    else:
        firsts: dict[int, tuple[int, Any]] = {}
        for end in sorted(ends, key=_order):
            firsts.setdefault(trait.bucket(end[0]), end)
        ends = list(firsts.values())
    customer.sealed.ends = {**customer.sealed.ends, trait.name: ends}


def _order(end: tuple[int, Any]) -> tuple[int, str]:
    return end[0], repr(end[1])


def _scalar(value: Any) -> str | int | float | bool | None:
    """A text (its beginning), a number or a truth value; of anything else nothing is kept."""
    if isinstance(value, str):
        return value[:LONGEST]
    if isinstance(value, bool) or (isinstance(value, int) and -TOTAL <= value <= TOTAL):
        return value
    return value if isinstance(value, float) and isfinite(value) else None


def _forget(customer: Customer, rolled: Rolled, trait: Computed, now: int) -> None:
    """What has left the window is not written again."""
    oldest = trait.oldest(now)
    if rolled.buckets and rolled.buckets[0][0] < oldest:
        rolled.buckets = [row for row in rolled.buckets if row[0] >= oldest]
    if trait.op not in ("first", "last") or trait.within is None:
        return
    ends = customer.sealed.ends.get(trait.name)
    if ends and trait.bucket(ends[0][0]) < oldest:
        kept = [end for end in ends if trait.bucket(end[0]) >= oldest]
        customer.sealed.ends = {**customer.sealed.ends, trait.name: kept}
