"""The one thread that writes. It cuts a batch, applies it, commits, and only then tells the world.

Nothing here sends or answers: results go to the event loop, which acknowledges and performs in commit order. A batch is
whatever arrived while the previous one was being committed (at most 1,000 inputs); only under load it is gathered a
little longer.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from traceback import extract_tb
from typing import Any

from msgspec import Struct

from journeyloop.model.board import Board
from journeyloop.model.event import Event, Rejected
from journeyloop.model.inputs import Input
from journeyloop.model.plan import Plan
from journeyloop.runtime.batch import Batch, Watch
from journeyloop.runtime.lag import LagLog, read_lags
from journeyloop.runtime.memory import Memory
from journeyloop.runtime.ports import Store, StoreFailed, Transaction
from journeyloop.runtime.quarantine import keep

BATCH = 1_000
FIRED = 200
"""Timers in one batch: buckets end together, so tens of thousands of people may leave an audience at one instant, and
what arrives meanwhile waits for a batch, not for all of them."""

BUSY = 32
GATHER = 0.004
"""After a batch of at least BUSY inputs the next is gathered for that long (s): a commit costs the same for more."""

IDLE = 60.0


class Work(Struct):
    """Inputs that are acknowledged together. `done` runs after the commit with None, or with what went wrong;
    `also` writes what must be true exactly when these inputs were applied."""

    inputs: Sequence[Input]
    rejected: Sequence[Rejected]
    done: Callable[[Exception | None], None]
    also: Callable[[Transaction], None] | None = None


class Committed(Struct):
    """What one batch leaves to be done: acknowledge this work, perform these effects, count these things. `refused` are
    identifiers that were not taken, by (type, reason), `people` those whose state may have changed."""

    work: list[Work]
    plan: Plan
    board: Board
    effects: list[Any] = []
    inputs: int = 0
    fired: int = 0
    duplicates: int = 0
    tally: dict[tuple[str, int, str], int] = {}
    imported: bool = False
    error: Exception | None = None
    refused: dict[tuple[str, str], int] = {}
    people: Collection[bytes] = ()


class Writer:
    """`publish` is called on the writer's thread with each batch; it hands over to the event loop.

    A failed store is final: later work is refused with the same error. Any other exception drops the batch whole, reads
    the state again from the store and commits its works one at a time, so that only the culprit is refused.
    """

    def __init__(
        self,
        store: Store,
        memory: Memory,
        plans: Callable[[str], Plan],
        watch: Watch,
        clock: Callable[[], int],
        publish: Callable[[Committed], None],
        limit: int = 20_000,
    ) -> None:
        self.store, self.memory, self.plans, self.watch = store, memory, plans, watch
        self.clock, self.publish, self.limit = clock, publish, limit
        self.waiting = 0
        self.failed: StoreFailed | None = None
        self._queue: deque[Work] = deque()
        self._wake = threading.Event()
        self._stopping = False
        self._next_due = 0
        self._last_size = 0
        self._firing: bytes | None = None
        self._plan = memory.plan
        with store.read() as reader:
            self._lag = LagLog(read_lags(reader))
        self._broken_timers: frozenset[bytes] = frozenset()
        self._thread = threading.Thread(target=self._run, name="journeyloop-writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def offer(self, work: Work, own: bool = False) -> bool:
        """Queue the work, or refuse it because the inbox is full (never the loop's own). Called on the event loop."""
        size = len(work.inputs) + len(work.rejected)
        if self.waiting + size > self.limit and self.waiting and not own:
            return False
        self.waiting += size
        self._queue.append(work)
        self._wake.set()
        return True

    def release(self, work: list[Work]) -> None:
        """This work is done: its room in the inbox is free. Called on the event loop."""
        self.waiting -= sum(len(one.inputs) + len(one.rejected) for one in work)

    def stop(self) -> None:
        """Finish what was accepted, then end the thread."""
        self._stopping = True
        self._wake.set()
        self._thread.join()

    # --- the thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        wait = 0.0
        while True:
            self._wake.wait(wait)
            self._wake.clear()
            if self._stopping and not self._queue:
                return
            if self._last_size >= BUSY:
                time.sleep(GATHER)
            work = self._cut()
            self._last_size = sum(len(one.inputs) for one in work)
            self._guarded(work)
            wait = 0.0 if self._queue or self._stopping else min(IDLE, max(0.0, (self._next_due - self.clock()) / 1000))

    def _cut(self) -> list[Work]:
        work: list[Work] = []
        size = 0
        while self._queue and size < BATCH:
            one = self._queue.popleft()
            work.append(one)
            size += len(one.inputs) + len(one.rejected)
        return work

    def _guarded(self, work: list[Work]) -> None:
        """Commit. If the store is not to blame for a failure, find the culprit by committing one work at a time."""
        try:
            if self.failed is not None:
                raise self.failed
            self._commit(work)
        except StoreFailed as error:
            self.failed, self._next_due = error, _IN_A_LONG_TIME
            self._refuse(work, error)
        except Exception as error:  # one bad input must not end the writer, nor sink its neighbours
            self._forget()
            if self._firing is not None:  # a timer was to blame, this work is not: once more without it
                self._queue.extendleft(reversed(work))
            elif len(work) > 1:
                for one in work:
                    self._guarded([one])
            else:
                self._refuse(work, error)

    def _forget(self) -> None:
        with self.store.read() as reader:
            self.memory.forget(reader)
        self.memory.plan = self._plan
        if self._firing is not None:
            self._broken_timers |= {self._firing}

    def _refuse(self, work: list[Work], error: Exception) -> None:
        self.publish(Committed(work, self.memory.plan, self.memory.board, error=error))

    def _commit(self, work: list[Work]) -> None:
        """All inputs received up to now first, then the timers due by now; one transaction."""
        now = self.clock()
        if not work and self._next_due > now:
            return
        self._firing, self._plan = None, self.memory.plan
        with self.store.write() as transaction:
            batch = Batch(transaction, self.memory, self.plans, self.watch)
            batch.prefetch(applied for one in work for applied in one.inputs)
            inputs, fresh = 0, []
            for one in work:
                for applied in one.inputs:
                    new = batch.apply(applied, now)
                    inputs += 1
                    if new and type(applied) is Event and one.also is None:  # the wait in the quarantine was ours
                        fresh.append(applied)
                for refused in one.rejected:
                    keep(transaction, self.memory.singles, refused, now)
                if one.also is not None:
                    one.also(transaction)
            fired = self._fire(batch, now)
            batch.flush()
            self._note_lag(fresh, transaction, now)
            due = next((key for key, _ in transaction.scan("timers") if key not in self._broken_timers), None)
        self._next_due = min(self._lag.due, _IN_A_LONG_TIME if due is None else int.from_bytes(due[:8], "big"))
        plan, board = self.memory.plan, self.memory.board
        counts = (inputs, fired, batch.duplicates, batch.tally, batch.imported, None, batch.refused)
        self.publish(Committed(work, plan, board, batch.effects, *counts, [*batch.touched.customers]))

    def _note_lag(self, fresh: list[Event], transaction: Any, now: int) -> None:
        """Last in the batch: a batch that fails is applied again, and nobody is to be counted twice."""
        listened = self.memory.plan.by_event.keys()
        self._lag.note(fresh, now, listened)
        self._lag.save(transaction, now, listened)

    def _fire(self, batch: Batch, now: int) -> int:
        try:
            return batch.fire(now, FIRED, self._broken_timers)
        finally:
            self._firing = batch.firing


def place_of(error: Exception) -> str:
    """Where it was raised. Its message may quote what was sent, so that is not logged."""
    frames = extract_tb(error.__traceback__)
    return f"{frames[-1].name}:{frames[-1].lineno}" if frames else ""


_IN_A_LONG_TIME = 1 << 62
