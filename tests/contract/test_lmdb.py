"""What only a store on disk can promise: one writer, survival of kill -9, readers in other processes."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from journeyloop.adapters.store import lmdb as lmdb_store
from journeyloop.adapters.store.lmdb import LmdbReader, LmdbStore
from journeyloop.runtime.ports import StoreBusy, StoreFailed
from tests.contract.processes import line, run, start

# --- one writer -----------------------------------------------------------------------------------------------------


def test_a_second_writing_process_is_refused_and_told_whom_to_ask(tmp_path: Path) -> None:
    holder = start(tmp_path, "store = LmdbStore(at); print('open', flush=True); input()")
    assert line(holder) == "open"
    with pytest.raises(StoreBusy, match=rf"is in use by process {holder.pid}; stop it or talk to it over HTTP"):
        LmdbStore(tmp_path)
    holder.communicate("\n", timeout=60)
    LmdbStore(tmp_path).close()


def test_a_killed_writer_leaves_no_lock(tmp_path: Path) -> None:
    holder = start(tmp_path, "store = LmdbStore(at); print('open', flush=True); input()")
    assert line(holder) == "open"
    holder.kill()
    holder.wait()
    LmdbStore(tmp_path).close()


def test_a_second_writer_in_the_same_process_is_refused(tmp_path: Path) -> None:
    store = LmdbStore(tmp_path)
    with pytest.raises(StoreBusy, match=str(os.getpid())):
        LmdbStore(tmp_path)
    store.close()
    store.close()
    LmdbStore(tmp_path).close()


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    LmdbStore(tmp_path / "store").close()
    for path in [tmp_path / "store", *(tmp_path / "store").iterdir()]:
        assert path.stat().st_mode & 0o077 == 0, path


# --- what stays -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("durability", ["sync", "relaxed"])
def test_reopening_keeps_everything(tmp_path: Path, durability: str) -> None:
    pairs = [(number.to_bytes(8, "big"), b"v" * number) for number in range(500)]
    store = LmdbStore(tmp_path, durability)  # type: ignore[arg-type]
    with store.write() as tx:
        tx.put_many("log", pairs, append=True)
    store.close()
    store = LmdbStore(tmp_path)
    with store.read() as reader:
        assert list(reader.scan("log")) == pairs
    assert store.size() == (tmp_path / "data.mdb").stat().st_size > 0
    store.close()


WRITE_FOREVER = """
store = LmdbStore(at, sys.argv[2] if len(sys.argv) > 2 else 'relaxed')
with store.read() as reader:
    number = int.from_bytes(reader.get('meta', b'last') or b'', 'big')
while True:
    number += 1
    value = number.to_bytes(8, 'big')
    with store.write() as tx:
        tx.put('meta', b'last', value)
        for table in ('people', 'log', 'timers'):
            tx.put_many(table, [((number * 7919 + i).to_bytes(8, 'big'), value * 50) for i in range(20)])
        tx.delete('timers', (number * 7919 - 7919).to_bytes(8, 'big'))
    print(number, flush=True)
"""


def test_kill_9_in_mid_write_leaves_the_last_commit(tmp_path: Path) -> None:
    for cycle in range(8):
        child = start(tmp_path, WRITE_FOREVER)
        acknowledged = 0
        for _ in range(20 + cycle * 3):
            acknowledged = int(line(child))
        child.send_signal(signal.SIGKILL)
        assert child.stdout is not None
        rest = child.stdout.read()  # not communicate(): that would lose what readline has buffered
        child.wait()
        acknowledged = max([acknowledged, *(int(number) for number in rest.split("\n")[:-1])])
        assert_whole(tmp_path, acknowledged)


def assert_whole(directory: Path, acknowledged: int) -> None:
    """Every commit up to the last is there with all its parts, and nothing of a later one."""
    store = LmdbStore(directory)
    with store.read() as reader:
        last = int.from_bytes(reader.get("meta", b"last") or b"", "big")
        assert last in (acknowledged, acknowledged + 1)
        for table, per_commit in (("people", 20), ("log", 20), ("timers", 19)):
            values = [value for _, value in reader.scan(table)]
            assert len(values) == last * per_commit + (table == "timers")
            assert {int.from_bytes(value[:8], "big") for value in values} == set(range(1, last + 1))
    store.close()


def test_kill_9_inside_a_transaction_leaves_nothing_of_it(tmp_path: Path) -> None:
    code = """
store = LmdbStore(at)
with store.write() as tx:
    tx.put('people', b'a', b'kept')
with store.write() as tx:
    tx.put('people', b'a', b'lost')
    tx.put_many('log', [(i.to_bytes(8, 'big'), b'x' * 2000) for i in range(5000)])
    print('inside', flush=True)
    input()
"""
    child = start(tmp_path, code)
    assert line(child) == "inside"
    child.kill()
    child.wait()
    store = LmdbStore(tmp_path)
    with store.read() as reader:
        assert list(reader.scan("people")) == [(b"a", b"kept")]
        assert list(reader.scan("log")) == []
    store.close()


# --- readers in other processes -------------------------------------------------------------------------------------


def test_another_process_reads_consistent_snapshots_while_we_write(tmp_path: Path) -> None:
    store = LmdbStore(tmp_path, "relaxed")
    code = """
reader = LmdbReader(at)
for _ in range(300):
    with reader.read() as snapshot:
        values = {snapshot.get(table, b'k') for table in ('people', 'log', 'timers')}
        assert len(values) == 1, values
print(int(values.pop()))
"""
    child = start(tmp_path, code)
    number = 0
    while child.poll() is None:
        number += 1
        with store.write() as tx:
            for table in ("people", "log", "timers"):
                tx.put(table, b"k", str(number).encode())
    out, err = child.communicate()
    assert child.returncode == 0, err
    assert 0 < int(out) <= number
    store.close()


def test_a_reader_neither_writes_nor_takes_the_lock(tmp_path: Path) -> None:
    store = LmdbStore(tmp_path)
    with store.write() as tx:
        tx.put("people", b"a", b"1")
    store.close()
    reader = LmdbReader(tmp_path)
    assert not hasattr(reader, "write")
    with reader.read() as snapshot:
        assert snapshot.get("people", b"a") == b"1"
    assert reader.size() > 0
    assert run(tmp_path, "LmdbStore(at).close(); print('written')") == "written"
    reader.close()


def test_reading_where_there_is_no_store(tmp_path: Path) -> None:
    for directory in (tmp_path, tmp_path / "missing"):
        with pytest.raises(StoreFailed):
            LmdbReader(directory)
    assert not (tmp_path / "missing").exists()


def kill_inside_a_snapshot(directory: Path) -> None:
    code = """
with LmdbReader(at).read() as snapshot:
    snapshot.get('people', b'a')
    print('reading', flush=True)
    input()
"""
    child = start(directory, code)
    assert line(child) == "reading"
    child.kill()
    child.wait()


def overwrite(store: LmdbStore) -> None:
    for _ in range(60):
        with store.write() as tx:
            tx.put("people", b"a", bytes(100_000))


def test_a_reader_killed_while_we_run_does_not_pin_pages_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lmdb_store, "WRITES_PER_READER_CHECK", 5)
    store = LmdbStore(tmp_path, "relaxed")
    kill_inside_a_snapshot(tmp_path)
    overwrite(store)
    assert store.size() < 2_000_000
    store.close()


def test_a_reader_killed_before_we_open_does_not_pin_pages(tmp_path: Path) -> None:
    """The living reader matters: without one, LMDB itself empties the table of readers at opening."""
    LmdbStore(tmp_path).close()
    living = start(tmp_path, "reader = LmdbReader(at); print('open', flush=True); input()")
    assert line(living) == "open"
    kill_inside_a_snapshot(tmp_path)
    store = LmdbStore(tmp_path, "relaxed")
    overwrite(store)
    assert store.size() < 2_000_000
    store.close()
    living.communicate("\n", timeout=60)
