"""The walk through all people after a change of audiences or traits, or an import: nobody waits for their next event.

It goes on beside the traffic, a few people at a time, and where it stopped when the server is stopped. What it finds is
judged by the loop itself, through `Judge` inputs; a person who is up to date is passed over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog
from msgspec import Struct, msgpack

from journeyloop.model.customer import Header
from journeyloop.model.event import Rejected
from journeyloop.model.inputs import Judge
from journeyloop.model.plan import Plan
from journeyloop.runtime import records
from journeyloop.runtime.doors import Overloaded, Unavailable
from journeyloop.runtime.ports import Reader, Store, Transaction

log = structlog.get_logger("journeyloop")
SWEPT = b"swept"
AT_ONCE = 50
"""People in one input."""

PAST = 2_000
"""With so many events to be counted from the log an input is full: what arrives meanwhile waits for it."""

LOOKED_AT = 200
PAUSE = 0.002
QUIET = 2.0
"""An import is over when nothing has been imported for that long (s)."""

Submit = Callable[[Sequence[Judge], Sequence[Rejected], Callable[[Transaction], None]], Awaitable[None]]


class Cursor(Struct, array_like=True):
    """How far the walk for this plan has come: the next person (b"": from the start), or None when it is over."""

    plan: str
    next: bytes | None = b""


class Sweep:
    """`submit` brings an input into the loop, together with what else is written in the same commit."""

    def __init__(self, store: Store, plan: Callable[[], Plan], submit: Submit) -> None:
        self.store, self.plan, self.submit = store, plan, submit
        self._wanted = asyncio.Event()
        self._asked = 0.0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Finish a walk that was not finished, and begin one whenever there is a reason to."""
        self._wanted.set()
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def begin(self) -> None:
        """The plan is another one."""
        self._wanted.set()

    def later(self) -> None:
        """Something was imported: begin when that is over."""
        self._asked = asyncio.get_running_loop().time() + QUIET
        self._wanted.set()

    async def _run(self) -> None:
        while True:
            await self._wanted.wait()
            while (wait := self._asked - asyncio.get_running_loop().time()) > 0:  # noqa: ASYNC110 - it moves
                await asyncio.sleep(wait)
            self._wanted.clear()
            await self._walk()

    async def _walk(self) -> None:
        """A cursor that is not the one written last was moved by an import: then from there."""
        cursor = expected = None
        while not self._wanted.is_set():
            with self.store.read() as reader:
                written = read_cursor(reader)
                cursor, persons = self._look(reader, cursor if written == expected else written)
            expected = written
            if (persons or cursor.next is None) and cursor != written:
                await self._judge(persons, written, cursor)
                expected = cursor
            if cursor.next is None and self._is_over():
                return
            await asyncio.sleep(PAUSE)

    def _is_over(self) -> bool:
        with self.store.read() as reader:
            written = read_cursor(reader)
        return written is not None and written.next is None

    def _look(self, reader: Reader, cursor: Cursor | None) -> tuple[Cursor, list[bytes]]:
        """The next people who are not up to date, and where to go on after them."""
        plan = self.plan()
        name = f"{plan.counting} {plan.watching}"
        if cursor is None or cursor.plan != name:
            cursor = Cursor(name)
        if cursor.next is None:
            return cursor, []
        found: list[bytes] = []
        past = 0
        for looked, (person, raw) in enumerate(reader.scan("people", cursor.next)):
            if len(found) == AT_ONCE or looked == LOOKED_AT or past >= PAST:
                return Cursor(name, person), found
            header, _ = records.decode_record(raw, Header)
            if _waits(header, plan):
                found.append(person)
                past += header.events if header.counted != plan.counting else 0
        return Cursor(name, None), found

    async def _judge(self, persons: list[bytes], before: Cursor | None, after: Cursor) -> None:
        """An import meanwhile moves the cursor back to the start, which must not be overwritten. One person who cannot
        be judged must not stop the walk."""

        def move(transaction: Transaction) -> None:
            if read_cursor(transaction) == before:
                transaction.put("meta", SWEPT, msgpack.encode(after))

        try:
            return await self._bring([Judge(persons)] if persons else [], move)
        except Unavailable:
            for person in persons:
                await self._judge_alone(person)
        while True:
            try:
                return await self._bring([], move)
            except Unavailable:  # it is the store
                await asyncio.sleep(QUIET)

    async def _judge_alone(self, person: bytes) -> None:
        try:
            await self._bring([Judge([person])], lambda transaction: None)
        except Unavailable as error:
            log.error("person not judged", person=person.hex(), reason=str(error))

    async def _bring(self, judges: list[Judge], also: Callable[[Transaction], None]) -> None:
        """Again and again while the inbox is full: this is work that can wait."""
        while True:
            try:
                return await self.submit(judges, (), also)
            except Overloaded as error:
                await asyncio.sleep(error.retry_after_s)


def read_cursor(reader: Reader) -> Cursor | None:
    raw = reader.get("meta", SWEPT)
    return None if raw is None else msgpack.decode(raw, type=Cursor)


def start_over(transaction: Transaction, position: int) -> None:
    """People before the cursor have a past now that they were not judged by."""
    transaction.put("meta", SWEPT, msgpack.encode(Cursor(f"import {position}")))


def _waits(header: Header, plan: Plan) -> bool:
    """Whether something has happened to this person that the plan has not judged yet."""
    if header.successor is not None or not (header.events or header.judged):
        return False
    return header.judged != plan.watching or header.counted != plan.counting
