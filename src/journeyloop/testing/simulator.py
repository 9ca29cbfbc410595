"""A small world in one process: people with browsers, a lossy network, the real kernel and performer, a virtual clock.

One seed is one run. The store is in memory and survives a crash; everything else of the process is lost in it.
"""

from __future__ import annotations

from random import Random
from typing import Any, cast

from journeyloop.adapters.store.memory import MemoryStore
from journeyloop.model.decision import ENDED, Decision
from journeyloop.model.effects import Decided, Note, Resolved, Send
from journeyloop.model.event import Event
from journeyloop.model.inputs import Epoch, PlanChanged
from journeyloop.model.plan import Plan
from journeyloop.runtime import reads, records
from journeyloop.runtime.batch import Batch
from journeyloop.runtime.learned import read_arms
from journeyloop.runtime.memory import Memory
from journeyloop.runtime.perform import Performer
from journeyloop.runtime.ports import Pages
from journeyloop.runtime.replay import replay
from journeyloop.testing.crowd import SECRET, Arrival, Crowd
from journeyloop.testing.faults import MINUTE, SECOND, Faults
from journeyloop.testing.oracle import Oracle, Violation

START = 1_700_000_000_000
TOO_MANY = "lessons: too many of one person"
WAITS = (0, 50, 500, 5 * SECOND, 30 * SECOND, 2 * MINUTE, 20 * MINUTE)


class Crashed(Exception):
    """The process died inside a transaction."""


class RecordingBatch(Batch):
    """Keeps the order in which inputs and decisions happened, for the oracle."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.happened: list[Any] = []

    def apply(self, applied: Any, now: int) -> bool:
        self.happened.append(applied)
        return super().apply(applied, now)

    def _effect(self, effect: Any) -> None:
        if isinstance(effect, Decided):
            self.happened.append(effect.decision)
        elif isinstance(effect, Resolved):
            self.happened.append(effect)
        super()._effect(effect)


def _unseen(note: Note) -> None:
    """Nobody looks at the feed."""


class Simulation(Crowd):
    """A run. `step` does one random thing; `finish` ends all faults and checks what must hold at the end."""

    def __init__(self, plan: Plan, seed: int, people: int = 5) -> None:
        super().__init__(people)
        self.plan, self.now = plan, START
        self.random = Random(f"world {seed}")  # noqa: S311
        self.faults = Faults(Random(f"faults {seed}"))  # noqa: S311
        self.oracle = Oracle(plan, SECRET)
        self.store = MemoryStore()
        self.start()

    # --- the process --------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """A new process over what is committed: a new epoch, no tabs, nothing remembered."""
        with self.store.read() as reader:
            self.memory = Memory(SECRET, self.plan, reader)
        self.inbox: list[Arrival] = []
        self.performer = Performer(
            cast(Pages, self), self._report, lambda: self.plan, lambda: self.memory.board, lambda: self.now, _unseen
        )  # fmt: skip
        for browser in self.browsers.values():
            browser.tab = browser.stream = False
        first = [] if self.memory.singles.plan else [Arrival(PlanChanged(self.plan.hash))]
        self.inbox = [Arrival(Epoch(self.memory.singles.epoch + 1, "simulated", "")), *first]
        self.commit()

    def _report(self, delivered: Any) -> None:
        self.inbox.append(Arrival(delivered))

    def commit(self) -> None:
        """One batch: applied, committed, performed, acknowledged; or the process dies on the way."""
        arrivals, self.inbox = self.inbox, []
        try:
            batch = self._write(arrivals)
        except Crashed:
            return self._restart("before_commit")
        self.oracle.committed(batch.happened, self.now)
        self.oracle.windows.learned(self.memory.arms)
        sends = [one for one in batch.effects if isinstance(one, Send)]
        crash = self.faults.crash(aimed=bool(sends))
        if crash == "after_commit":
            return self._restart(crash)
        self._stall()
        self.performer.perform(batch.effects)
        if crash == "after_sending":
            return self._restart(crash)
        for arrival in arrivals:
            if arrival.done is not None:
                arrival.done()
        for waiting in self._waiting(batch):
            self.interfere(waiting)

    def _waiting(self, batch: RecordingBatch) -> list[list[str]]:
        """The browsers of those about whom this batch decided something."""
        people = {one.person for one in batch.happened if isinstance(one, Decision) and one.state == "due"}
        with self.store.read() as reader:
            found = [reads.read_customer(reader, person) for person in sorted(people)]
        return [one.sealed.anonymous_ids() for one in found if one is not None and one.sealed.anonymous_ids()]

    def _write(self, arrivals: list[Arrival]) -> RecordingBatch:
        with self.store.write() as transaction:
            batch = RecordingBatch(transaction, self.memory, {self.plan.hash: self.plan}.__getitem__, self.watch)
            for arrival in arrivals:
                batch.apply(arrival.input, self.now)
            while batch.fire(self.now, 1_000):
                self.oracle.sometimes["timer"] += 1
            batch.flush()
            if self.memory.singles.epoch > 1 and self.faults.crash(aimed=False) == "before_commit":
                raise Crashed
        return batch

    def _restart(self, fault: str) -> None:
        self.oracle.sometimes[f"crash: {fault}"] += 1
        self.now += self.faults.downtime()
        self.start()

    def _stall(self) -> None:
        wait = self.faults.stall()
        self.oracle.sometimes["stall"] += wait > 0
        self.now += wait

    # --- the clock ----------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """One thing happens somewhere; now and then the writer is slower than the world."""
        self.pass_time(self.random.choice(WAITS))
        self.act()
        if self.random.random() < 0.7:
            self.commit()

    def pass_time(self, duration: int) -> None:
        """The clock runs; timers fire when they are due."""
        end = self.now + duration
        while (due := self.next_due()) is not None and due <= end:
            self.now = max(self.now, due)
            self.commit()
        self.now = max(self.now, end)

    def next_due(self) -> int | None:
        with self.store.read() as reader:
            return next((int.from_bytes(key[:8], "big") for key, _ in reader.scan("timers")), None)

    # --- the end ------------------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Faults stop, clients get their answers, every timer fires; then the books must balance.

        Raises:
            Violation: something was lost, doubled, left open, or the log does not fold to the state.
        """
        self.faults.calm()
        while self.unsent or self.inbox:
            self._retry(next(iter(self.browsers.values())))
            self.commit()
        while (due := self.next_due()) is not None:
            self.now = max(self.now, due)
            self.commit()
        with self.store.read() as reader:
            self._check_ends(reader)
            logged = [records.decode_log(raw)[1] for _, raw in reader.scan("log")]
            plans = {self.plan.hash: self.plan}.__getitem__
            found = replay(reader, MemoryStore(), SECRET, plans, self.plan, "simulated")
        self.oracle.check_log([one.message_id for one in logged if isinstance(one, Event)])
        if found.different or not found.folded:
            raise Violation(f"the log does not fold to the state: {found.differences}")

    def _check_ends(self, reader: Any) -> None:
        for decision in self.oracle.decisions.values():
            raw = reader.get("deliveries", decision.id)
            state = records.decode_delivery(raw).state if raw else decision.state
            self.oracle.sometimes[f"ended: {state}"] += 1
            if state not in ENDED:
                raise Violation(f"a decision was left {state}")
        states = {key: records.decode_delivery(raw).state for key, raw in reader.scan("deliveries")}
        refused = {name: reads.read_tally(reader, name).counts.get(TOO_MANY, 0) for name in self.plan.moments}
        self.oracle.windows.end(states, read_arms(reader), refused.__getitem__)


def simulate(plan: Plan, seed: int, steps: int = 120) -> Oracle:
    """One whole run; the oracle that watched it.

    Raises:
        Violation: a promise was broken; the same seed breaks it again.
    """
    simulation = Simulation(plan, seed)
    for _ in range(steps):
        simulation.step()
    simulation.finish()
    return simulation.oracle
