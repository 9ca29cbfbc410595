"""The store on disk: one LMDB environment, one named database per table, one writing process per directory.

Here lives everything that knows LMDB: flags, locks, errors. Nothing here knows what a record means.

Durability (docs/adr/0003-lmdb.md). LMDB writes changed pages to new places, flushes them, then writes one of two meta
pages. `sync` also flushes the meta page: a commit that returned survives power loss. `relaxed` leaves that second flush
to the next commit (MDB_NOMETASYNC): data pages are on disk before any meta page names them, so nothing is ever corrupt;
power loss can undo the last commit, kill -9 nothing. MDB_NOSYNC would be faster still, but may leave a meta page on
disk whose data pages never arrived: not offered. Nor is MDB_WRITEMAP: with it a full disk is a SIGBUS, not an error.

Processes and threads. The lock belongs to an open file: never fork without exec while a store is open. A write
transaction begins and ends on one thread. Snapshots may be taken on any thread.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import lmdb

from journeyloop.adapters.store.views import LmdbSnapshot, LmdbTransaction, Tables
from journeyloop.runtime.ports import TABLES, StoreBusy, StoreFailed

Durability = Literal["sync", "relaxed"]

MAP_SIZE = 1 << 40
"""Address space reserved, not disk: the file grows with its pages. Far above any disk we expect, so that the map never
has to grow under open snapshots, which LMDB forbids. Where so much is refused (`ulimit -v`), halves are tried."""

SMALLEST_MAP = 1 << 26
READERS = 512
WRITES_PER_READER_CHECK = 1024


class LmdbReader:
    """Snapshots of a store that another process may be writing. Nothing here waits for it or delays it.

    Raises:
        StoreFailed: at opening, if there is no store in `directory` or it cannot be read.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._env = _open(directory, MAP_SIZE, readonly=True)
        try:
            self._tables = {name: _find(self._env, name) for name in TABLES}
        except lmdb.Error as error:
            self._env.close()
            raise StoreFailed(f"{directory}: no complete store here ({error})") from error

    @contextmanager
    def read(self) -> Iterator[LmdbSnapshot]:
        with _snapshot(self._env, self._tables) as snapshot:
            yield snapshot

    def size(self) -> int:
        return (self._directory / "data.mdb").stat().st_size

    def close(self) -> None:
        self._env.close()


def _find(env: lmdb.Environment, name: str) -> Any:
    """The table; None if the store was written before there was one, then it is read as empty."""
    try:
        return env.open_db(name.encode(), create=False)
    except lmdb.NotFoundError:
        if name == "meta":
            raise
        return None


class LmdbStore:
    """The writer's side of a directory, created if missing.

    A write that fails (disk full, map full, a flush that reports an error) fails the store for good: after a failed
    flush nobody knows which pages are on disk. Snapshots of what was committed go on, unless the meta page itself could
    not be written; then LMDB refuses these too, and so `read` raises StoreFailed.

    Raises:
        StoreBusy: at opening, if another process writes to this directory.
        StoreFailed: at opening, if LMDB refuses the file; later as the port says.
    """

    def __init__(self, directory: Path, durability: Durability = "sync", map_size: int = MAP_SIZE) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self._failure: str | None = None
        self._begun = 0
        self._lock = _hold(directory)
        try:
            self._env = _open(directory, map_size, metasync=durability == "sync")
            with self._env.begin(write=True) as txn:
                self._tables: Tables = {name: self._env.open_db(name.encode(), txn) for name in TABLES}
            self._env.reader_check()
        except BaseException as error:
            os.close(self._lock)
            if isinstance(error, lmdb.Error):
                raise StoreFailed(f"{directory}: {error}") from error
            raise

    @contextmanager
    def read(self) -> Iterator[LmdbSnapshot]:
        with _snapshot(self._env, self._tables) as snapshot:
            yield snapshot

    @contextmanager
    def write(self) -> Iterator[LmdbTransaction]:
        """Raises RuntimeError if this thread is already inside one; a second thread waits."""
        if self._failure is not None:
            raise StoreFailed(self._failure)
        txn = self._begin()
        try:
            yield LmdbTransaction(txn, self._tables)
            txn.commit()
        except lmdb.Error as error:
            txn.abort()
            raise self._failed(error) from error
        except BaseException:
            txn.abort()
            raise

    def copy(self, directory: Path) -> None:
        """A compacted copy of what is committed, into an empty directory. Nothing waits for it."""
        self._env.copy(str(directory), compact=True)

    def size(self) -> int:
        return (self._directory / "data.mdb").stat().st_size

    def close(self) -> None:
        """Flush what `relaxed` left to the next commit, and let the next writer in. Closing twice is fine."""
        if self._lock < 0:
            return
        try:
            if self._failure is None:
                self._env.sync(True)
        finally:
            self._env.close()
            os.close(self._lock)
            self._lock = -1

    def _begin(self) -> lmdb.Transaction[bytes]:
        """Now and then free the slots of readers that were killed: each keeps all later pages from being reused."""
        self._begun += 1
        try:
            if self._begun % WRITES_PER_READER_CHECK == 0:
                self._env.reader_check()
            return self._env.begin(write=True)
        except lmdb.PanicError as error:
            raise self._failed(error) from error
        except lmdb.Error as error:
            raise RuntimeError(f"cannot begin a write transaction: {error}") from error

    def _failed(self, error: lmdb.Error) -> StoreFailed:
        self._failure = f"{self._directory}: a write did not become durable ({error}); restart after fixing its cause"
        return StoreFailed(self._failure)


@contextmanager
def _snapshot(env: lmdb.Environment, tables: Tables) -> Iterator[LmdbSnapshot]:
    try:
        txn = env.begin()
    except lmdb.PanicError as error:
        raise StoreFailed(str(error)) from error
    try:
        yield LmdbSnapshot(txn, tables)
    finally:
        txn.abort()


def _open(directory: Path, map_size: int, readonly: bool = False, metasync: bool = True) -> lmdb.Environment:
    try:
        return lmdb.Environment(
            str(directory),
            map_size=map_size,
            readonly=readonly,
            metasync=metasync,
            mode=0o700,
            max_dbs=len(TABLES),
            max_readers=READERS,
            max_spare_txns=1,
        )
    except lmdb.MemoryError as error:
        if map_size // 2 < SMALLEST_MAP:
            raise StoreFailed(f"{directory}: no address space for a map of {map_size} bytes") from error
    except lmdb.Error as error:
        raise StoreFailed(f"{directory}: {error}") from error
    return _open(directory, map_size // 2, readonly, metasync)


def _hold(directory: Path) -> int:
    """Take the writer's lock: an open file, released by the kernel however we end. Its content names us."""
    lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        owner = os.read(lock, 32).decode(errors="replace").strip()
        os.close(lock)
        who = f"process {owner}" if owner else "another process"
        raise StoreBusy(f"{directory} is in use by {who}; stop it or talk to it over HTTP") from None
    os.truncate(lock, 0)
    os.write(lock, f"{os.getpid()}\n".encode())
    return lock
