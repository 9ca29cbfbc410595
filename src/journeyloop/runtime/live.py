"""The running loop: the writer's thread on one side, the doors of the event loop on the other.

Here live acknowledgement, answers, streams and reads. What a turn means is the kernel's, what a channel does the
channel's; nothing here decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import Any
from uuid import uuid4

import structlog

from journeyloop.model.effects import Answer
from journeyloop.model.event import Rejected
from journeyloop.model.identifier import Identifier
from journeyloop.model.inputs import (
    Asked,
    Epoch,
    Input,
    PlanChanged,
)
from journeyloop.model.plan import Plan, Problem
from journeyloop.runtime.answers import answered
from journeyloop.runtime.commands import Commands
from journeyloop.runtime.contacting import Contacting
from journeyloop.runtime.courier import House
from journeyloop.runtime.couriers import Couriers, no_channels
from journeyloop.runtime.desk import Desk, Desks
from journeyloop.runtime.doors import Overloaded, Unavailable
from journeyloop.runtime.feed import Feed
from journeyloop.runtime.history import changed_files
from journeyloop.runtime.imports import Imports
from journeyloop.runtime.memory import Memory
from journeyloop.runtime.metrics import Metrics
from journeyloop.runtime.perform import Performer
from journeyloop.runtime.ports import Pages, Receiver, Store
from journeyloop.runtime.push import Pushing, queues_of
from journeyloop.runtime.quarantine import Also
from journeyloop.runtime.questions import Questions
from journeyloop.runtime.staging import Sink
from journeyloop.runtime.streams import Streams
from journeyloop.runtime.sweep import Sweep
from journeyloop.runtime.ways import Ways
from journeyloop.runtime.writer import Committed, Work, Writer, place_of

log = structlog.get_logger("journeyloop")
RETRY_AFTER = 1
Configured = tuple[Plan | None, list[Problem]]
Whose = Callable[[Collection[str]], tuple[str, str]]


def nobody(files: Collection[str]) -> tuple[str, str]:
    """Where nobody knows who changes files."""
    return "", ""


class Live(Questions, Commands, Streams, Contacting, Desk):
    """`configure` reads the configuration anew; `pages` is the on-page channel; `clock` gives ms since the epoch.
    `whose` says who changed these files of it, and why."""

    def __init__(
        self, store: Store, memory: Memory, pages: Pages, configure: Callable[[], Configured], clock: Callable[[], int],
        receiver: Receiver, inbox: int = 20_000, whose: Whose = nobody, couriers: Couriers | None = None,
        ways: Ways | None = None,
    ) -> None:  # fmt: skip
        self.whose, self.sink = whose, Sink()
        self.store, self.memory, self.pages, self.configure, self.clock = store, memory, pages, configure, clock
        self.plan = memory.plan
        self.board = memory.board
        self.problems: list[Problem] = []
        self.plans = {self.plan.hash: self.plan}
        self.measures = Metrics(lambda: self.plan)
        self.notes, self.desks = Feed(), Desks()
        self.imports = Imports(store, self.submit, self._terms)
        self.writer = Writer(store, memory, self.plans.__getitem__, pages.watch, clock, self._committed, inbox)
        self.couriers = couriers or no_channels()
        self.performer = Performer(
            pages, self._tell, lambda: self.plan, lambda: self.board, clock, self._note, self.sink, self.couriers
        )  # fmt: skip
        self.couriers.house = House(
            store, self.performer.stops, self.sink, lambda: self.plan, clock, self.commit, memory.secret
        )  # fmt: skip
        self.sweep = Sweep(store, lambda: self.plan, self.submit)
        self.pushing = Pushing(store, memory.secret, lambda: self.plan, receiver, self.submit, clock, ways, self.sink)

    async def start(self, code: str, libraries: str) -> None:
        """Open a new epoch, and the plan if it is another than the store's last: both before any timer is looked at."""
        self._loop = asyncio.get_running_loop()
        singles = self.memory.singles
        inputs: list[Input] = [Epoch(singles.epoch + 1, code, libraries)]
        if singles.plan != self.plan.hash:
            inputs.append(PlanChanged(self.plan.hash, *await self._whose(self._stored_texts(singles.plan))))
        opened = self._loop.create_task(self.submit(inputs))
        await asyncio.sleep(0)  # now they wait in the writer's queue
        self.writer.start()
        await opened
        self.sweep.start()
        self.pushing.start()
        await self.couriers.renew()
        log.info("started", epoch=singles.epoch, plan=self.plan.hash, moments=len(self.plan.moments))

    def end_streams(self) -> None:
        """End what would last for ever, so that a server that stops need not cut it off."""
        self.pages.end()
        self.notes.end()
        self.desks.end()

    async def stop(self) -> None:
        """Finish what was accepted."""
        await self.sweep.stop()
        await self.pushing.stop()
        await self.couriers.stop()
        await asyncio.get_running_loop().run_in_executor(None, self.writer.stop)
        self.store.close()

    # --- writing ----------------------------------------------------------------------------------------------------

    async def submit(
        self, inputs: Sequence[Input], rejected: Sequence[Rejected] = (), also: Also | None = None
    ) -> None:
        """Return when it is durable, with what is `also` to be written.

        Raises:
            Overloaded: the inbox is full; the same messages may be sent again.
            Unavailable: the store failed, or this work could not be applied.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        for refused in rejected:
            self.measures.refused.labels(refused.reason).inc()
        if not self.writer.offer(Work(inputs, rejected, lambda error: _settle(done, error), also)):
            raise Overloaded(RETRY_AFTER)
        await done

    async def commit(self, inputs: Sequence[Input]) -> None:
        """Like submit, for what the loop itself reports: it always has room."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.writer.offer(Work(inputs, (), lambda error: _settle(done, error)), own=True)
        await done

    def _tell(self, applied: Input, then: Callable[[], None] | None = None) -> None:
        """Submit without waiting: what the loop itself reports always has room."""

        def done(error: Exception | None) -> None:
            if error is None and then is not None:
                then()

        self.writer.offer(Work([applied], (), done), own=True)

    def _committed(self, batch: Committed) -> None:
        self._loop.call_soon_threadsafe(self._publish, batch)

    def _publish(self, batch: Committed) -> None:
        """On the event loop, in commit order: perform, then acknowledge."""
        self.writer.release(batch.work)
        self.board, self.plan = batch.board, batch.plan
        self.measures.clauses.add(batch.tally)
        self.measures.batches.observe(batch.inputs)
        self.measures.inputs.inc(batch.inputs + batch.fired)
        self.measures.timers.inc(batch.fired)
        self.measures.duplicates.inc(batch.duplicates)
        self.measures.refuse(batch.refused)
        if batch.error is not None:
            log.error(
                "batch refused", error=type(batch.error).__name__, place=place_of(batch.error), work=len(batch.work)
            )
        if batch.imported:
            self.sweep.later()
        for queue in queues_of(batch.effects):
            self.pushing.wake(queue)
        self.performer.perform(batch.effects)
        for work in batch.work:
            work.done(batch.error)
        self.desks.changed(batch.people)
        if self.notes.watched:
            self._show_events(batch)

    # --- asking -----------------------------------------------------------------------------------------------------

    async def ask(
        self, identifier: Identifier, placements: Sequence[str], context: dict[str, Any], browser: bool = False
    ) -> dict[str, Any]:
        """One answer a placement for somebody who waits, each decided after the one before it. The decisions, their
        intents and that they were sent are one commit."""
        if self.plan.recipients is not None and self._withheld(identifier):
            return self._sunk(identifier, placements, context)
        asks = [Asked(identifier, one, uuid4().hex, context, browser) for one in placements]
        answers: dict[str, Answer] = {}
        for ask in asks:
            self.performer.answers[ask.request_id] = lambda one: answers.update({one.request_id: one})
        try:
            await self.submit(asks)
        finally:
            for ask in asks:
                self.performer.answers.pop(ask.request_id, None)
        return {ask.placement: self._told(answers[ask.request_id], ask.placement) for ask in asks}

    def _told(self, answer: Answer, placement: str) -> dict[str, Any]:
        """By the plan that decided: the one in force by now may have no such action."""
        made = answer.decision
        return answered(answer, placement, self.plan if made is None else self.plans[made.plan])

    async def reload(self, by: str = "", note: str = "") -> dict[str, Any]:
        """Read the configuration again. A broken one leaves the old plan running, and shows. `by` nobody in particular:
        whoever changed the files. A note on what is in force already is one more word on it."""
        plan, self.problems = await asyncio.get_running_loop().run_in_executor(None, self.configure)
        if plan is not None and plan.hash != self.plan.hash:
            before, self.plans[plan.hash] = self.plan.texts, plan
            said = (by, note) if by else await self._whose(before, plan.texts)
            await self.submit([PlanChanged(plan.hash, *said)])
            self.sweep.begin()
            await self.couriers.renew()
            log.info("plan changed", plan=plan.hash)
        elif plan is not None and note:
            await self.submit([PlanChanged(plan.hash, by, note)])
        for problem in self.problems:
            if problem.level == "error":
                log.error("configuration refused", problem=str(problem))
        return {"plan": self.plan.hash, "problems": self._problems()}

    async def _whose(self, before: dict[str, str], after: dict[str, str] | None = None) -> tuple[str, str]:
        """Who changed the configuration, on a thread: it may ask another program."""
        changed = changed_files(before, self.plan.texts if after is None else after)
        return await asyncio.get_running_loop().run_in_executor(None, self.whose, changed)


def _settle(done: asyncio.Future[None], error: Exception | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(Unavailable(str(error) or type(error).__name__))
