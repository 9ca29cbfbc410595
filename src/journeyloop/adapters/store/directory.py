"""Where the store of a configuration directory lives: the store itself, its secret, the snapshot replays begin at."""

from __future__ import annotations

import secrets
import shutil
from contextlib import closing, suppress
from pathlib import Path

from journeyloop.adapters.store.lmdb import Durability, LmdbReader, LmdbStore
from journeyloop.runtime.lag import Lags, read_lags
from journeyloop.runtime.memory import read_secret, read_singles
from journeyloop.runtime.ports import StoreFailed

STORE = "store"
SNAPSHOT = "snapshot"
SECRET_SIZE = 32


def open_store(directory: Path, durability: Durability, code: str) -> tuple[LmdbStore, bytes]:
    """The store for writing, with its secret; made at the first opening. Other `code` than the last leaves a snapshot.

    Raises:
        StoreBusy, StoreFailed: as `LmdbStore`.
    """
    store = LmdbStore(directory / STORE, durability)
    with store.read() as reader:
        secret, singles = read_secret(reader), read_singles(reader)
    if singles.position and singles.code != code:
        _snapshot(store, directory)
    if secret is None:
        secret = secrets.token_bytes(SECRET_SIZE)
        with store.write() as transaction:
            transaction.put("meta", b"secret", secret)
    return store, secret


def open_reader(directory: Path) -> LmdbReader:
    """The store for reading, beside a running server or without one."""
    return LmdbReader(directory / STORE)


def stored_lags(directory: Path) -> Lags:
    """How late events came; nothing is known where there is no store, or none that can be read."""
    with suppress(StoreFailed), closing(open_reader(directory)) as store, store.read() as reader:
        return read_lags(reader)
    return Lags()


def open_scratch(directory: Path, folder: Path) -> LmdbStore:
    """A store to fold the log into: a copy of the last snapshot, empty if there is none."""
    if (directory / SNAPSHOT).is_dir():
        shutil.copytree(directory / SNAPSHOT, folder)
    return LmdbStore(folder, "relaxed")


def _snapshot(store: LmdbStore, directory: Path) -> None:
    """Only the newest is kept."""
    fresh, kept = directory / f"{SNAPSHOT}.new", directory / SNAPSHOT
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    store.copy(fresh)
    shutil.rmtree(kept, ignore_errors=True)
    fresh.rename(kept)
