"""A small world in one process: people with browsers, a lossy network, the real kernel and performer, a virtual clock.

One seed is one run. The store is in memory and survives a crash; everything else of the process is lost in it.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import islice
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
from journeyloop.testing.post import Post

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
        self.agenda: list[tuple[int, int, Callable[[], None]]] = []
        self.planned = 0
        self.start()

    # --- the process --------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """A new process over what is committed: a new epoch, no tabs, nothing remembered."""
        with self.store.read() as reader:
            self.memory = Memory(SECRET, self.plan, reader)
        self.inbox: list[Arrival] = []
        self.performer = Performer(
            cast(Pages, self), self.submit, lambda: self.plan, lambda: self.memory.board, lambda: self.now, _unseen
        )  # fmt: skip
        self.post = self.performer.post = Post(self, self.performer.stops)
        self.agenda.clear()
        for browser in self.browsers.values():
            browser.tab = browser.stream = False
        first = [] if self.memory.singles.plan else [Arrival(PlanChanged(self.plan.hash))]
        self.inbox = [Arrival(Epoch(self.memory.singles.epoch + 1, "simulated", "")), *first]
        self.post.begin()
        self.commit()

    def submit(self, applied: Any, done: Callable[[], None] | None = None) -> None:
        """What the process itself reports."""
        self.inbox.append(Arrival(applied, done))

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
        self.post.look()

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

    def die(self, fault: str) -> None:
        """The process ends while nothing is being written; what is in anybody's hand is lost."""
        self._restart(fault)

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
        """The clock runs; timers fire and attempts go on when they are due."""
        end = self.now + duration
        while (due := self.next_due()) is not None and due <= end:
            self._reach(due)
        self.now = max(self.now, end)

    def _reach(self, due: int) -> None:
        self.now = max(self.now, due)
        while self.agenda and self.agenda[0][0] <= self.now:
            heappop(self.agenda)[2]()
        self.commit()

    def later(self, wait: int, what: Callable[[], None]) -> None:
        """It happens when so much time has passed, if the process lives until then."""
        self.planned += 1
        heappush(self.agenda, (self.now + wait, self.planned, what))

    def next_due(self) -> int | None:
        """The next timer, or step of an attempt."""
        with self.store.read() as reader:
            timers = [int.from_bytes(key[:8], "big") for key, _ in islice(reader.scan("timers"), 1)]
        return min((*timers, *(at for at, _, _ in self.agenda[:1])), default=None)

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
        while (due := self.next_due()) is not None or self.inbox:
            self._reach(due or self.now)
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
        self.oracle.check_ends(states)
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
