"""One batch: inputs in order, each run to the end through the machines, then everything written in one transaction.

Embedded, messages between machines run first-in first-out within their input. Each touched customer is written once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, get_args

from msgspec import msgpack

from journeyloop.interpret import found, identify
from journeyloop.interpret.identity import Owner
from journeyloop.learn import tune
from journeyloop.loop import advance
from journeyloop.model.board import Tally
from journeyloop.model.customer import Customer
from journeyloop.model.effects import Decided, DeliveryChanged
from journeyloop.model.event import Event
from journeyloop.model.frame import Frame
from journeyloop.model.identifier import Identifier, identifier_key
from journeyloop.model.inputs import (
    Arrived,
    Asked,
    ConsentStated,
    Epoch,
    Forwarded,
    Input,
    Paused,
    PlanChanged,
    Seen,
    TabClosed,
    TabOpened,
    TimerDue,
    To,
)  # fmt: skip
from journeyloop.model.moment import Present
from journeyloop.model.plan import Plan
from journeyloop.runtime import records
from journeyloop.runtime.memory import OWNERS, Memory
from journeyloop.runtime.ports import Transaction
from journeyloop.runtime.records import LogHeader

Watch = Callable[[list[str], Present | None], Seen | None]
EVERYBODY = "*"
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
        self.duplicates = 0
        self.firing: bytes | None = None
        self._fetched: dict[bytes, bytes] = {}
        self._log: list[tuple[bytes, bytes]] = []
        self._customers: dict[bytes, Customer] = {}
        self._owners: dict[Identifier, Owner] = {}
        self._tallies: dict[str, Tally] = {}
        self._decisions: list[tuple[bytes, bytes]] = []
        self._by_person: list[tuple[bytes, bytes]] = []
        self._deliveries: dict[bytes, bytes] = {}
        self._parts: dict[bytes, dict[int, bytes]] = {}

    def prefetch(self, inputs: Iterable[Input]) -> None:
        """Read the owners and customers these events will need, each table in one go."""
        secret, owners = self.memory.secret, self.memory.owners
        wanted = {one.primary() for one in inputs if type(one) is Event}
        if len(owners) > OWNERS:
            owners.clear()
        keys = {identifier_key(secret, one): one for one in wanted if one not in owners}
        for key, raw in self.transaction.get_many("owners", keys).items():
            owners[keys[key]] = records.decode_owner(raw)
        known = {owner.person for one in wanted if (owner := owners.get(one)) is not None}
        self._fetched = self.transaction.get_many("people", known - self.memory.customers.keys())

    # --- applying ---------------------------------------------------------------------------------------------------

    def apply(self, applied: Input, now: int) -> None:
        """Run one input to the end. A duplicate changes nothing and leaves no trace in the log."""
        memory, singles = self.memory, self.memory.singles
        frame = Frame(
            now, memory.plan, singles.board, memory.secret, singles.epoch, singles.epoch_started, tally=self.tally
        )
        self._first: bytes | None = None
        self._previous = -1
        self._route(applied, frame)
        if frame.out:
            self._run(frame)
        if frame.duplicate:
            self.duplicates += 1
            self._customers[self._first or b""].header.last_position = self._previous
            return
        header = LogHeader(now, self._first, self._previous, KINDS[type(applied)])
        self._log.append((singles.position.to_bytes(8, "big"), records.encode_log(header, applied)))
        singles.position += 1

    def _run(self, frame: Frame) -> None:
        """Messages first-in first-out to the end; what they cause comes after them."""
        for one in frame.out:  # the list grows while it is walked
            if type(one) is To:
                self._deliver(one, frame)
            else:
                self._effect(one)

    def _route(self, applied: Input, frame: Frame) -> None:
        match applied:
            case Event():
                identifier = applied.primary()
                known = self.owner(identifier)
                if known is None:
                    frame.identify(identifier, Arrived(applied))
                else:
                    self._advance(known.person, Forwarded(applied), frame)
            case TabOpened() | TabClosed() | Asked() | ConsentStated():
                frame.identify(applied.identifier, Arrived(applied))
            case PlanChanged(hash=hash):
                self.memory.plan = plan = self.plans(hash)
                self.memory.singles.plan = hash
                self.transaction.put("plans", hash.encode(), msgpack.encode(plan.texts))
            case Paused():
                self.memory.singles.board = tune(self._tallied(EVERYBODY), applied, self.memory.singles.board)
            case Epoch(number=number, code=code):
                singles = self.memory.singles
                singles.epoch, singles.epoch_started, singles.code = number, frame.now, code
            case _:
                frame.advance(applied.person, Forwarded(applied))

    def _deliver(self, to: To, frame: Frame) -> None:
        if to.machine == "advance":
            self._advance(to.key, to.message, frame)
        elif to.machine == "identify":
            owner = identify(self.owner(to.key), to.key, to.message, frame)  # type: ignore[arg-type]
            if owner is not None:
                self.memory.owners[to.key] = owner
                self._owners[to.key] = owner
        else:
            singles = self.memory.singles
            singles.board = tune(self._tallied(to.key), to.message, singles.board)  # type: ignore[arg-type]

    def _advance(self, person: bytes, message: Any, frame: Frame) -> None:
        customer = self.customer(person, frame.now)
        if self._first is None:
            self._first, self._previous = person, customer.header.last_position
            customer.header.last_position = self.memory.singles.position
        advance(customer, message, frame)

    def _effect(self, effect: Any) -> None:
        match effect:
            case Decided(decision=decision):
                self._decisions.append((decision.id, records.encode_decision(decision)))
                self._by_person.append((decision.person + decision.at.to_bytes(8, "big") + decision.id, b""))
            case DeliveryChanged(delivery=delivery):
                self._deliveries[delivery.decision] = records.encode_delivery(delivery)
            case _:
                self.effects.append(effect)

    # --- timers -----------------------------------------------------------------------------------------------------

    def fire(self, now: int, at_most: int, skip: frozenset[bytes] = frozenset()) -> int:
        """Apply the timers due by now, in (due, person, name) order; how many there were.

        `firing` names the one at work, so that one that fails can be told from the others and skipped.
        """
        self._write_timers()
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
        return self.watch(self.customer(person, now).sealed.anonymous_ids(), present)

    # --- state ------------------------------------------------------------------------------------------------------

    def owner(self, identifier: Identifier) -> Owner | None:
        owner = self.memory.owners.get(identifier)
        if owner is None:
            raw = self.transaction.get("owners", identifier_key(self.memory.secret, identifier))
            if raw is not None:
                owner = records.decode_owner(raw)
                self.memory.owners[identifier] = owner
        return owner

    def customer(self, person: bytes, now: int) -> Customer:
        """The person's state; whoever asks is about to change it."""
        customer = self._customers.get(person)
        if customer is None:
            customer = self.memory.customers.get(person) or self._load(person) or found(person, now)
            self._customers[person] = customer
            if customer.older:
                self._parts[person] = dict(customer.older)
        return customer

    def _load(self, person: bytes) -> Customer | None:
        raw = self._fetched.pop(person, None) or self.transaction.get("people", person)
        if raw is None:
            return None
        customer = records.decode_customer(raw)
        for part in customer.header.older_parts:
            customer.older[part] = self.transaction.get("dedup", _part_key(person, part)) or b""
        customer.indexed = dict(customer.header.timers)
        return customer

    def _tallied(self, moment: str) -> Tally:
        tally = self._tallies.get(moment) or self.memory.tallies.get(moment)
        if tally is None:
            raw = self.transaction.get("moments", moment.encode())
            tally = Tally() if raw is None else records.decode_tally(raw)
        self._tallies[moment] = self.memory.tallies[moment] = tally
        return tally

    # --- writing ----------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write all that was touched. The commit is the transaction's."""
        put_many = self.transaction.put_many
        self._write_timers()
        put_many("log", self._log, append=True)
        put_many("people", ((key, records.encode_customer(one)) for key, one in self._customers.items()))
        key_of = partial(identifier_key, self.memory.secret)
        put_many("owners", ((key_of(one), records.encode_owner(owner)) for one, owner in self._owners.items()))
        put_many("decisions", self._decisions)
        put_many("by_person", self._by_person)
        put_many("deliveries", self._deliveries.items())
        put_many("moments", [(name.encode(), records.encode_tally(one)) for name, one in self._tallies.items()])
        self._write_parts()
        self.transaction.put("meta", b"singles", msgpack.encode(self.memory.singles))
        self.memory.customers = self._customers

    def _write_timers(self) -> None:
        """Bring the timer table in line with the timers of the touched customers."""
        for person, customer in self._customers.items():
            before, after = customer.indexed, customer.header.timers
            if before == after:
                continue
            for name, due in before.items():
                if after.get(name) != due:
                    self.transaction.delete("timers", _timer_key(due, person, name))
            for name, due in after.items():
                if before.get(name) != due:
                    self.transaction.put("timers", _timer_key(due, person, name), b"")
            customer.indexed = dict(after)

    def _write_parts(self) -> None:
        for person, customer in self._customers.items():
            if not (customer.older or person in self._parts):
                continue
            before, after = self._parts.get(person, {}), customer.older
            for part in before.keys() | after.keys():
                if part not in after:
                    self.transaction.delete("dedup", _part_key(person, part))
                elif before.get(part) != after[part]:
                    self.transaction.put("dedup", _part_key(person, part), after[part])


def _timer_key(due: int, person: bytes, name: str) -> bytes:
    return due.to_bytes(8, "big") + person + name.encode()


def _part_key(person: bytes, part: int) -> bytes:
    return person + part.to_bytes(4, "big")
