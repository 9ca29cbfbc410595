"""Couriers under accidents: nothing ends one in silence or stands in another's way, nothing is lost by a change."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from journeyloop.adapters.store.memory import MemoryStore
from journeyloop.model.inputs import Delivered, Input, Ready
from journeyloop.runtime import courier
from journeyloop.runtime.channels import Connection, Message, Receipt, Terms
from journeyloop.runtime.circuit import Pace
from journeyloop.runtime.couriers import no_channels
from tests.property.rig import HOUR, MINUTE
from tests.unit.runtime.test_courier import House, Post, run

ONE = Terms(concurrency=1, rate=10_000.0, timeout=5.0)


def sent(message: Message) -> Receipt:
    return Receipt("sent")


async def states(house: House, *wanted: str) -> None:
    async with asyncio.timeout(10):
        while sorted(one.state for one in house.deliveries()) != sorted(wanted):
            await asyncio.sleep(0.005)


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "REST", 0.01)


def inside(house: House) -> courier.House:
    """What the couriers see of the running loop."""
    assert house.live.couriers.house is not None
    return house.live.couriers.house


def test_a_row_that_the_store_refuses_does_not_stand_in_the_way() -> None:
    """There is one slot, and the oldest message can never be asked for."""
    house = House(Post(sent), ONE)
    commit, poisoned = house.live.commit, list[bytes]()

    async def refusing(inputs: Sequence[Input]) -> None:
        if isinstance(inputs[0], Ready):
            poisoned[:] = poisoned or [inputs[0].decision]
            if inputs[0].decision in poisoned:
                raise RuntimeError("refused")
        await commit(inputs)

    async def play() -> None:
        inside(house).commit = refusing
        for number in range(3):
            await house.ask(f"u{number}")
            house.now += 1
        await states(house, "due", "sent", "sent")

    run(house, play)


class Failing(MemoryStore):
    """Cannot be read for the first few times."""

    def __init__(self, house: House, times: int) -> None:
        self.house, self.times = house, times

    def read(self) -> Any:
        self.times -= 1
        if self.times >= 0:
            raise RuntimeError("the disk is away")
        return self.house.store.read()


def test_a_courier_survives_what_nobody_thought_of() -> None:
    house = House(Post(sent), ONE)

    async def play() -> None:
        inside(house).store = failing = Failing(house, 2)
        await house.ask()
        await house.until("sent")
        assert failing.times < 0

    run(house, play)


def test_a_connection_that_changes_finishes_what_it_has_in_hand_and_loses_no_intent() -> None:
    gate = asyncio.Event()

    async def slow(message: Message) -> Receipt:
        await gate.wait()
        return Receipt("sent")

    house = House(Post(slow), ONE)

    async def play() -> None:
        await house.ask("u1")
        await house.until("intent")
        await house.ask("u2")
        changed = Connection("letters", "letters", terms=replace(ONE, concurrency=2))
        house.live.couriers.connections = lambda: {"letters": changed}
        renewing = [asyncio.create_task(house.live.couriers.renew()) for _ in range(2)]
        await asyncio.sleep(0.05)
        gate.set()
        await asyncio.gather(*renewing)
        await states(house, "sent", "sent")
        assert house.live.couriers.state()[0]["concurrency"] == 2

    run(house, play)


def test_what_is_asked_for_while_its_courier_stops_is_not_left_in_doubt() -> None:
    """The intent is committed when the courier is already stopping: it is carried, not lost."""
    house = House(Post(sent), ONE)
    commit, asked, go_on = house.live.commit, asyncio.Event(), asyncio.Event()

    async def held(inputs: Sequence[Input]) -> None:
        if isinstance(inputs[0], Ready):
            asked.set()
            await go_on.wait()
        await commit(inputs)

    async def play() -> None:
        inside(house).commit = held
        await house.ask()
        await asked.wait()
        house.live.couriers.connections = dict  # type: ignore[assignment]
        renewing = asyncio.create_task(house.live.couriers.renew())
        await asyncio.sleep(0.01)
        go_on.set()
        await renewing
        await states(house, "sent")

    run(house, play)


def test_what_waits_for_a_channel_that_is_gone_expires_and_its_intents_are_in_doubt() -> None:
    store, hanging = MemoryStore(), asyncio.Event()

    async def hang(message: Message) -> Receipt:
        await hanging.wait()
        return Receipt("sent")

    house = House(Post(hang), Terms(1, 10_000.0, 0.05), store)
    commit = house.live.commit

    async def deaf(inputs: Sequence[Input]) -> None:
        if not isinstance(inputs[0], Delivered):
            await commit(inputs)

    async def begin() -> None:
        inside(house).commit = deaf
        await house.ask("u1")
        await house.until("intent")

    run(house, begin)
    later = House(Post(sent), ONE, store)
    later.live.couriers.connections = no_channels().connections
    later.now = house.now + 1_000

    async def play() -> None:
        await later.ask("u2")
        later.now += HOUR
        await later.ask("u3")  # the writer looks at the clock
        later.now += 10 * MINUTE
        await later.ask("u4")
        await states(later, "unknown", "expired", "expired", "due")
        assert [one.intent for one in later.waiting()] == [False]

    run(later, play)


def test_a_start_is_no_pause() -> None:
    """What has piled up leaves evenly, from the first second on."""
    clock = [100.0]
    pace = Pace(10.0, lambda: clock[0])
    assert [round(pace.take(), 3) for _ in range(4)] == [0.0, 0.1, 0.2, 0.3]
    clock[0] += 60.0
    assert sum(pace.take() == 0.0 for _ in range(20)) == 10
