"""Taking a file's rows in, each exactly once, whatever dies meanwhile: how far it has come is committed with the rows.

Two ways in: beside a running server through its writer, or alone on a store that nobody serves. Either way rows are
folded; alone, no timer fires, so nothing is decided and nothing sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Protocol

from msgspec import Struct, msgpack

from journeyloop.model.identifier import Identifier
from journeyloop.model.inputs import Epoch, Input, Paused, PlanChanged
from journeyloop.model.plan import Plan
from journeyloop.runtime.batch import Batch
from journeyloop.runtime.coupons import Taken, take_in
from journeyloop.runtime.memory import Memory
from journeyloop.runtime.person import joined
from journeyloop.runtime.ports import Reader, Store, Transaction
from journeyloop.runtime.quarantine import Also, keep
from journeyloop.runtime.rows import Kind, Rows, Terms, keep_wordings, parse_rows

SLICE = 1_000
"""Rows of a commit beside a running server: a live event waits for one of these at most."""


class Gap(Exception):
    """Rows were left out: the next one that is expected is the message."""


class Progress(Struct, array_like=True):
    """`next` rows of the file are done: so many folded, so many refused by reason."""

    next: int = 0
    accepted: int = 0
    quarantined: dict[str, int] = {}

    def beyond(self, rows: Rows) -> Progress:
        """As it is once these are in."""
        quarantined = dict(self.quarantined)
        for refused in rows.refused:
            quarantined[refused.reason] = quarantined.get(refused.reason, 0) + 1
        taken = len(rows.inputs) + len(rows.refused)
        return Progress(self.next + taken, self.accepted + len(rows.inputs), quarantined)


class Submit(Protocol):
    def __call__(self, inputs: Sequence[Input], rejected: Any, also: Callable[[Transaction], None]) -> Awaitable[None]:
        """Return when it is durable."""
        ...


def read_progress(reader: Reader, file: str) -> Progress:
    raw = reader.get("meta", _key(file))
    return Progress() if raw is None else msgpack.decode(raw, type=Progress)


def _key(file: str) -> bytes:
    return b"import/" + file.encode()


def _record(file: str, progress: Progress, rows: Rows, transaction: Transaction) -> None:
    transaction.put("meta", _key(file), msgpack.encode(progress))
    keep_wordings(transaction, rows.wordings)


def _left(progress: Progress, start: int, lines: Sequence[bytes]) -> Sequence[bytes]:
    """Those that are not done yet. Raises Gap."""
    if start > progress.next:
        raise Gap(str(progress.next))
    return lines[progress.next - start :]


class Imports:
    """Beside a running server, in slices between its other work. One import at a time: two senders of one file would
    else both see the same rows as not done."""

    def __init__(self, store: Store, submit: Submit, terms: Callable[[], Terms]) -> None:
        self.store, self.submit, self.terms = store, submit, terms
        self._turn = asyncio.Lock()

    async def take(self, kind: Kind, file: str, start: int, lines: Sequence[bytes]) -> Progress:
        """`lines` are the rows after the first `start` of this file; those that are done are passed over.

        Raises:
            Gap: there are rows before them that are not done.
            Overloaded, Unavailable: as `submit`; what was done is recorded.
        """
        async with self._turn:
            with self.store.read() as reader:
                progress = read_progress(reader, file)
            left = _left(progress, start, lines)
            for at in range(0, len(left), SLICE):
                some = left[at : at + SLICE]
                rows = await asyncio.to_thread(parse_rows, kind, file, progress.next, some, self.terms())
                progress = progress.beyond(rows)
                await self.submit(rows.inputs, rows.refused, also=partial(_record, file, progress, rows))
            return progress


class Alone:
    """On a store that nobody serves. `said`: by whom and why, where the plan is another than the store's last."""

    def __init__(
        self, store: Store, memory: Memory, clock: Callable[[], int], code: str, libraries: str,
        said: tuple[str, str] = ("", ""),
    ) -> None:  # fmt: skip
        self.store, self.memory, self.clock = store, memory, clock
        self.plan = memory.plan
        singles = memory.singles
        self._first: list[Input] = [Epoch(singles.epoch + 1, code, libraries)]
        if singles.plan != self.plan.hash:
            self._first.append(PlanChanged(self.plan.hash, *said))

    def progress(self, file: str) -> Progress:
        with self.store.read() as reader:
            return read_progress(reader, file)

    def take(self, kind: Kind, file: str, start: int, lines: Sequence[bytes]) -> Progress:
        """As `Imports.take`, all of it in one commit."""
        progress = self.progress(file)
        left = _left(progress, start, lines)
        if not left:
            return progress
        now = self.clock()
        rows = parse_rows(kind, file, progress.next, left, Terms(self.plan, self.memory.secret, now))
        progress = progress.beyond(rows)

        def also(transaction: Transaction) -> None:
            for refused in rows.refused:
                keep(transaction, self.memory.singles, refused, now)
            _record(file, progress, rows, transaction)

        self._commit(rows.inputs, now, also)
        return progress

    def unmerge(self, identifier: Identifier, other: Identifier | str, by: str) -> bool:
        """Tell two people apart, as `Commands.unmerge` does; False: they were never joined. Timers wait for the next
        start of the server."""
        with self.store.read() as reader:
            unmerge = joined(reader, self.memory.secret, self.plan, identifier, other)
        if unmerge is None:
            return False
        unmerge.by = by
        self._commit([unmerge], self.clock())
        return True

    def pause(self, scope: str, paused: bool, by: str, note: str = "") -> str | None:
        """Stop or resume, for the server that starts next; or the reason why not."""
        if scope not in self.memory.board.paused and (refusal := self.plan.unknown(scope)) is not None:
            return refusal
        self._commit([Paused(scope, paused, by, note)], self.clock())
        return None

    def take_coupons(self, pool: str, codes: Sequence[str]) -> Taken:
        """New codes for a pool."""
        taken = [Taken()]

        def also(transaction: Transaction) -> None:
            taken[0] = take_in(transaction, pool, codes)

        self._commit([], self.clock(), also)
        return taken[0]

    def change(self) -> None:
        """The configuration as it is comes into force, if it is another."""
        if self._first and isinstance(self._first[-1], PlanChanged):
            self._commit([], self.clock())

    def _commit(self, inputs: Sequence[Input], now: int, also: Also | None = None) -> None:
        """The first one opens an epoch, as a server that starts does."""
        with self.store.write() as transaction:
            batch = Batch(transaction, self.memory, self._plan)
            batch.prefetch(inputs)
            for applied in (*self._first, *inputs):
                batch.apply(applied, now)
            if also is not None:
                also(transaction)
            batch.flush()
        self._first = []

    def _plan(self, hash_: str) -> Plan:
        return self.plan
