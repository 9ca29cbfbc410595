"""The store in memory, for tests, simulation and backtest: the same contract, nothing on disk.

A transaction writes into an overlay and applies it at commit. A commit beside open snapshots first copies the tables it
touches, so a snapshot costs nothing until then.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from sortedcontainers import SortedDict

from journeyloop.runtime.ports import TABLES

Pair = tuple[bytes, bytes]
LONGEST_KEY = 511
_UNCHANGED = SortedDict()


class MemorySnapshot:
    """A consistent view: tables that nobody changes any more."""

    __slots__ = ("_tables",)

    def __init__(self, tables: Mapping[str, SortedDict]) -> None:
        self._tables = tables

    def get(self, table: str, key: bytes) -> bytes | None:
        _check(key)
        value: bytes | None = self._tables[table].get(key)
        return value

    def get_many(self, table: str, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        return {key: value for key in keys if (value := self.get(table, key)) is not None}

    def scan(self, table: str, start: bytes = b"", stop: bytes | None = None, reverse: bool = False) -> Iterator[Pair]:
        found = self._tables[table]
        for key in _range(found, start, stop, reverse):
            yield key, found[key]


class MemoryTransaction(MemorySnapshot):
    """`changed` holds what this transaction wrote; None is a deletion."""

    __slots__ = ("changed",)

    def __init__(self, tables: Mapping[str, SortedDict]) -> None:
        super().__init__(tables)
        self.changed: dict[str, SortedDict] = {}

    def get(self, table: str, key: bytes) -> bytes | None:
        changed = self.changed.get(table)
        if changed is not None and key in changed:
            value: bytes | None = changed[key]
            return value
        return super().get(table, key)

    def scan(self, table: str, start: bytes = b"", stop: bytes | None = None, reverse: bool = False) -> Iterator[Pair]:
        """One step at a time: the table may change meanwhile, and the scan sees the changes ahead of it."""
        low, high = start, stop
        while (key := self._next(table, low, high, reverse)) is not None:
            low, high = (low, key) if reverse else (key + b"\0", high)
            value = self.get(table, key)
            if value is not None:
                yield key, value

    def put(self, table: str, key: bytes, value: bytes) -> None:
        _check(key)
        self._overlay(table)[key] = value

    def put_many(self, table: str, pairs: Iterable[Pair], append: bool = False) -> None:
        last = next((key for key, _ in self.scan(table, reverse=True)), b"") if append else b""
        overlay = self._overlay(table)
        for key, value in pairs:
            _check(key)
            if append and key <= last:
                raise ValueError(f"{table}: appended keys must ascend beyond the last one")
            last = key
            overlay[key] = value

    def delete(self, table: str, key: bytes) -> None:
        _check(key)
        self._overlay(table)[key] = None

    def _overlay(self, table: str) -> SortedDict:
        return self.changed.setdefault(table, SortedDict())

    def _next(self, table: str, low: bytes, high: bytes | None, reverse: bool) -> bytes | None:
        trees = (self._tables[table], self.changed.get(table, _UNCHANGED))
        found = [key for tree in trees for key in [next(_range(tree, low, high, reverse), None)] if key is not None]
        return (max if reverse else min)(found, default=None)


class _Version:
    """What is committed, and how many snapshots still look at it."""

    __slots__ = ("snapshots", "tables")

    def __init__(self, tables: dict[str, SortedDict]) -> None:
        self.tables = tables
        self.snapshots = 0


class MemoryStore:
    def __init__(self) -> None:
        self._version = _Version({name: SortedDict() for name in TABLES})
        self._swap = threading.Lock()
        self._writer = threading.Lock()
        self._writing: int | None = None

    @contextmanager
    def read(self) -> Iterator[MemorySnapshot]:
        with self._swap:
            version = self._version
            version.snapshots += 1
        try:
            yield MemorySnapshot(version.tables)
        finally:
            with self._swap:
                version.snapshots -= 1

    @contextmanager
    def write(self) -> Iterator[MemoryTransaction]:
        """Raises RuntimeError if this thread is already inside one; a second thread waits."""
        if self._writing == threading.get_ident():
            raise RuntimeError("cannot begin a write transaction inside another one")
        with self._writer:
            self._writing = threading.get_ident()
            try:
                transaction = MemoryTransaction(self._version.tables)
                yield transaction
                self._commit(transaction.changed)
            finally:
                self._writing = None

    def size(self) -> int:
        return 0

    def close(self) -> None:
        """Nothing to release: what was committed lives as long as this object."""

    def _commit(self, changed: Mapping[str, SortedDict]) -> None:
        with self._swap:
            if self._version.snapshots:
                copies = {name: SortedDict(self._version.tables[name]) for name in changed}
                self._version = _Version({**self._version.tables, **copies})
            for name, overlay in changed.items():
                _apply(self._version.tables[name], overlay)


def _apply(table: SortedDict, overlay: SortedDict) -> None:
    table.update((key, value) for key, value in overlay.items() if value is not None)
    for key, value in overlay.items():
        if value is None:
            table.pop(key, None)


def _range(table: SortedDict, low: bytes, high: bytes | None, reverse: bool) -> Iterator[bytes]:
    if high is not None and high <= low:
        return iter(())
    keys: Iterator[bytes] = table.irange(low, high, inclusive=(True, False), reverse=reverse)
    return keys


def _check(key: bytes) -> None:
    if not 0 < len(key) <= LONGEST_KEY:
        raise ValueError("a key has 1 to 511 bytes")
