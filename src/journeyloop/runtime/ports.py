"""The doors of the runtime, as Protocols. Adapters stand behind them; one contract suite checks every one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol

from journeyloop.model.inputs import Seen
from journeyloop.model.moment import Present

TABLES = (
    "meta",  # name -> value: secret, singles, lag
    "log",  # position (8 bytes, big endian) -> input record
    "people",  # person (16) -> customer record
    "owners",  # identifier key (16) -> owner record
    "timers",  # due (8, big endian) + person (16) + name -> b""
    "decisions",  # decision id (16) -> decision record
    "deliveries",  # decision id (16) -> delivery record
    "outbox",  # channel + NUL + decided (8) + decision id (16) -> person (16) + D (waits) or I (in its channel's hand)
    "undelivered",  # number, modulo how many are kept (4) -> decision id (16) of a delivery that failed or is unknown
    "by_person",  # person (16) + time (8) + decision id (16) -> b"": decisions of a person, in order
    "dedup",  # person (16) + day (2) + part (2) -> message hashes (8 bytes each)
    "moments",  # moment name -> tally record
    "arms",  # moment name + NUL + action name ("" for silence) -> arm record
    "outcomes",  # decision id (16) + moment name -> what became of it when the window closed
    "audiences",  # audience name + NUL + person (16) -> since (8, big endian)
    "pushes",  # audience name, or to/ and destination, + NUL + number (8) -> what somebody is to be told of
    "told",  # person (16) + number (8) -> what a destination was told of them, and whether it was acknowledged
    "ledger",  # number (8) -> consent and merges, each line bound to the one before it
    "plans",  # plan hash -> the configuration's texts
    "wordings",  # SHA-256 (32) -> what people were asked when they gave or refused consent
    "quarantine",  # number (8) -> refused input with its reason
)


class Reader(Protocol):
    """A consistent view of all tables."""

    def get(self, table: str, key: bytes) -> bytes | None: ...

    def get_many(self, table: str, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """The values of those keys that are there."""
        ...

    def scan(
        self, table: str, start: bytes = b"", stop: bytes | None = None, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """Pairs with start <= key < stop, in key order (or the reverse of it)."""
        ...


class Transaction(Reader, Protocol):
    """Reads see its own writes. Nothing is visible to others, or survives, before the commit."""

    def put(self, table: str, key: bytes, value: bytes) -> None: ...

    def put_many(self, table: str, pairs: Iterable[tuple[bytes, bytes]], append: bool = False) -> None:
        """Like put for each. `append`: the caller promises ascending keys beyond the table's last."""
        ...

    def delete(self, table: str, key: bytes) -> None: ...


class Nothing:
    """A transaction over an empty store that forgets what is written: for what is computed and not kept."""

    def get(self, table: str, key: bytes) -> bytes | None:
        return None

    def get_many(self, table: str, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        return {}

    def scan(
        self, table: str, start: bytes = b"", stop: bytes | None = None, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        return iter(())

    def put(self, table: str, key: bytes, value: bytes) -> None:
        """Forgotten."""

    def put_many(self, table: str, pairs: Iterable[tuple[bytes, bytes]], append: bool = False) -> None:
        """Forgotten."""

    def delete(self, table: str, key: bytes) -> None:
        """There is nothing."""


class Snapshot(Nothing):
    """A transaction over what is committed, that forgets what is written: for what would be, and will not."""

    def __init__(self, reader: Reader) -> None:
        self.get, self.get_many, self.scan = reader.get, reader.get_many, reader.scan  # type: ignore[method-assign]


class Store(Protocol):
    """State and log in one place, so that they can never disagree. One writer per directory.

    `read()` gives a snapshot that never blocks the writer; `write()` commits on a clean exit of the context and rolls
    back on an exception. In `sync` mode a commit that returned survives power loss; in `relaxed` it survives kill -9.

    Raises:
        StoreBusy: at opening, if another process writes to this directory.
        StoreFailed: the disk is full or a sync failed; no later write is accepted.
    """

    def read(self) -> AbstractContextManager[Reader]: ...

    def write(self) -> AbstractContextManager[Transaction]: ...

    def size(self) -> int:
        """Bytes on disk (0 in memory)."""
        ...

    def close(self) -> None: ...


class StoreBusy(RuntimeError):
    """Another process holds the writer's lock of this directory."""


class StoreFailed(RuntimeError):
    """A write did not become durable. The process must stop acknowledging and sending; reads go on."""


class Pages(Protocol):
    """The on-page channel: who is there, and how to write to them. Called on the event loop, `watch` on any thread."""

    def __len__(self) -> int:
        """Browsers with an open tab."""
        ...

    def __contains__(self, anonymous_id: object) -> bool: ...

    def connect(self, anonymous_id: str, signed: bool) -> Stream | None: ...

    def disconnect(self, anonymous_id: str, stream: Any) -> None: ...

    def report(self, anonymous_id: str, tabs: list[dict[str, Any]]) -> None: ...

    def watch(self, anonymous_ids: list[str], present: Present | None) -> Seen | None:
        """What the tab shows that fits `present` best; None if none of these browsers has one."""
        ...

    def push(self, anonymous_ids: list[str], content: Callable[[bool], bytes | None]) -> str | None:
        """Write to one of these browsers; which one, or None if none is there or `content(signed)` gave nothing."""
        ...

    def tell(self, anonymous_ids: list[str], frame: bytes) -> None: ...

    def frame(self, event: str, content: dict[str, Any]) -> bytes: ...

    def end(self) -> None:
        """End every stream: the server stops, and browsers come back when there is one again."""
        ...


class Receiver(Protocol):
    """Where other systems are told: of changes of audiences, and on errands."""

    async def push(self, url: str, id_: str, body: bytes) -> str | None:
        """One attempt; None if it was taken, else a short reason without data. `id_` is the same for every attempt."""
        ...

    async def close(self) -> None: ...


class Stream(Protocol):
    """One open connection to a browser: what to write next; None ends it."""

    signed: bool
    frames: asyncio.Queue[bytes | None]
