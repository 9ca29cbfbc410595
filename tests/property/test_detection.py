"""An independent oracle: plain Python over the whole history agrees with every kind on which signals fire, and when.

It shares no code with the kernel, keeps no state of it, and looks at all events each time. Words and values are few, so
that steps, marks and times often meet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import combinations
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyloop.model.plan import Plan
from tests.property.rig import SECOND, Rig, moment, plan_of

JITTER = 1 * SECOND
EXPIRES = 20 * SECOND
WAITS = [0, 300, 1 * SECOND, 3 * SECOND, 4 * SECOND, 10 * SECOND, 11 * SECOND, 25 * SECOND, 45 * SECOND]
AGES = [0, 0, 0, 0, 400, 900, 1_000, 1_001, 5 * SECOND, 30 * SECOND]
MARKS = ["o1", "o2", None]


class Happened(NamedTuple):
    """`now` is when it arrived, `time` when it was; `good`: whether it meets `where`. `slept`: since the one before it
    the server was down, and woke just before it."""

    now: int
    time: int
    name: str
    mark: str | None
    good: bool
    slept: bool = False

    def meets(self, due: int) -> Iterator[int]:
        """When a timer that was due before this fires: then, or on waking, if it is not stale by that time."""
        fires = self.now if self.slept else due
        if fires <= due + EXPIRES:
            yield fires

    def late(self, before: list[Happened]) -> bool:
        return any(self.time < other.time - JITTER for other in before)


Step = tuple[int, str, int, str | None, bool, bool]
"""Wait, event, age, `by` value, whether `where` holds, whether the server sleeps meanwhile."""

Oracle = Callable[[list[Happened], int], Iterator[int]]


def histories(names: str, marks: list[str | None] = MARKS) -> st.SearchStrategy[list[Step]]:
    """Short ones that shrink, and long ones from a seed."""
    often = st.sampled_from([True, True, True, False])
    rare = st.sampled_from([False] * 7 + [True])
    step = st.tuples(
        st.sampled_from(WAITS), st.sampled_from(names), st.sampled_from(AGES), st.sampled_from(marks), often, rare
    )
    seeds = st.integers(0, 1 << 32).map(lambda seed: _long(Random(seed), names, marks))
    return st.lists(step, max_size=10) | seeds


def _long(random: Random, names: str, marks: list[str | None]) -> list[Step]:
    return [
        (
            random.choice(WAITS), random.choice(names), random.choice(AGES), random.choice(marks),
            random.random() < 0.8, random.random() < 0.1,
        )
        for _ in range(40)
    ]  # fmt: skip


@cache
def plan(detect: str, more: str = "") -> Plan:
    return plan_of(moment(detect=f"{{{detect}}}", expires=f"{EXPIRES // SECOND}s", body=more))


def agree(steps: list[Step], detect: str, oracle: Oracle, more: str = "") -> None:
    """Play it, let every timer fire, and compare the times of all decisions."""
    rig = Rig(plan(detect, more))
    happened: list[Happened] = []
    for wait, name, age, mark, good, sleep in steps:
        (rig.sleep if sleep else rig.pass_time)(wait)
        properties = {"good": good} | ({} if mark is None else {"order_id": mark})
        rig.track(name, ago=age, properties=properties)
        happened.append(Happened(rig.now, rig.now - age, name, mark, good, sleep))
    rig.pass_time(600 * SECOND)
    assert [one.at for one in rig.decisions()] == sorted(oracle(happened, rig.now))


# --- at once ----------------------------------------------------------------------------------------------------------

GOOD = "where: event.properties.good"


def stale(one: Happened) -> bool:
    return one.now > one.time + EXPIRES


@given(histories("AB"))
def test_an_event(steps: list[Step]) -> None:
    def oracle(happened: list[Happened], end: int) -> Iterator[int]:
        for at, one in enumerate(happened):
            if one.name == "A" and one.good and not one.late(happened[:at]) and not stale(one):
                yield one.now

    agree(steps, f"event: A, {GOOD}", oracle)


@given(histories("AAB"))
@pytest.mark.parametrize("count", [2, 3])
def test_a_count(count: int, steps: list[Step]) -> None:
    """So many with this `by` in the window that ends with the newest, and less than so many before this one came."""
    within = 10 * SECOND

    def oracle(happened: list[Happened], end: int) -> Iterator[int]:
        for at, one in enumerate(happened):
            counts = [
                other
                for place, other in enumerate(happened[: at + 1])
                if other.name == "A" and other.good and other.mark == one.mark and not other.late(happened[:place])
            ]
            if not counts or counts[-1] is not one or stale(one):
                continue
            newest = max(other.time for other in counts)
            window = [other for other in counts if newest - within < other.time <= newest]
            if len(window) >= count and sum(other is not one for other in window) < count:
                yield one.now

    agree(steps, f"event: A, {GOOD}, count: {count}, within: 10s, by: order_id", oracle)


SEQUENCES = ["AB", "ABC", "AA", "ABA", "AAB", "ABB"]


@given(histories("ABC"))
@pytest.mark.parametrize("wanted", SEQUENCES)
def test_a_sequence(wanted: str, steps: list[Step]) -> None:
    """Some choice of events, in the order they came, the last one being this, since the last completion."""
    within = 11 * SECOND

    def oracle(happened: list[Happened], end: int) -> Iterator[int]:
        begun: dict[str | None, int] = {}
        for at, one in enumerate(happened):
            if one.name != wanted[-1] or not one.good or one.late(happened[:at]):
                continue
            earlier = [
                other
                for place, other in enumerate(happened[:at])
                if place >= begun.get(one.mark, 0)
                and other.mark == one.mark
                and (other.good or other.name != wanted[-1])
                and not other.late(happened[:place])
            ]
            if any(
                "".join(other.name for other in chosen) + one.name == wanted and one.time - chosen[0].time <= within
                for chosen in combinations(earlier, len(wanted) - 1)
            ):
                begun[one.mark] = at + 1
                if not stale(one):
                    yield one.now

    guarded = wanted[-1]
    written = ", ".join(f"{{event: {name}, {GOOD}}}" if name == guarded else name for name in wanted)
    agree(steps, f"sequence: [{written}], within: 11s, by: order_id", oracle)


# --- later ------------------------------------------------------------------------------------------------------------


@given(histories("AABC"))
@pytest.mark.parametrize("repeat", ["restart", "keep"])
def test_an_absence(repeat: str, steps: list[Step]) -> None:
    wait = 4 * SECOND

    def oracle(happened: list[Happened], end: int) -> Iterator[int]:
        opened: dict[str | None, int] = {}
        for at, one in enumerate([*happened, Happened(end, end, "end", None, False)]):
            for since in opened.values():
                if since + wait <= one.now:
                    yield from one.meets(since + wait)
            opened = {mark: since for mark, since in opened.items() if since + wait > one.now}
            if one.name == "B":
                for mark, since in list(opened.items()):
                    if one.time >= since - JITTER and (one.mark is None or mark is None or one.mark == mark):
                        del opened[mark]
            if one.name != "A" or not one.good or one.late(happened[:at]) or one.now > one.time + wait + EXPIRES:
                continue
            since = opened.get(one.mark, one.time)
            opened[one.mark] = max(since, one.time) if repeat == "restart" else since
            if opened[one.mark] + wait <= one.now:
                yield one.now
                del opened[one.mark]

    agree(steps, f"event: A, {GOOD}, by: order_id, absent: [B], for: 4s, repeat: {repeat}", oracle)


@given(histories("ABC", marks=[None]))
def test_inactivity(steps: list[Step]) -> None:
    """From every A on: the first gap of so long after anything they do; C ends the wait."""
    quiet = 10 * SECOND

    def oracle(happened: list[Happened], end: int) -> Iterator[int]:
        after: int | None = None
        last = 0
        for at, one in enumerate([*happened, Happened(end, end, "end", None, False)]):
            if after is not None and last + quiet <= one.now:
                after = None
                yield from one.meets(last + quiet)
            begins = one.name == "A" and one.good and not one.late(happened[:at])
            last = max(last, one.time)
            if one.name == "C" and after is not None and one.time >= after - JITTER:
                after = None
            if begins and one.now <= last + quiet + EXPIRES:
                after = one.time if after is None else max(after, one.time)
            if after is not None and last + quiet <= one.now:
                after = None
                yield one.now

    agree(steps, f"inactive: 10s, after: A, {GOOD}", oracle, "cancel_on: [C]\n")
