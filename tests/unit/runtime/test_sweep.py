"""The walk through all people after a change: everybody is judged without an event, and it goes on where it stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from journeyloop.model.inputs import Imported, Judge
from journeyloop.model.plan import Plan
from journeyloop.runtime import records
from journeyloop.runtime import sweep as module
from journeyloop.runtime.doors import Unavailable
from journeyloop.runtime.ports import Transaction
from journeyloop.runtime.sweep import AT_ONCE, Sweep, read_cursor
from tests.property.rig import STALL, Rig, plan_of

BUYERS = plan_of(
    STALL,
    audiences="traits: {bought: {count: Order Completed, within: 7d}}\n"
    "audiences: {buyers: {where: profile.bought > 0}}",
)


class Walk:
    """A sweep over a rig. `asked` are the sizes of the inputs it brought in."""

    def __init__(self, rig: Rig, crash_after: int | None = None) -> None:
        self.rig, self.asked, self.crash_after = rig, list[int](), crash_after
        self.sweep = Sweep(rig.store, lambda: rig.plan, self.submit)

    async def submit(self, judges: Sequence[Judge], rejected: object, also: Callable[[Transaction], None]) -> None:
        if self.crash_after is not None and len(self.asked) >= self.crash_after:
            await asyncio.sleep(60)
        self.asked += [len(judge.persons) for judge in judges]
        self.rig.apply(*judges)
        with self.rig.store.write() as transaction:
            also(transaction)

    async def run(self, until: float = 2.0) -> None:
        self.sweep.start()
        for _ in range(int(until / 0.01)):
            await asyncio.sleep(0.01)
            if self.over():
                break
        await self.sweep.stop()

    def over(self) -> bool:
        with self.rig.store.read() as reader:
            cursor = read_cursor(reader)
        return cursor is not None and cursor.next is None and cursor.plan.endswith(self.rig.plan.watching)


def bought(people: int) -> Rig:
    """People who bought something before anybody counted it."""
    rig = Rig()
    for number in range(people):
        rig.track("Order Completed", f"a{number}", properties={"revenue": 1.0})
    return rig


def members(rig: Rig) -> int:
    assert len(rig.rows("audiences")) == rig.counts("audience/buyers").get("members", 0)
    return len(rig.rows("audiences"))


def changed(rig: Rig, plan: Plan = BUYERS) -> Rig:
    rig.change(plan)
    return rig


def test_a_new_audience_is_true_for_the_past_of_everybody_without_an_event() -> None:
    rig = changed(bought(130))
    assert members(rig) == 0
    walk = Walk(rig)
    asyncio.run(walk.run())
    assert members(rig) == 130
    assert sum(walk.asked) == 130
    assert max(walk.asked) == AT_ONCE
    assert rig.replayed().differences == []


def test_people_with_a_long_past_come_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """An input is one batch, and whoever sends an event meanwhile waits for it."""
    monkeypatch.setattr(module, "PAST", 10)
    rig = bought(7)
    for _ in range(4):
        for number in range(7):
            rig.track("Page", f"a{number}")
    walk = Walk(changed(rig))
    asyncio.run(walk.run())
    assert (walk.asked, members(rig)) == ([2, 2, 2, 1], 7)


def test_one_who_cannot_be_judged_does_not_stop_the_walk() -> None:
    rig = changed(bought(130))
    walk, poison = Walk(rig), sorted(key for key, _ in rig.rows("people"))[60]
    submit = walk.submit

    async def stumble(judges: Sequence[Judge], rejected: object, also: Callable[[Transaction], None]) -> None:
        if any(poison in judge.persons for judge in judges):
            raise Unavailable("ZeroDivisionError")
        await submit(judges, rejected, also)

    walk.sweep.submit = stumble
    asyncio.run(walk.run())
    assert walk.over()
    assert members(rig) == 129


def test_who_is_up_to_date_is_passed_over() -> None:
    rig = changed(bought(3))
    rig.track("Page", "a1")
    walk = Walk(rig)
    asyncio.run(walk.run())
    assert walk.asked == [2]
    again = Walk(rig)
    asyncio.run(again.run())
    assert again.asked == []


def test_it_goes_on_where_it_stopped() -> None:
    rig = changed(bought(130))
    first = Walk(rig, crash_after=1)
    asyncio.run(first.run(until=0.2))
    assert (first.asked, members(rig)) == ([AT_ONCE], AT_ONCE)
    second = Walk(rig)
    asyncio.run(second.run())
    assert (sum(second.asked), members(rig)) == (80, 130)


def test_an_audience_that_was_removed_is_left() -> None:
    rig = changed(bought(3))
    asyncio.run(Walk(rig).run())
    rig.change(plan_of(STALL))
    asyncio.run(Walk(rig).run())
    assert members(rig) == 0


def test_imported_people_are_judged_when_the_import_is_over() -> None:
    rig = Rig(BUYERS)

    async def story() -> None:
        walk = Walk(rig)
        walk.sweep.start()
        await asyncio.sleep(0.05)
        assert walk.over()
        for number in range(5):
            event = rig.event("Order Completed", f"a{number}", 1_000, source="import")
            rig.apply(Imported(event))
        assert not walk.over()
        assert members(rig) == 0
        module.QUIET, before = 0.02, module.QUIET
        walk.sweep.later()
        module.QUIET = before
        await asyncio.sleep(0.3)
        assert walk.over()
        await walk.sweep.stop()

    asyncio.run(story())
    assert members(rig) == 5


def test_an_import_during_the_walk_makes_it_start_over() -> None:
    """Who was passed already has a past then that nobody has judged."""
    rig = changed(bought(130))
    walk = Walk(rig)
    apply = rig.apply

    def apply_and_import(*judges: Judge) -> None:
        apply(*judges)
        if len(walk.asked) == 2:
            for number in range(130):
                apply(Imported(rig.event("Order Completed", f"a{number}", 1_000, source="import")))

    rig.apply = apply_and_import  # type: ignore[assignment]
    asyncio.run(walk.run())
    assert walk.over()
    assert members(rig) == 130
    assert {one.header.judged for one in map(records.decode_customer, rig.values("people"))} == {BUYERS.watching}
