"""A small world in one process: people with browsers, a lossy network, the real kernel and performer, a virtual clock.

One seed is one run. The store is in memory and survives a crash; everything else of the process is lost in it.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from msgspec import Struct, json

from journeyloop.act import offers
from journeyloop.adapters.store.memory import MemoryStore
from journeyloop.model.decision import ENDED
from journeyloop.model.effects import Decided, Send
from journeyloop.model.event import Event
from journeyloop.model.inputs import ConsentStated, Epoch, Outcome, PlanChanged, Seen, TabClosed, TabOpened
from journeyloop.model.plan import Plan
from journeyloop.runtime import reads, records
from journeyloop.runtime.batch import Batch
from journeyloop.runtime.memory import Memory
from journeyloop.runtime.perform import Performer
from journeyloop.runtime.replay import replay
from journeyloop.testing.faults import MINUTE, SECOND, Faults
from journeyloop.testing.oracle import Oracle, Violation

START = 1_700_000_000_000
SECRET = b"simulated-secret"
WAITS = (0, 50, 500, 5 * SECOND, 30 * SECOND, 2 * MINUTE, 20 * MINUTE)
NAMES = ("Checkout Step Viewed", "Checkout Step Viewed", "Payment Failed", "Product Viewed", "Page", "Order Completed")


class Crashed(Exception):
    """The process died inside a transaction."""


class Browser(Struct):
    """One device. `tab`: the loop was told of it in this epoch; `stream`: a connection is open; `shown`: claimed ids."""

    id: str
    user: str
    tab: bool = False
    stream: bool = False
    shown: set[str] = set()


class Arrival(Struct):
    """Something in the inbox. `done` runs after its commit was performed."""

    input: Any
    done: Callable[[], None] | None = None


class RecordingBatch(Batch):
    """Keeps the order in which inputs and decisions happened, for the oracle."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.happened: list[Any] = []

    def apply(self, applied: Any, now: int) -> None:
        self.happened.append(applied)
        super().apply(applied, now)

    def _effect(self, effect: Any) -> None:
        if isinstance(effect, Decided):
            self.happened.append(effect.decision)
        super()._effect(effect)


class Simulation:
    """A run. `step` does one random thing; `finish` ends all faults and checks what must hold at the end."""

    def __init__(self, plan: Plan, seed: int, people: int = 4) -> None:
        self.plan, self.now = plan, START
        self.random = Random(f"world {seed}")
        self.faults = Faults(Random(f"faults {seed}"))
        self.oracle = Oracle(plan, SECRET)
        self.store = MemoryStore()
        self.browsers = {
            f"browser-{one}-{two}": Browser(f"browser-{one}-{two}", f"user-{one}")
            for one in range(people)
            for two in range(2)
        }
        self.unsent: dict[str, Event] = {}
        self.answered: list[Event] = []
        self.messages = 0
        self.start()

    # --- the process --------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """A new process over what is committed: a new epoch, no tabs, nothing remembered."""
        with self.store.read() as reader:
            self.memory = Memory(SECRET, self.plan, reader)
        self.inbox: list[Arrival] = []
        self.performer = Performer(
            self, self._report, lambda: self.plan, lambda: self.memory.board, lambda: self.now, lambda note: None
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
        sends = [one for one in batch.effects if isinstance(one, Send)]
        if self.faults.crash(aimed=bool(sends)) is not None:
            return self._restart("after_commit")
        self._stall()
        self.performer.perform(batch.effects)
        for arrival in arrivals:
            if arrival.done is not None:
                arrival.done()
        if sends and self.faults.opts_out_now():
            self._opt_out(self.random.choice(sends).anonymous_ids)

    def _write(self, arrivals: list[Arrival]) -> RecordingBatch:
        with self.store.write() as transaction:
            batch = RecordingBatch(transaction, self.memory, {self.plan.hash: self.plan}.__getitem__, self.watch)
            for arrival in arrivals:
                batch.apply(arrival.input, self.now)
            while batch.fire(self.now, 1_000):
                self.oracle.sometimes["timer"] += 1
            batch.flush()
            if self.memory.singles.epoch > 1 and self.faults.crash(aimed=False) is not None:
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

    # --- the on-page channel (the port `Pages`, as far as the performer uses it) ----------------------------------------

    def watch(self, anonymous_ids: list[str]) -> Seen | None:
        there = any(self.browsers[one].stream for one in anonymous_ids)
        return Seen("/checkout", self.random.random() < 0.8, self.random.randrange(2 * MINUTE)) if there else None

    def push(self, anonymous_ids: list[str], content: Callable[[bool], bytes | None]) -> bool:
        for browser in (self.browsers[one] for one in anonymous_ids if self.browsers[one].stream):
            frame = content(False)
            if frame is not None:
                self._receive(browser, json.decode(frame)["id"])
                return True
        return False

    def tell(self, anonymous_ids: list[str], frame: bytes) -> None:
        self.oracle.sometimes["recall"] += 1

    def frame(self, event: str, content: dict[str, Any]) -> bytes:
        return json.encode(content)

    def _receive(self, browser: Browser, name: str) -> None:
        """The first byte has left: the oracle judges. The browser shows an id once, and says so."""
        decision = bytes.fromhex(name)
        with self.store.read() as reader:
            raw = reader.get("deliveries", decision)
            person = reads.decision_person(reader, decision) or b""
        state = records.decode_delivery(raw).state if raw else "none"
        self.oracle.pushed(browser.id, decision, state, self.now)
        if name in browser.shown or self.faults.loses_frame():
            return
        browser.shown.add(name)
        self.oracle.sometimes["shown"] += 1
        said = self.random.choice((["shown"], ["shown", "clicked"], ["dismissed"], ["shown", "shown"]))
        self.inbox += [Arrival(Outcome(person, decision, one)) for one in said]

    # --- the people ---------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """One thing happens somewhere; now and then the writer is slower than the world."""
        self.pass_time(self.random.choice(WAITS))
        browser = self.random.choice(list(self.browsers.values()))
        self.random.choices(
            (self._shop, self._login, self._say, self._connect, self._leave, self._retry, self._repeat),
            (10, 2, 3, 4, 2, 2, 1),
        )[0](browser)
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

    def _shop(self, browser: Browser) -> None:
        name = self.random.choice(NAMES)
        user = browser.user if self.random.random() < 0.15 else None
        self._send(Event("track", name, "", self.now, user, browser.id, properties={"order_id": self.random.choice("ab")}))

    def _login(self, browser: Browser) -> None:
        self._send(Event("identify", "Identify", "", self.now, browser.user, browser.id, traits={"tier": "gold"}))

    def _say(self, browser: Browser) -> None:
        """A word on consent, with an event or through the API; more often yes than no."""
        choices = {"marketing": self.random.random() < 0.7}
        if self.random.random() < 0.5:
            context = {"consent": {"categoryPreferences": choices}}
            self._send(Event("track", "Page", "", self.now, None, browser.id, context=context))
        else:
            self.inbox.append(Arrival(ConsentStated(("anonymous_id", browser.id), choices, self.now, "server")))

    def _opt_out(self, anonymous_ids: list[str]) -> None:
        self.oracle.sometimes["aimed_opt_out"] += 1
        one = ("anonymous_id", self.random.choice(anonymous_ids))
        self.inbox.append(Arrival(ConsentStated(one, {"marketing": False}, self.now, "server")))  # type: ignore[arg-type]
        self.commit()

    def _send(self, event: Event) -> None:
        self.messages += 1
        event.message_id = f"m{self.messages}"
        self.unsent[event.message_id] = event
        if not self.faults.delays():
            self._deliver(event)

    def _deliver(self, event: Event) -> None:
        if not self.faults.loses_request():
            self.inbox.append(Arrival(event, lambda: self._acknowledge(event)))

    def _acknowledge(self, event: Event) -> None:
        """200: from here on the event must never be lost, even if the client does not hear of it."""
        self.oracle.acknowledged.add(event.message_id)
        if not self.faults.loses_answer():
            self.unsent.pop(event.message_id, None)
            self.answered.append(event)

    def _retry(self, browser: Browser) -> None:
        """Clients send again what was not answered, in any order."""
        waiting = list(self.unsent.values())
        self.random.shuffle(waiting)
        for event in waiting:
            self._deliver(event)

    def _repeat(self, browser: Browser) -> None:
        if self.answered:
            self._deliver(self.random.choice(self.answered))

    def _connect(self, browser: Browser) -> None:
        """A stream opens. What is on its way and unseen is offered again, after the loop knows of the tab."""
        browser.stream = True
        if browser.tab:
            return self._offer(browser)
        browser.tab = True
        opened = TabOpened(("anonymous_id", browser.id), self.memory.singles.epoch)
        self.inbox.append(Arrival(opened, lambda: self._offer(browser)))

    def _offer(self, browser: Browser) -> None:
        with self.store.read() as reader:
            customer = reads.find_customer(reader, SECRET, ("anonymous_id", browser.id))
        for send in offers(customer, self.now) if customer else []:
            self.performer.send(send)

    def _leave(self, browser: Browser) -> None:
        """The stream breaks; the tab is closed only if it does not come back."""
        browser.stream = False
        if browser.tab and self.random.random() < 0.5:
            browser.tab = False
            self.inbox.append(
                Arrival(TabClosed(("anonymous_id", browser.id), self.memory.singles.epoch, self.now))
            )

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
