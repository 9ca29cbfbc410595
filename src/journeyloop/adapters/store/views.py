"""What LMDB shows: a snapshot, and the one transaction that writes. Nothing here opens, locks or closes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import itemgetter

import lmdb

Tables = dict[str, "lmdb._Database | None"]
"""None: a table that the store does not have yet; it is read as empty. A store that is written has all of them."""

_BAD_KEY = "a key has 1 to 511 bytes"
_key = itemgetter(0)


class LmdbSnapshot:
    """A consistent view. It keeps every page it sees from being reused: close it soon."""

    __slots__ = ("_tables", "_txn")

    def __init__(self, txn: lmdb.Transaction[bytes], tables: Tables) -> None:
        self._txn = txn
        self._tables = tables

    def get(self, table: str, key: bytes) -> bytes | None:
        found = self._tables[table]
        if found is None:
            return None
        try:
            return self._txn.get(key, None, found)
        except lmdb.BadValsizeError:
            raise ValueError(_BAD_KEY) from None

    def get_many(self, table: str, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """One call into LMDB, which lets go of the interpreter's lock once instead of once a key."""
        found = self._tables[table]
        if found is None:
            return {}
        try:
            return dict(self._txn.cursor(found).getmulti(sorted(keys)))
        except lmdb.BadValsizeError:
            raise ValueError(_BAD_KEY) from None

    def scan(
        self, table: str, start: bytes = b"", stop: bytes | None = None, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        found = self._tables[table]
        if found is None:
            return iter(())
        cursor = self._txn.cursor(found)
        if reverse:
            return _backward(cursor, start, stop)
        return _forward(cursor, start, stop)


class LmdbTransaction(LmdbSnapshot):
    """The one write transaction. A scan over a table that is changed meanwhile sees the changes ahead of it."""

    __slots__ = ("_changes",)

    def __init__(self, txn: lmdb.Transaction[bytes], tables: Tables) -> None:
        super().__init__(txn, tables)
        self._changes = 0

    def put(self, table: str, key: bytes, value: bytes) -> None:
        self._changes += 1
        try:
            self._txn.put(key, value, True, True, False, self._tables[table])
        except lmdb.BadValsizeError:
            raise ValueError(_BAD_KEY) from None

    def put_many(self, table: str, pairs: Iterable[tuple[bytes, bytes]], append: bool = False) -> None:
        """Sorted first (a stable sort: of equal keys the last stays), since neighbours share a page.

        Raises:
            ValueError: a key's length; or with `append`, keys that do not ascend beyond the table's last.
        """
        self._changes += 1
        items = pairs if append else sorted(pairs, key=_key)
        try:
            consumed, added = self._txn.cursor(self._tables[table]).putmulti(items, True, True, append)
        except lmdb.BadValsizeError:
            raise ValueError(_BAD_KEY) from None
        if added != consumed:
            raise ValueError(f"{table}: appended keys must ascend beyond the last one")

    def delete(self, table: str, key: bytes) -> None:
        self._changes += 1
        try:
            self._txn.delete(key, b"", self._tables[table])
        except lmdb.BadValsizeError:
            raise ValueError(_BAD_KEY) from None

    def scan(
        self, table: str, start: bytes = b"", stop: bytes | None = None, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """Deleting under a cursor makes LMDB skip a pair, so after any change we seek again."""
        low, high = start, stop
        while True:
            changes = self._changes
            key = None
            for key, value in super().scan(table, low, high, reverse):
                yield key, value
                if self._changes != changes:
                    break
            else:
                return
            low, high = (low, key) if reverse else (key + b"\0", high)


def _forward(cursor: lmdb.Cursor[bytes], start: bytes, stop: bytes | None) -> Iterator[tuple[bytes, bytes]]:
    if not cursor.set_range(start):
        return
    for pair in cursor.iternext():
        if stop is not None and pair[0] >= stop:
            return
        yield pair


def _backward(cursor: lmdb.Cursor[bytes], start: bytes, stop: bytes | None) -> Iterator[tuple[bytes, bytes]]:
    below = cursor.prev() if stop is not None and cursor.set_range(stop) else cursor.last()
    if not below:
        return
    for pair in cursor.iterprev():
        if pair[0] < start:
            return
        yield pair
