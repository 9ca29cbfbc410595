"""One batch: inputs in order, each run to the end through the machines, then everything written in one transaction.

Embedded, messages between machines run first-in first-out within their input. Each touched customer is written once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, get_args

from msgspec import msgpack
from msgspec.structs import replace

from journeyloop.interpret import identify, recount, uncounted
from journeyloop.learn import learn, tune
from journeyloop.loop import advance
from journeyloop.model import effects
from journeyloop.model.credits import Lesson
from journeyloop.model.customer import Customer
from journeyloop.model.errand import Errand, Told
from journeyloop.model.event import Event
from journeyloop.model.frame import EVERYBODY, Frame
from journeyloop.model.inputs import (
    Arrived,
    Asked,
    ConsentStated,
    Delivered,
    Epoch,
    Forwarded,
    Held,
    Imported,
    Input,
    Judge,
    Outcome,
    Paused,
    PlanChanged,
    PushSubscribed,
    Ready,
    Seen,
    TabClosed,
    TabOpened,
    TimerDue,
    To,
    Unmerge,
)  # fmt: skip
from journeyloop.model.moment import Present
from journeyloop.model.plan import Plan
from journeyloop.runtime import errands, records
from journeyloop.runtime.chain import Walk, event_of
from journeyloop.runtime.memory import Memory
from journeyloop.runtime.ports import Nothing, Transaction
from journeyloop.runtime.push import push_record
from journeyloop.runtime.records import LogHeader
from journeyloop.runtime.sweep import start_over
from journeyloop.runtime.touched import Found, Touched
from journeyloop.runtime.unmerge import holding, part

Watch = Callable[[list[str], Present | None], Seen | None]
LONGEST_PAST = 20_000
"""So many of a person's newest records are counted anew at most: one person's past must not stop the writer."""
KINDS: dict[type, str] = {kind: str(kind.__struct_config__.tag) for kind in get_args(Input)}


def nobody_watches(anonymous_ids: list[str], present: Present | None) -> Seen | None:
    """Presence where there are no browsers: replay, backtest."""
    return None


class Batch:
    """Applies inputs to the state behind one transaction. `effects` are to be performed after the commit.

    `plans` names a plan for a `PlanChanged`; `watch` what the tabs of a person show now.
    """

    def __init__(
        self, transaction: Transaction, memory: Memory, plans: Callable[[str], Plan], watch: Watch = nobody_watches
    ) -> None:
        self.transaction, self.memory, self.plans, self.watch = transaction, memory, plans, watch
        self.effects: list[Any] = []
        self.tally: dict[tuple[str, int, str], int] = {}
        self.refused: dict[tuple[str, str], int] = {}
        self.duplicates = 0
        self.imported = False
        self.now = 0
        self.firing: bytes | None = None
        self.touched = Touched(transaction, memory)

    def prefetch(self, inputs: Iterable[Input]) -> None:
        """Read what these events will need, each table in one go."""
        self.touched.prefetch(inputs)

    def flush(self) -> None:
        """Write all that was touched. The commit is the transaction's."""
        self.touched.flush()
        if self.imported:
            start_over(self.transaction, self.memory.singles.position)

    # --- applying ---------------------------------------------------------------------------------------------------

    def apply(self, applied: Input, now: int) -> bool:
        """Run one input to the end. A duplicate (False) changes nothing and leaves no trace in the log."""
        memory, singles = self.memory, self.memory.singles
        self.now = now
        frame = Frame(
            now, memory.plan, singles.board, memory.secret, singles.epoch, singles.epoch_started,
            tally=self.tally, refused=self.refused, past=isinstance(applied, Imported), arms=memory.arms,
        )  # fmt: skip
        self._first: bytes | None = None
        self._previous = -1
        self._counted: tuple[Any, Any, Any] | None = None
        self._route(applied, frame)
        if frame.out:
            self._run(frame)
        if frame.duplicate:
            self.duplicates += 1
            self._undo(self.touched.customers[self._first or b""])
            return False
        header = LogHeader(now, self._first, self._previous, KINDS[type(applied)])
        self.touched.log.append((singles.position.to_bytes(8, "big"), records.encode_log(header, applied)))
        singles.position += 1
        return True

    def _run(self, frame: Frame) -> None:
        """Messages first-in first-out to the end; what they cause comes after them."""
        for one in frame.out:  # the list grows while it is walked
            if type(one) is To:
                self._deliver(one, frame)
            else:
                self._effect(one)

    def _route(self, applied: Input, frame: Frame) -> None:
        match applied:
            case Event() | Imported():
                self.imported = self.imported or type(applied) is Imported
                identifier = (applied if isinstance(applied, Event) else applied.event).primary()
                known = self.touched.owner(identifier)
                if known is None:
                    frame.identify(identifier, Arrived(applied))
                else:
                    self._advance(known.person, Forwarded(applied), frame)
            case TabOpened() | TabClosed() | Asked() | ConsentStated() | Held() | PushSubscribed():
                frame.identify(applied.identifier, Arrived(applied))
            case Judge(persons=persons):
                for person in persons:
                    frame.advance(person, Forwarded(applied))
            case Unmerge():
                self._part(applied, frame)
            case PlanChanged(hash=hash):
                self._previous = self.memory.singles.chained()
                self.memory.plan = plan = self.plans(hash)
                self.memory.singles.plan = hash
                self.transaction.put("plans", hash.encode(), msgpack.encode(plan.texts))
            case Paused(scope=scope):
                self._previous = self.memory.singles.chained()
                self.memory.singles.remember(applied, frame.now)
                of = scope.removeprefix("moment:") if scope.startswith("moment:") else EVERYBODY
                self.memory.singles.board = tune(self.touched.tally(of), applied, self.memory.singles.board, frame.now)
            case Epoch(number=number, code=code):
                singles = self.memory.singles
                singles.epoch, singles.epoch_started, singles.code = number, frame.now, code
            case Ready() | Delivered() | Outcome():
                if type(applied) is Ready:
                    self.touched.asked_for(applied.row)
                frame.advance(holding(applied, self.touched, frame.now), Forwarded(applied))
            case Told():
                errands.settle(applied, frame, self.transaction)
                frame.advance(applied.person, Forwarded(applied))
            case _:
                frame.advance(applied.person, Forwarded(applied))

    def _deliver(self, to: To, frame: Frame) -> None:
        if to.machine == "advance":
            self._advance(to.key, to.message, frame)
        elif to.machine == "identify":
            owner = identify(self.touched.owner(to.key), to.key, to.message, frame)  # type: ignore[arg-type]
            if owner is not None:
                self.touched.give(to.key, owner)
        elif type(to.message) is Lesson:
            self.touched.learned(to.key, *learn(self.memory.arms.get(to.key), to.message))
        else:
            singles = self.memory.singles
            singles.board = tune(self.touched.tally(to.key), to.message, singles.board, frame.now)  # type: ignore[arg-type]

    def _advance(self, person: bytes, message: Any, frame: Frame) -> None:
        advance(self._enter(person, frame), message, frame)

    def _enter(self, person: bytes, frame: Frame) -> Customer:
        """The first person an input reaches has it in their chain of records."""
        customer = self.touched.customer(person, frame.now)
        if self._first is None:
            self._first, self._previous = person, customer.header.last_position
            customer.header.last_position = self.memory.singles.position
        if customer.header.counted != frame.plan.counting and customer.header.successor is None:
            self._counted = (customer.header.counted, customer.header.windows, customer.sealed.ends)
            self._recount(customer, frame)
        return customer

    def _undo(self, customer: Customer) -> None:
        """What entering changed; nothing else has happened."""
        customer.header.last_position = self._previous
        if self._counted is not None:
            customer.header.counted, customer.header.windows, customer.sealed.ends = self._counted

    def _part(self, unmerge: Unmerge, frame: Frame) -> None:
        """Two people are told apart. It concerns whoever the person is part of by now."""
        customer = self._enter(unmerge.person, frame)
        if customer.header.successor is not None:
            return self._part(replace(unmerge, person=customer.header.successor), frame)
        frame.out += part(unmerge, self.touched, self._walk(frame), self._aside, frame)

    def _aside(self, found: Found) -> Batch:
        """A batch over nothing, for people who are lived once more."""
        batch = Batch(Nothing(), Memory(self.memory.secret, self.memory.plan, Nothing()), self.plans)
        batch.touched.found = found
        return batch

    def _recount(self, customer: Customer, frame: Frame) -> None:
        """The plan has other computed traits than this person was counted for: count them from the log."""
        header, plan, now = customer.header, frame.plan, frame.now
        traits = uncounted(header, plan)
        windows = [one.within + one.width for one in traits if one.within is not None]
        since = now - max(windows) if len(windows) == len(traits) and windows else None
        walk = self._walk(frame, since or 0, LONGEST_PAST)
        told = walk.records(header) if traits and header.events else ()
        past = ((head.now, event) for _, head, one in told if (event := event_of(one)) is not None)
        recount(customer, traits, past, plan, now, frame.secret)

    def _walk(self, frame: Frame, since: int = 0, longest: int | None = None) -> Walk:
        """Through the log as it is for the input at work."""
        running = (self.memory.singles.position, self._previous)
        return Walk(self.touched, frame.secret, running, since, longest)

    def _effect(self, effect: Any) -> None:
        match effect:
            case effects.Decided(decision=decision):
                self.touched.decisions.append(decision)
            case effects.DeliveryChanged(delivery=delivery):
                self.touched.delivered(delivery, effect.person)
            case effects.Queued(delivery=delivery):
                self.touched.queued(delivery, effect.person)
                self.effects.append(effect)
            case effects.Reserved() | effects.Returned():
                self.touched.coupon(effect)
            case effects.Membership(audience=audience, told=told):
                self.touched.member(effect)
                if told and audience in self.memory.plan.pushes:
                    self._push(effect)
                    self.effects.append(effect)
            case Errand():
                if errands.keep(effect, self.memory.singles, self.transaction):
                    self.effects.append(effect)
            case effects.Resolved():
                self.touched.resolved(effect)
            case effects.Recorded(entry=entry):
                self.touched.record(entry)
            case _:
                self.effects.append(effect)

    def _push(self, change: effects.Membership) -> None:
        singles, customer = self.memory.singles, self.touched.peek(change.person)
        key, record = push_record(change, customer, singles.pushed, self.now)
        self.transaction.put("pushes", key, record)
        singles.pushed += 1

    # --- timers -----------------------------------------------------------------------------------------------------

    def fire(self, now: int, at_most: int, skip: frozenset[bytes] = frozenset()) -> int:
        """Apply the timers due by now, in (due, person, name) order; how many there were.

        `firing` names the one at work, so that one that fails can be told from the others and skipped.
        """
        self.touched.write_timers()
        stop = (now + 1).to_bytes(8, "big")
        keys = []
        for key, _ in self.transaction.scan("timers", stop=stop):
            if key not in skip:
                keys.append(key)
            if len(keys) == at_most:
                break
        for key in keys:
            self.firing = key
            person, name = key[8:24], key[24:].decode()
            timer = TimerDue(person, name, int.from_bytes(key[:8], "big"), self._seen(person, name, now))
            self.apply(timer, now)
        self.firing = None
        return len(keys)

    def _seen(self, person: bytes, name: str, now: int) -> Seen | None:
        if not name.startswith("absent/"):
            return None
        moment = self.memory.plan.moment(name.split("/")[1])
        present = moment.detect.present if moment else None
        return self.watch(self.touched.customer(person, now).sealed.anonymous_ids(), present)
