"""The kernel driven in memory: a clock that the test sets, inputs in, committed state out. Judges nothing.

One small shop serves all kernel tests; a test that needs another writes its own moment with `plan_of`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from journeyloop.adapters.config.load import load
from journeyloop.adapters.store.memory import MemoryStore
from journeyloop.interpret import found
from journeyloop.model.arm import Arms
from journeyloop.model.board import Tally
from journeyloop.model.customer import Customer
from journeyloop.model.decision import Decision, Delivery
from journeyloop.model.effects import Resolved
from journeyloop.model.event import Event
from journeyloop.model.identifier import Identifier
from journeyloop.model.inputs import Epoch, Input, PlanChanged, Seen
from journeyloop.model.moment import Present
from journeyloop.model.plan import Plan
from journeyloop.runtime import reads, records
from journeyloop.runtime.batch import Batch, nobody_watches
from journeyloop.runtime.learned import read_arms
from journeyloop.runtime.memory import Memory
from journeyloop.runtime.replay import COMPARED, Replayed, replay
from journeyloop.runtime.touched import Found

T = 1_700_000_000_000
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
SECRET = b"s" * 32
POLICY = "purposes: {marketing: {consent: required}, service: {consent: not_required}}\n"
STALL = """\
moment: stall
purpose: marketing
topic: cart
detect: {event: Checkout Step Viewed, by: checkout_id, absent: [Order Completed], for: 3m}
goal: {event: Order Completed, within: 30m, value: event.properties.revenue}
cancel_on: [Live Chat Started]
expires: 5m
actions:
  - {action: reassure, channel: onpage, content: {title: "Hello {{ profile.first_name | default('there') }}"}}
"""
HELP = """\
moment: help
purpose: service
detect: {event: Payment Failed}
goal: {event: Order Completed, within: 30m}
expires: 5m
actions:
  - {action: offer_help, channel: onpage, content: {title: Can we help?}}
"""
ALLOWED = {"consent": {"categoryPreferences": {"marketing": True}}}
REFUSED = {"consent": {"categoryPreferences": {"marketing": False}}}
WATCHING = Seen("/checkout", True, 0)


def plan_of(*moments: str, policy: str = "", audiences: str = "", settings: str = "") -> Plan:
    """A plan from the texts of moments and what `policy` adds to the purposes; anything refused fails the test.
    `settings` are journeyloop.toml."""
    names = [text.split("\n", 1)[0].removeprefix("moment:").strip() for text in moments]
    texts = {f"moments/{name}.yaml": text for name, text in zip(names, moments, strict=True)}
    texts |= {"policy.yaml": POLICY + policy} | ({"audiences.yaml": audiences} if audiences else {})
    texts |= {"journeyloop.toml": settings} if settings else {}
    loaded = load(texts)
    assert loaded.plan is not None, "\n".join(map(str, loaded.problems))
    return loaded.plan


@cache
def shop() -> Plan:
    return plan_of(STALL, HELP)


def moment(name: str = "now", body: str = "", **changes: str) -> str:
    """One immediate moment on `Asked For`; a keyword replaces one top-level line, `body` adds some."""
    lines = {
        "purpose": "service",
        "detect": "{event: Asked For}",
        "goal": "{event: Order Completed, within: 30m}",
        "expires": "5m",
        "actions": f"[{action()}]",
    } | changes
    return f"moment: {name}\n" + "".join(f"{key}: {value}\n" for key, value in lines.items()) + body


def action(name: str = "hello", more: str = "", channel: str = "onpage") -> str:
    return f"{{action: {name}, channel: {channel}, content: {{title: Hello}}{more}}}"


class Rig:
    """The machines over a memory store. `effects` are those of the last commit, `made` all decisions in order."""

    def __init__(
        self, plan: Plan | None = None, start: int = T, secret: bytes = SECRET, found: Found = found
    ) -> None:  # fmt: skip
        self.plan = plan or shop()
        self.plans = {self.plan.hash: self.plan}
        self.store, self.secret, self.now = MemoryStore(), secret, start
        self.seen: Seen | None = WATCHING
        self.found = found
        self.effects: list[Any] = []
        self.made: list[Decision] = []
        self.memory = self.reopened()
        self.messages = 0
        self.apply(Epoch(1, "test", ""), PlanChanged(self.plan.hash))

    def reopened(self) -> Memory:
        """What a new process would hold: nothing but what is committed."""
        with self.store.read() as reader:
            return Memory(self.secret, self.plan, reader)

    def restart(self) -> None:
        self.memory = self.reopened()
        self.apply(Epoch(self.memory.singles.epoch + 1, "test", ""))

    def change(self, plan: Plan) -> None:
        self.plans[plan.hash] = self.plan = plan
        self.apply(PlanChanged(plan.hash))

    # --- putting in ---------------------------------------------------------------------------------------------------

    def apply(self, *inputs: Input, fire: bool = True) -> None:
        """One batch at the present time; then the timers due by now, until none is."""
        with self.store.write() as transaction:
            batch = Batch(transaction, self.memory, self.plans.__getitem__, self._watch)
            batch.touched.found = self.found
            for one in inputs:
                batch.apply(one, self.now)
            while fire and batch.fire(self.now, 1_000):
                pass
            batch.flush()
        self.effects = batch.effects
        self.made += batch.touched.decisions

    def _watch(self, anonymous_ids: list[str], present: Present | None) -> Seen | None:
        return self.seen if self.seen is not None else nobody_watches(anonymous_ids, present)

    def track(self, name: str, who: str = "a1", ago: int = 0, **fields: Any) -> Event:
        """Send one event now (or late, by `ago` ms). `who` is an anonymous id unless `user_id` is given."""
        event = self.event(name, who, ago, **fields)
        self.apply(event)
        return event

    def event(self, name: str, who: str = "a1", ago: int = 0, **fields: Any) -> Event:
        self.messages += 1
        names = {"Identify": "identify", "Alias": "alias"}
        fields = {"anonymous_id": who, "message_id": f"m{self.messages}"} | fields
        return Event(kind=names.get(name, "track"), name=name, time=self.now - ago, **fields)  # type: ignore[arg-type]

    def pass_time(self, duration: int) -> None:
        """Let the clock run, stopping at every timer on the way as the live loop would."""
        end = self.now + duration
        while (due := self.next_due()) is not None and due <= end:
            self.now = max(self.now, due)
            self.apply()
        self.now = end

    def sleep(self, duration: int) -> None:
        """Downtime: the clock runs, nobody looks, the server starts again."""
        self.now += duration
        self.restart()

    # --- looking ------------------------------------------------------------------------------------------------------

    def next_due(self) -> int | None:
        with self.store.read() as reader:
            return next((int.from_bytes(key[:8], "big") for key, _ in reader.scan("timers")), None)

    def find(self, value: str = "a1", kind: str = "anonymous_id") -> Customer:
        identifier: Identifier = (kind, value)  # type: ignore[assignment]
        with self.store.read() as reader:
            found = reads.find_customer(reader, self.secret, identifier)
        assert found is not None, f"nobody goes by {kind} {value}"
        return found

    def decisions(self) -> list[Decision]:
        """All decisions in the order they were made."""
        found = [records.decode_decision(raw) for raw in self.values("decisions")]
        return sorted(found, key=lambda one: (one.at, one.id))

    def deliveries(self) -> dict[bytes, Delivery]:
        return {one.decision: one for one in map(records.decode_delivery, self.values("deliveries"))}

    def delivery(self) -> Delivery:
        """The only one there is."""
        [found] = self.deliveries().values()
        return found

    def counts(self, name: str) -> dict[str, int]:
        return self.tally(name).counts

    def tally(self, name: str) -> Tally:
        with self.store.read() as reader:
            return reads.read_tally(reader, name)

    def arms(self) -> dict[str, Arms]:
        """As a new process would find them."""
        with self.store.read() as reader:
            return read_arms(reader)

    def outcomes(self) -> list[Resolved]:
        return [records.decode_outcome(raw) for raw in self.values("outcomes")]

    def log(self) -> list[Any]:
        return [records.decode_log(raw)[1] for raw in self.values("log")]

    def values(self, table: str) -> list[bytes]:
        return [raw for _, raw in self.rows(table)]

    def rows(self, table: str) -> list[tuple[bytes, bytes]]:
        with self.store.read() as reader:
            return list(reader.scan(table))

    def state(self) -> dict[str, list[tuple[bytes, bytes]]]:
        """Every byte that a replay compares, and the log."""
        return {table: self.rows(table) for table in (*COMPARED, "log")}

    def replayed(self) -> Replayed:
        with self.store.read() as reader:
            return replay(reader, MemoryStore(), self.secret, self.plans.__getitem__, self.plan, "test")

    def emitted(self, kind: type) -> list[Any]:
        return [one for one in self.effects if isinstance(one, kind)]


Step = Callable[[Rig], None]
