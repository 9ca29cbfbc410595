"""Every backend against the one contract."""

from __future__ import annotations

from pathlib import Path

from journeyloop.adapters.store.lmdb import LmdbStore
from journeyloop.adapters.store.memory import MemoryStore
from journeyloop.runtime.ports import Store
from journeyloop.testing.store_contract import StoreContract


class TestMemory(StoreContract):
    def open(self, directory: Path) -> Store:
        return MemoryStore()


class TestLmdbSync(StoreContract):
    def open(self, directory: Path) -> Store:
        return LmdbStore(directory)


class TestLmdbRelaxed(StoreContract):
    def open(self, directory: Path) -> Store:
        return LmdbStore(directory, "relaxed")
