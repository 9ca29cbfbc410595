"""The moments over a history, by the same kernel: events in the order of their time, and a clock that is theirs.

As the writer does it: all events of an instant first, then the timers due by it, in (due, person, name) order; between
events the clock stops at every timer. It stops for good at the last event: what would have come due after it is not
known. Nobody is contacted; a message that is chosen counts as sent, so that caps count it as they would have. Silence
learns from what people did anyway; actions do not, and nothing is compared with the held out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush
from itertools import groupby
from operator import attrgetter
from typing import Any

from msgspec import structs

from journeyloop.act import starting
from journeyloop.model.arm import SILENCE
from journeyloop.model.board import Tally
from journeyloop.model.credits import Credit, Lesson
from journeyloop.model.customer import Customer
from journeyloop.model.decision import Decision
from journeyloop.model.effects import Decided, Recorded
from journeyloop.model.event import Event
from journeyloop.model.frame import Frame
from journeyloop.model.inputs import Delivered, Epoch, PlanChanged, Seen, TabOpened, TimerDue, To
from journeyloop.model.moment import Present
from journeyloop.model.plan import Plan
from journeyloop.model.policy import Purpose
from journeyloop.runtime.batch import Batch, nobody_watches
from journeyloop.runtime.memory import Memory
from journeyloop.runtime.ports import Store, Transaction

BATCH = 1_000
EPOCH = 1
Timer = tuple[int, bytes, str]
"""(due, person, name)."""

Told = Callable[[Decision, Customer], None]


def consenting(plan: Plan) -> Plan:
    """The plan if everybody had consented who did not refuse."""
    free = {name: Purpose(name, consent_required=False) for name in plan.policy.purposes}
    return structs.replace(plan, policy=structs.replace(plan.policy, purposes=free))


def tab_always_open(anonymous_ids: list[str], present: Present | None) -> Seen:
    """What a tab would show that fits whatever a moment asks of one."""
    return Seen((present and present.page) or "", True, (present and present.idle) or 0)


class Past(Batch):
    """A batch whose clock runs within it. It keeps `timers` as a heap: the store's table is for those who restart.

    `told` takes each decision with the person as they were then. `chosen` are messages, by person and decision, whose
    time has come and that nobody has sent yet; `joined` says who became part of whom.
    """

    def __init__(self, transaction: Transaction, run: Backtest) -> None:
        watch = tab_always_open if run.tab else nobody_watches
        super().__init__(transaction, run.memory, lambda _: run.plan, watch)
        self.timers, self.told, self.contacted = run.timers, run.told, run.contacted
        self.chosen: list[tuple[bytes, bytes]] = []
        self.joined: dict[bytes, bytes] = {}
        self._entered: list[Customer] = []

    def apply(self, applied: Any, now: int) -> bool:
        new = super().apply(applied, now)
        for customer in self._entered:
            self._keep_timers(customer)
        self._entered.clear()
        return new

    def due(self, now: int) -> list[Timer]:
        """Take the timers due by now, in order, without those that were moved or ended meanwhile."""
        found = []
        while self.timers and self.timers[0][0] <= now:
            due, person, name = heappop(self.timers)
            customer = self.touched.customer(person, now)
            if customer.header.timers.get(name) == due:
                customer.indexed.pop(name, None)
                found.append((due, person, name))
        return found

    def fire_all(self, now: int) -> None:
        """Apply the timers due by now, until none is."""
        while timers := self.due(now):
            for due, person, name in timers:
                self.apply(TimerDue(person, name, due, self._seen(person, name, now)), now)
                if (decision := starting(name)) is not None:
                    self.chosen.append((person, decision))

    def send_all(self, now: int) -> None:
        """The channel's word on what was chosen."""
        chosen, self.chosen = self.chosen, []
        for person, decision in chosen:
            self.apply(Delivered(person, decision, "sent"), now)

    def _enter(self, person: bytes, frame: Frame) -> Customer:
        customer = super()._enter(person, frame)
        self._entered.append(customer)
        return customer

    def _keep_timers(self, customer: Customer) -> None:
        before, after = customer.indexed, customer.header.timers
        if before == after:
            return
        for name, due in after.items():
            if before.get(name) != due:
                heappush(self.timers, (due, customer.header.person, name))
        customer.indexed = dict(after)

    def _deliver(self, to: To, frame: Frame) -> None:
        if self.contacted or not _of_a_contact(to.message):
            super()._deliver(to, frame)

    def _effect(self, effect: Any) -> None:
        match effect:
            case Decided(decision=decision):
                self.told(decision, self.touched.customers[decision.person])
                if decision.state == "due" and not decision.not_before:
                    self.chosen.append((decision.person, decision.id))
            case Recorded(entry=entry) if entry.kind == "merged":
                self.joined[entry.other] = entry.person
        super()._effect(effect)


class Backtest:
    """One run of `plan` over one history. `told` hears of every decision with the person as they were then; `joined`
    holds who became part of whom. `tab`: as if every person had one open from their first event on. `contacted`: the
    messages really reached people, so that what they did is an answer.
    """

    def __init__(
        self, plan: Plan, secret: bytes, store: Store, told: Told, tab: bool = False, contacted: bool = False
    ) -> None:
        self.plan, self.store, self.told, self.tab, self.contacted = plan, store, told, tab, contacted
        self.joined: dict[bytes, bytes] = {}
        self.people = self.duplicates = 0
        self.timers: list[Timer] = []
        with store.read() as reader:
            self.memory = Memory(secret, plan, reader)

    def run(self, events: Iterable[Event]) -> Iterator[int]:
        """Yields how many events are done, from time to time."""
        instants = groupby(events, attrgetter("time"))
        while some := _some(instants):
            with self.store.write() as transaction:
                batch = Past(transaction, self)
                self._begin(batch, some[0][0].time)
                batch.prefetch(event for instant in some for event in instant)
                for instant in some:
                    self._wait(batch, instant[0].time)
                    self._live(batch, instant, instant[0].time)
                batch.flush()
            self.joined.update(batch.joined)
            self.duplicates += batch.duplicates
            yield sum(map(len, some))

    def tally(self, moment: str) -> Tally:
        """What the loop counted of a moment."""
        return self.memory.tallies.get(moment, Tally())

    def _begin(self, batch: Past, now: int) -> None:
        if not self.memory.singles.epoch:
            batch.apply(Epoch(EPOCH, "backtest", ""), now)
            batch.apply(PlanChanged(self.plan.hash), now)

    def _wait(self, batch: Past, until: int) -> None:
        """The clock runs up to an instant, stopping at every timer before it."""
        while self.timers and self.timers[0][0] < until:
            self._live(batch, [], self.timers[0][0])

    def _live(self, batch: Past, events: list[Event], now: int) -> None:
        """One instant: its events, the timers due, then the sends."""
        for event in events:
            if batch.touched.owner(event.primary()) is None:
                self.people += 1
                if self.tab:
                    batch.apply(TabOpened(event.primary(), EPOCH), now)
            batch.apply(event, now)
        batch.fire_all(now)
        while batch.chosen:
            batch.send_all(now)
            batch.fire_all(now)


def _of_a_contact(message: Any) -> bool:
    """Whether this says what came of contacting somebody, which nobody did."""
    return type(message) is Credit or (type(message) is Lesson and message.action != SILENCE)


def _some(instants: Iterator[tuple[int, Iterator[Event]]]) -> list[list[Event]]:
    """The next instants, each with all of its events: about BATCH of them."""
    some: list[list[Event]] = []
    size = 0
    for _, events in instants:
        some.append(list(events))
        size += len(some[-1])
        if size >= BATCH:
            break
    return some
