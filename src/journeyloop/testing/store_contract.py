"""What every store must do. A backend's test subclasses `StoreContract` and says how to open one; nothing else.

Needs pytest and hypothesis, which are development dependencies.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from journeyloop.runtime.ports import TABLES, Store
from journeyloop.testing.store_model import check_against_a_dictionary


class StoreContract:
    """Subclass it as `Test…` and implement `open`."""

    def open(self, directory: Path) -> Store:
        raise NotImplementedError

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        store = self.open(tmp_path / "store")
        yield store
        store.close()

    # --- atomicity and isolation ------------------------------------------------------------------------------------

    def test_a_commit_is_visible_in_every_table(self, store: Store) -> None:
        with store.write() as tx:
            for table in TABLES:
                tx.put(table, b"key", table.encode())
        with store.read() as reader:
            assert [reader.get(table, b"key") for table in TABLES] == [table.encode() for table in TABLES]

    def test_an_exception_rolls_back_every_kind_of_write(self, store: Store) -> None:
        _fill(store, a=b"1", b=b"2")
        with pytest.raises(ZeroDivisionError), store.write() as tx:
            tx.put("people", b"a", b"changed")
            tx.delete("people", b"b")
            tx.put_many("log", [(b"new", b"")])
            raise ZeroDivisionError
        assert _all(store) == [(b"a", b"1"), (b"b", b"2")]
        assert _all(store, "log") == []

    def test_writing_goes_on_after_a_rollback(self, store: Store) -> None:
        with pytest.raises(ZeroDivisionError), store.write() as tx:
            tx.put("people", b"a", b"lost")
            raise ZeroDivisionError
        _fill(store, b=b"kept")
        assert _all(store) == [(b"b", b"kept")]

    def test_many_are_got_at_once(self, store: Store) -> None:
        _fill(store, a=b"1", c=b"3")
        with store.write() as tx:
            tx.put("people", b"b", b"2")
            assert tx.get_many("people", [b"c", b"b", b"missing", b"b"]) == {b"b": b"2", b"c": b"3"}
        with store.read() as reader:
            assert reader.get_many("people", []) == {}

    def test_a_transaction_reads_its_own_writes(self, store: Store) -> None:
        _fill(store, a=b"1", b=b"2", d=b"4")
        with store.write() as tx:
            tx.put("people", b"c", b"3")
            tx.put("people", b"d", b"four")
            tx.delete("people", b"a")
            assert tx.get("people", b"a") is None
            assert tx.get("people", b"d") == b"four"
            assert list(tx.scan("people")) == [(b"b", b"2"), (b"c", b"3"), (b"d", b"four")]
            assert list(tx.scan("people", b"b", b"d", reverse=True)) == [(b"c", b"3"), (b"b", b"2")]

    def test_a_snapshot_never_changes(self, store: Store) -> None:
        _fill(store, a=b"1", b=b"2")
        with store.read() as before:
            with store.write() as tx:
                tx.put("people", b"a", b"changed")
                tx.delete("people", b"b")
                tx.put("people", b"c", b"new")
                assert list(before.scan("people")) == [(b"a", b"1"), (b"b", b"2")]
            with store.read() as after:
                assert list(after.scan("people")) == [(b"a", b"changed"), (b"c", b"new")]
            assert list(before.scan("people")) == [(b"a", b"1"), (b"b", b"2")]
            assert before.get("people", b"c") is None

    def test_a_snapshot_on_another_thread_does_not_see_an_open_transaction(self, store: Store) -> None:
        seen: list[bytes | None] = []

        def look() -> None:
            with store.read() as reader:
                seen.append(reader.get("people", b"a"))

        with store.write() as tx:
            tx.put("people", b"a", b"1")
            _on_another_thread(look)
        _on_another_thread(look)
        assert seen == [None, b"1"]

    def test_a_second_writing_thread_waits_for_the_first(self, store: Store) -> None:
        order: list[str] = []

        def write() -> None:
            with store.write() as tx:
                order.append("second")
                tx.put("people", b"a", (tx.get("people", b"a") or b"") + b"2")

        second = threading.Thread(target=write)
        with store.write() as tx:
            second.start()
            second.join(0.05)
            tx.put("people", b"a", b"1")
            order.append("first")
        second.join()
        assert order == ["first", "second"]
        assert _all(store) == [(b"a", b"12")]

    def test_a_transaction_inside_another_is_refused(self, store: Store) -> None:
        with store.write() as tx:
            tx.put("people", b"a", b"1")
            with pytest.raises(RuntimeError), store.write():
                pass
        assert _all(store) == [(b"a", b"1")]

    # --- keys and values --------------------------------------------------------------------------------------------

    def test_tables_are_apart(self, store: Store) -> None:
        _fill(store, a=b"1")
        assert _all(store, "owners") == []

    @pytest.mark.parametrize("length", [1, 16, 511])
    def test_keys_up_to_511_bytes(self, store: Store, length: int) -> None:
        with store.write() as tx:
            tx.put("people", b"\xff" * length, b"v")
            tx.put_many("people", [(b"\xfe" * length, b"w")])
        assert _all(store) == [(b"\xfe" * length, b"w"), (b"\xff" * length, b"v")]
        with store.read() as reader:
            assert list(reader.scan("people", stop=b"\xff" * length, reverse=True)) == [(b"\xfe" * length, b"w")]

    @pytest.mark.parametrize("length", [0, 512])
    def test_other_keys_are_refused_and_the_transaction_goes_on(self, store: Store, length: int) -> None:
        with store.write() as tx:
            with pytest.raises(ValueError, match="1 to 511"):
                tx.put("people", b"k" * length, b"")
            with pytest.raises(ValueError, match="1 to 511"):
                tx.put_many("people", [(b"k" * length, b"")])
            tx.put("people", b"a", b"1")
        assert _all(store) == [(b"a", b"1")]

    def test_values_may_be_empty_or_large(self, store: Store) -> None:
        large = bytes(range(256)) * 4096
        _fill(store, empty=b"", large=large)
        assert _all(store) == [(b"empty", b""), (b"large", large)]
        _fill(store, large=b"small")
        assert _all(store)[1] == (b"large", b"small")

    def test_deleting_an_absent_key_changes_nothing(self, store: Store) -> None:
        _fill(store, a=b"1")
        with store.write() as tx:
            tx.delete("people", b"b")
            tx.delete("owners", b"a")
        assert _all(store) == [(b"a", b"1")]

    # --- many at once -----------------------------------------------------------------------------------------------

    def test_put_many_takes_any_order_and_the_last_of_equal_keys(self, store: Store) -> None:
        _fill(store, b=b"old")
        with store.write() as tx:
            tx.put_many(
                "people", ((key, value) for key, value in [(b"c", b"3"), (b"a", b"9"), (b"b", b"2"), (b"a", b"1")])
            )
        assert _all(store) == [(b"a", b"1"), (b"b", b"2"), (b"c", b"3")]

    def test_append_keeps_the_order(self, store: Store) -> None:
        pairs = [(number.to_bytes(8, "big"), str(number).encode()) for number in range(1000)]
        with store.write() as tx:
            tx.put_many("log", pairs[:500], append=True)
        with store.write() as tx:
            tx.put_many("log", pairs[500:], append=True)
        assert _all(store, "log") == pairs

    @pytest.mark.parametrize("keys", [[b"a"], [b"b"], [b"d", b"c"], [b"c", b"c"]])
    def test_appending_out_of_order_is_refused(self, store: Store, keys: list[bytes]) -> None:
        _fill(store, b=b"2")
        with pytest.raises(ValueError, match="ascend"), store.write() as tx:
            tx.put_many("people", [(key, b"") for key in keys], append=True)
        assert _all(store) == [(b"b", b"2")]

    # --- scans ------------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("start", "stop", "found"),
        [
            (b"", None, b"bdf"),
            (b"b", None, b"bdf"),
            (b"c", None, b"df"),
            (b"", b"f", b"bd"),
            (b"b", b"d", b"b"),
            (b"c", b"e", b"d"),
            (b"", b"z", b"bdf"),
            (b"g", None, b""),
            (b"", b"a", b""),
            (b"", b"", b""),
            (b"d", b"d", b""),
            (b"f", b"b", b""),
            (b"\xff" * 600, None, b""),
        ],
    )
    def test_bounds(self, store: Store, start: bytes, stop: bytes | None, found: bytes) -> None:
        _fill(store, b=b"", d=b"", f=b"")
        expected = [(bytes([letter]), b"") for letter in found]
        with store.read() as reader:
            assert list(reader.scan("people", start, stop)) == expected
            assert list(reader.scan("people", start, stop, reverse=True)) == expected[::-1]
        with store.write() as tx:
            assert list(tx.scan("people", start, stop)) == expected
            assert list(tx.scan("people", start, stop, reverse=True)) == expected[::-1]

    def test_an_empty_table_scans_empty(self, store: Store) -> None:
        with store.read() as reader:
            assert list(reader.scan("people")) == list(reader.scan("people", reverse=True)) == []

    @pytest.mark.parametrize("reverse", [False, True])
    def test_a_scan_may_delete_what_it_yields(self, store: Store, reverse: bool) -> None:
        letters = dict.fromkeys("abcdefgh", b"")
        _fill(store, **letters)
        with store.write() as tx:
            seen = []
            for key, _ in tx.scan("people", reverse=reverse):
                seen.append(key)
                tx.delete("people", key)
        assert seen == sorted((letter.encode() for letter in letters), reverse=reverse)
        assert _all(store) == []

    def test_a_scan_sees_the_changes_ahead_of_it(self, store: Store) -> None:
        _fill(store, a=b"1", c=b"3", e=b"5")
        with store.write() as tx:
            seen = []
            for key, value in tx.scan("people"):
                seen.append((key, value))
                if key == b"a":
                    tx.put("people", b"a\0", b"next")
                    tx.delete("people", b"c")
                    tx.put("people", b"0", b"behind")
        assert seen == [(b"a", b"1"), (b"a\0", b"next"), (b"e", b"5")]

    @pytest.mark.parametrize("reverse", [False, True])
    @pytest.mark.parametrize("seed", range(30))
    def test_a_scan_goes_on_right_whatever_changes(self, store: Store, seed: int, reverse: bool) -> None:
        """Tables of many pages, which split and merge under the scan."""
        chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
        value = bytes(chance.choice([0, 300, 1500]))
        people = dict.fromkeys((chance.randbytes(3) for _ in range(chance.choice([50, 600]))), value)
        nearest, last = (max if reverse else min), None
        with store.write() as tx:
            tx.put_many("people", people.items())
            for steps, (key, _) in enumerate(tx.scan("people", reverse=reverse)):
                assert key == nearest(_beyond(people, last, reverse))
                last = key
                for gone in chance.sample([key, key, chance.choice(sorted(people))], chance.randrange(3)):
                    tx.delete("people", gone)
                    people.pop(gone, None)
                if chance.random() < 0.3 and steps < 200:
                    new = chance.randbytes(3)
                    tx.put("people", new, value)
                    people[new] = value
        assert not _beyond(people, last, reverse)
        assert _all(store) == sorted(people.items())

    # --- all of it --------------------------------------------------------------------------------------------------

    def test_it_behaves_like_a_dictionary(self, tmp_path: Path) -> None:
        stores = iter(range(1_000_000))
        check_against_a_dictionary(lambda: self.open(tmp_path / f"store-{next(stores)}"))


def _fill(store: Store, **people: bytes) -> None:
    with store.write() as tx:
        for key, value in people.items():
            tx.put("people", key.encode(), value)


def _all(store: Store, table: str = "people") -> list[tuple[bytes, bytes]]:
    with store.read() as reader:
        return list(reader.scan(table))


def _beyond(people: dict[bytes, bytes], last: bytes | None, reverse: bool) -> list[bytes]:
    return [key for key in people if last is None or (key < last if reverse else key > last)]


def _on_another_thread(work: object) -> None:
    thread = threading.Thread(target=work)  # type: ignore[arg-type]
    thread.start()
    thread.join()
