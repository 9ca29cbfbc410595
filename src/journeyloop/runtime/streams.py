"""What does not end by itself: the streams of browsers, with what waits for them, and the live feed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from journeyloop.act import offers, recalls
from journeyloop.model.effects import Note
from journeyloop.model.inputs import Input, TabClosed, TabOpened
from journeyloop.model.plan import Plan
from journeyloop.runtime import reads
from journeyloop.runtime.doors import Overloaded
from journeyloop.runtime.feed import Feed, Who, describe, frames_of, identifier_label, known, label, sample
from journeyloop.runtime.memory import Memory
from journeyloop.runtime.metrics import Metrics
from journeyloop.runtime.perform import Performer
from journeyloop.runtime.ports import Pages, Store
from journeyloop.runtime.writer import Committed

RETRY_AFTER = 1


class Streams:
    """The streaming half of the running loop."""

    store: Store
    memory: Memory
    pages: Pages
    performer: Performer
    measures: Metrics
    notes: Feed
    plan: Plan
    clock: Callable[[], int]

    def _tell(self, applied: Input, then: Callable[[], None] | None = None) -> None:
        raise NotImplementedError

    @asynccontextmanager
    async def stream(self, anonymous_id: str, signed: bool) -> AsyncIterator[AsyncIterator[bytes]]:
        """Server-sent events for one browser. What is on its way and not shown yet is offered again, as
        is the word that a message was taken back."""
        known = anonymous_id in self.pages
        stream = self.pages.connect(anonymous_id, signed)
        if stream is None:
            raise Overloaded(RETRY_AFTER)
        if known:
            self._offer(anonymous_id)
        self.measures.browsers.set(len(self.pages))
        try:
            yield frames_of(stream.frames)
        finally:
            self.pages.disconnect(anonymous_id, stream)

    def opened(self, anonymous_id: str) -> None:
        """A browser has its first tab: tell the loop, then offer what waits."""
        opened = TabOpened(("anonymous_id", anonymous_id), self.memory.singles.epoch)
        self._tell(opened, lambda: self._offer(anonymous_id))

    def closed(self, anonymous_id: str, at: int) -> None:
        self.measures.browsers.set(len(self.pages))
        self._tell(TabClosed(("anonymous_id", anonymous_id), self.memory.singles.epoch, at))

    def _offer(self, anonymous_id: str) -> None:
        with self.store.read() as reader:
            customer = reads.find_customer(reader, self.memory.secret, ("anonymous_id", anonymous_id))
        for recall in recalls(customer) if customer else []:
            self.performer.take_back(recall)
        for send in offers(customer, self.clock(), self.plan) if customer else []:
            self.performer.send(send)

    def saw_tabs(self, anonymous_id: str, tabs: list[dict[str, Any]]) -> None:
        self.pages.report(anonymous_id, tabs)

    @asynccontextmanager
    async def feed(self) -> AsyncIterator[AsyncIterator[bytes]]:
        queue = self.notes.subscribe()
        try:
            yield frames_of(queue)
        finally:
            self.notes.unsubscribe(queue)

    def _note(self, note: Note) -> None:
        self.measures.notes.labels(note.kind, note.moment).inc()
        who = self._who(note.person) if self.notes.watched else _somebody(note.person)
        self.notes.publish(self.clock(), note.kind, who, note.moment, note.text, note.reason)

    def _who(self, person: bytes) -> Who:
        with self.store.read() as reader:
            customer = reads.read_customer(reader, person)
        return _somebody(person) if customer is None else known(customer)

    def _show_events(self, batch: Committed) -> None:
        events = sample(one for work in batch.work for one in work.inputs)
        with self.store.read() as reader:
            for event in events:
                customer = reads.find_customer(reader, self.memory.secret, event.primary())
                who = known(customer) if customer else Who(label(None, identifier_label(event.primary())), "")
                self.notes.publish(self.clock(), "event", who, "", describe(event), "")


def _somebody(person: bytes) -> Who:
    return Who(label(None, person.hex()), person.hex())
