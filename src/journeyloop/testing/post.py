"""Couriers over virtual time, and the providers they carry to: two channels, one of which knows a message by its id.

When a message is asked for is said here, as the couriers do it; what is decided of it is `runtime.attempt`'s. A
provider refuses, asks to wait, hangs, or takes a message and does not say so.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from journeyloop.model.effects import Queued, Send
from journeyloop.model.inputs import Delivered, Input, Ready
from journeyloop.runtime import outbox, records
from journeyloop.runtime.attempt import Attempt, unsettled
from journeyloop.runtime.channels import Receipt, Withheld
from journeyloop.runtime.circuit import Circuit, Pace
from journeyloop.runtime.outbox import Waiting
from journeyloop.runtime.ports import Store
from journeyloop.runtime.stops import Stops
from journeyloop.testing.faults import SECOND, Faults
from journeyloop.testing.oracle import Oracle

SLOTS = 2
TIMEOUT = 40 * SECOND
RATE = 1 / 20.0
CHANNELS = {"letters": False, "hooks": True}
"""By name: whether the provider knows a message again by its id."""


class World(Protocol):
    """What a courier is surrounded by. `later` runs something when so much time has passed, if the process lives."""

    now: int
    store: Store
    faults: Faults
    oracle: Oracle

    def later(self, wait: int, what: Callable[[], None]) -> None: ...

    def submit(self, applied: Input, done: Callable[[], None] | None = None) -> None: ...

    def aim(self, send: Send, connecting: int) -> None: ...


class Post:
    """All couriers of one process: what they have in hand is lost with it."""

    def __init__(self, world: World, stops: Stops) -> None:
        self.couriers = {name: Courier(name, known, world, stops) for name, known in CHANNELS.items()}

    def begin(self) -> None:
        for courier in self.couriers.values():
            courier.begin()

    def queue(self, queued: Queued) -> None:
        """They look after every commit."""

    def take(self, send: Send) -> None:
        self.couriers[send.delivery.channel].sends[send.delivery.decision] = send

    def look(self) -> None:
        for courier in self.couriers.values():
            courier.look()


class Courier:
    """One channel: asks for what waits while it has a slot, and carries it."""

    def __init__(self, name: str, idempotent: bool, world: World, stops: Stops) -> None:
        self.name, self.idempotent, self.world, self.stops = name, idempotent, world, stops
        self.circuit = Circuit(lambda: world.now / SECOND)
        self.pace = Pace(RATE, lambda: world.now / SECOND)
        self.in_hand: set[bytes] = set()
        self.sends: dict[bytes, Send] = {}
        self.settled = False

    def begin(self) -> None:
        """The intents of the process before, first of all."""
        with self.world.store.read() as reader:
            old = unsettled(reader, self.name, self.idempotent)
        for word in old:
            self.world.oracle.sometimes[f"found at the start: {word.state}"] += 1
            self.world.submit(word)
        self.settled = True

    def look(self) -> None:
        if not self.settled:
            return
        if (wait := self.circuit.wait()) > 0:
            self.world.oracle.sometimes["circuit open"] += 1
            return self.world.later(int(wait * SECOND) + 1, self.look)
        slots = 1 if self.circuit.state == "half-open" else SLOTS
        with self.world.store.read() as reader:
            waiting = [one for one in outbox.waiting(reader, self.name) if not one.intent]
            intents = sum(one.intent for one in outbox.waiting(reader, self.name))
        self.world.oracle.bounded(intents, SLOTS)
        for one in waiting:
            if not self.has_slot(slots):
                self.world.oracle.sometimes["no slot"] += 1
                break
            if one.decision not in self.in_hand:
                self.in_hand.add(one.decision)
                self.world.later(int(self.pace.take() * SECOND), partial(self.ask, one))

    def has_slot(self, slots: int) -> bool:
        return len(self.in_hand) < slots

    def ask(self, one: Waiting) -> None:
        """There is a slot for it, and it is its turn."""
        self.world.submit(Ready(one.person, one.decision, one.key), lambda: self._answered(one.decision))

    def _answered(self, decision: bytes) -> None:
        send = self.sends.pop(decision, None)
        if send is None:
            self.in_hand.discard(decision)
        else:
            self.carry(send)

    def carry(self, send: Send) -> None:
        """An intent is committed: one attempt."""
        attempt, world = Attempt(send, self.stops, self.idempotent), self.world
        if reason := self.stops.refusal(send):
            return self._told(attempt.told("suppressed", reason))
        connecting = world.faults.connecting()
        world.aim(send, connecting)
        if world.faults.unreachable():
            world.oracle.sometimes["not connected"] += 1
            return world.later(connecting, lambda: self._ended(attempt, attempt.receipt(ConnectionError())))
        if connecting >= TIMEOUT:
            return world.later(TIMEOUT, lambda: self._ended(attempt, attempt.receipt(TimeoutError())))
        return world.later(connecting, lambda: self._hand_over(attempt))

    def _hand_over(self, attempt: Attempt) -> None:
        """Connected: the last look, and the first byte."""
        try:
            attempt.go()
        except Withheld as stopped:
            self.world.oracle.sometimes["withheld"] += 1
            return self._told(attempt.stopped(stopped))
        decision = attempt.send.delivery.decision
        self.world.oracle.handed(decision, self._state(decision), self.world.now)
        reply, taken = self.world.faults.reply()
        self.world.oracle.sometimes[f"provider: {reply}"] += 1
        if taken:
            self.world.oracle.accepted(decision, self.idempotent, self.world.now)
        answering = TIMEOUT if reply == "hangs" else self.world.faults.answering()
        self.world.later(answering, lambda: self._ended(attempt, self._receipt(attempt, reply)))

    def _receipt(self, attempt: Attempt, reply: str) -> Receipt:
        match reply:
            case "takes it":
                return Receipt("sent")
            case "asks to wait":
                return Receipt("again", "http_429", self.world.faults.asked_wait(), trouble=True)
            case "refuses":
                return Receipt("failed", "http_400")
            case "breaks":
                return Receipt("unknown", "http_500", trouble=True)
            case _:
                return attempt.receipt(TimeoutError())

    def _ended(self, attempt: Attempt, receipt: Receipt) -> None:
        self.circuit.heard(receipt.trouble)
        self._told(attempt.word(receipt))

    def _told(self, word: Delivered) -> None:
        self.world.oracle.sometimes[f"told: {word.state}"] += 1
        self.world.submit(word, lambda: self.in_hand.discard(word.decision))

    def _state(self, decision: bytes) -> str:
        with self.world.store.read() as reader:
            raw = reader.get("deliveries", decision)
        return records.decode_delivery(raw).state if raw else "none"
