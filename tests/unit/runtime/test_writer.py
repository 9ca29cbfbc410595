"""The writer's thread: a bad input or timer costs nobody else; a failed store is final; the inbox is bounded."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from journeyloop.adapters.store.memory import MemoryStore
from journeyloop.model.event import Event, Rejected
from journeyloop.model.inputs import Epoch, PlanChanged
from journeyloop.runtime import batch as batches
from journeyloop.runtime import records, writer
from journeyloop.runtime.batch import nobody_watches
from journeyloop.runtime.memory import Memory
from journeyloop.runtime.ports import StoreFailed
from journeyloop.runtime.writer import Committed, Work, Writer
from tests.property.rig import MINUTE, SECRET, T, moment, plan_of

POISON = "poison"
PLAN = plan_of(moment("waits", detect="{event: Asked For, absent: [Order Completed], for: 1m}"))
OTHER = plan_of(moment("other"))


class Bench:
    """A writer over a memory store, its clock, and what it published."""

    def __init__(self, limit: int = 1_000) -> None:
        self.store, self.now = MemoryStore(), T
        with self.store.read() as reader:
            self.memory = Memory(SECRET, PLAN, reader)
        self.published: list[Committed] = []
        self.errors: list[Exception | None] = []
        plans = {PLAN.hash: PLAN, OTHER.hash: OTHER}
        self.writer = Writer(
            self.store, self.memory, plans.__getitem__, nobody_watches, lambda: self.now, self._publish, limit
        )
        self.writer.start()
        self.submit([Epoch(1, "test", ""), PlanChanged(PLAN.hash)])

    def _publish(self, committed: Committed) -> None:
        self.published.append(committed)
        for work in committed.work:
            work.done(committed.error)

    def submit(self, *groups: list[Any]) -> list[Exception | None]:
        """Offer each group as work of its own, all before the writer may look; what each was answered."""
        answers: list[Exception | None] = [None] * len(groups)
        done = [threading.Event() for _ in groups]

        def answer(at: int, error: Exception | None) -> None:
            answers[at] = error
            done[at].set()

        with self.held():
            for at, inputs in enumerate(groups):
                assert self.writer.offer(Work(inputs, (), lambda error, at=at: answer(at, error)))  # type: ignore[misc]
        for one in done:
            assert one.wait(10)
        return answers

    @contextmanager
    def held(self) -> Iterator[None]:
        """The store is busy meanwhile, so that what is offered becomes one batch."""
        with self.store._writer:
            yield

    def log(self) -> list[Any]:
        with self.store.read() as reader:
            return [records.decode_log(raw)[1] for _, raw in reader.scan("log")]

    def events(self) -> list[str]:
        return [one.message_id for one in self.log() if isinstance(one, Event)]


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.writer.stop()


@pytest.fixture
def poisonous(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that stumbles over one message, and over the timers of one person."""
    advance = batches.advance

    def stumble(customer: Any, message: Any, frame: Any) -> None:
        advance(customer, message, frame)
        given = getattr(message, "input", None)
        timer = type(given).__name__ == "TimerDue" and POISON in customer.sealed.anonymous_ids()
        if timer or getattr(given, "message_id", "") == POISON:
            raise ZeroDivisionError

    monkeypatch.setattr(batches, "advance", stumble)


def event(message: str, who: str = "a1", name: str = "Product Viewed", at: int = T) -> Event:
    return Event("track", name, message, at, anonymous_id=who)


def test_one_bad_input_does_not_sink_its_neighbours(bench: Bench, poisonous: None) -> None:
    answers = bench.submit([event("m1")], [event("m2"), event(POISON)], [event("m3")])
    assert [type(one) for one in answers] == [type(None), ZeroDivisionError, type(None)]
    assert bench.events() == ["m1", "m3"]
    assert bench.submit([event("m2")]) == [None]
    assert bench.events() == ["m1", "m3", "m2"]


def test_nothing_of_a_failed_batch_is_remembered(bench: Bench, poisonous: None) -> None:
    """The plan that came with the bad input is not in force, nor is the message known."""
    [error] = bench.submit([PlanChanged(OTHER.hash), event("m1"), event(POISON)])
    assert isinstance(error, ZeroDivisionError)
    assert bench.memory.plan is PLAN
    assert bench.submit([event("m1")]) == [None]
    assert bench.events() == ["m1"]
    assert bench.published[-1].plan is PLAN


def test_timers_that_come_due_together_leave_room_for_what_arrives(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "FIRED", 2)
    bench.submit([event(f"m{number}", f"a{number}", "Asked For") for number in range(5)])
    bench.now += MINUTE
    for _ in range(3):
        assert bench.submit([event(f"late{len(bench.published)}")]) == [None]
    bench.writer.stop()
    fired = [one.fired for one in bench.published if one.fired]
    assert (max(fired), sum(fired)) == (2, 5)


def test_a_bad_timer_is_skipped_and_costs_nobody_anything(bench: Bench, poisonous: None) -> None:
    bench.submit([event("m1", POISON, "Asked For"), event("m2", "a2", "Asked For")])
    bench.now += MINUTE
    assert bench.submit([event("m3")]) == [None]
    assert bench.events() == ["m1", "m2", "m3"]
    assert sum(one.fired for one in bench.published) == 1
    assert bench.submit([event("m4")]) == [None]


def test_a_failed_store_is_final(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.store, "_commit", broken)
    [error] = bench.submit([event("m1")])
    assert isinstance(error, StoreFailed)
    monkeypatch.undo()
    assert bench.submit([event("m2")], [event("m3")]) == [error, error]
    assert bench.events() == []
    assert bench.writer.failed is error


def broken(changed: Any) -> None:
    raise StoreFailed("disk full")


def test_the_inbox_is_bounded_but_not_for_the_loop_itself() -> None:
    made = Bench(limit=3)
    quiet = lambda error: None  # noqa: E731
    for committed in made.published:
        made.writer.release(committed.work)
    before = len(made.published)
    with made.held():
        assert made.writer.offer(Work([event("m1"), event("m2")], (), quiet))
        assert not made.writer.offer(Work([event("m3")], [Rejected("r", "")], quiet))
        assert made.writer.offer(Work([event("m4")], (), quiet))
        assert not made.writer.offer(Work([event("m5")], (), quiet))
        assert made.writer.offer(Work([event("m6")], (), quiet), own=True)
        assert made.writer.waiting == 4
    made.writer.stop()
    assert made.events() == ["m1", "m2", "m4", "m6"]
    for committed in made.published[before:]:
        made.writer.release(committed.work)
    assert made.writer.waiting == 0
    assert made.writer.offer(Work([event(f"n{at}") for at in range(9)], (), quiet))


def test_a_refused_input_is_kept_with_its_reason(bench: Bench) -> None:
    done = threading.Event()
    refused = Rejected("malformed_json", "not JSON", b"{")
    bench.writer.offer(Work((), [refused], lambda error: done.set()))
    assert done.wait(10)
    with bench.store.read() as reader:
        [(_, raw)] = reader.scan("quarantine")
    header, body = records.decode_refused(raw)
    assert (header.at, header.reason, body) == (T, "malformed_json", b"{")
