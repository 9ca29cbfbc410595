"""A write that did not become durable fails the store for good, says so, and loses nothing committed before."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from journeyloop.adapters.store.lmdb import LmdbStore
from journeyloop.runtime.ports import StoreFailed
from tests.contract.processes import run


def test_a_full_map_fails_the_store_for_good_but_not_its_readers(tmp_path: Path) -> None:
    store = LmdbStore(tmp_path, map_size=1 << 20)
    with store.write() as tx:
        tx.put("people", b"a", b"kept")
    with pytest.raises(StoreFailed, match="MDB_MAP_FULL"), store.write() as tx:
        tx.put("people", b"a", b"lost")
        tx.put("people", b"b", bytes(2 << 20))
    with pytest.raises(StoreFailed), store.write() as tx:
        tx.put("people", b"c", b"refused")
    with store.read() as reader:
        assert list(reader.scan("people")) == [(b"a", b"kept")]
    store.close()
    store = LmdbStore(tmp_path)
    with store.write() as tx:
        tx.put("people", b"c", b"accepted again")
    store.close()


def test_a_full_map_whose_error_the_caller_swallows_still_fails(tmp_path: Path) -> None:
    store = LmdbStore(tmp_path, map_size=1 << 20)
    with pytest.raises(StoreFailed), store.write() as tx:
        tx.put("people", b"a", b"lost")
        with suppress(Exception):
            tx.put("people", b"b", bytes(2 << 20))
    with store.read() as reader:
        assert list(reader.scan("people")) == []
    store.close()


def test_a_write_the_system_refuses_fails_the_store_for_good_but_not_its_readers(tmp_path: Path) -> None:
    """The file size limit stands for the full disk: pwrite fails the same way."""
    code = """
import resource
from journeyloop.runtime.ports import StoreFailed
store = LmdbStore(at)
with store.write() as tx:
    tx.put('people', b'a', b'kept')
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
for _ in range(2):
    try:
        with store.write() as tx:
            tx.put('people', b'a', b'lost')
            tx.put('people', b'b', bytes(4 << 20))
    except StoreFailed as error:
        print('failed')
with store.read() as reader:
    print(list(reader.scan('people')))
store.close()
"""
    assert run(tmp_path, code).split("\n") == ["failed", "failed", "[(b'a', b'kept')]"]
    store = LmdbStore(tmp_path)
    with store.read() as reader:
        assert list(reader.scan("people")) == [(b"a", b"kept")]
    store.close()


def test_a_small_address_space_gets_a_smaller_map(tmp_path: Path) -> None:
    code = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (1 << 33, 1 << 33))
store = LmdbStore(at)
with store.write() as tx:
    tx.put('people', b'a', b'1')
store.close()
print('written')
"""
    assert run(tmp_path, code) == "written"


def test_a_file_that_is_not_a_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data.mdb").write_bytes(b"not a database" * 1000)
    with pytest.raises(StoreFailed):
        LmdbStore(tmp_path)
    (tmp_path / "data.mdb").unlink()
    LmdbStore(tmp_path).close()


BROKEN_DISK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

static int breaks(const char *what) {
    const char *mode = getenv("BREAKS");
    return mode != NULL && strcmp(mode, what) == 0;
}

int fdatasync(int file) {
    int (*real)(int) = dlsym(RTLD_NEXT, "fdatasync");
    if (breaks("flush")) { errno = EIO; return -1; }
    return real(file);
}

ssize_t pwrite(int file, const void *from, size_t size, off_t at) {
    ssize_t (*real)(int, const void *, size_t, off_t) = dlsym(RTLD_NEXT, "pwrite");
    if (at < 8192 && breaks("meta")) { errno = EIO; return -1; }
    return real(file, from, size, at);
}

ssize_t pwrite64(int file, const void *from, size_t size, off_t at) { return pwrite(file, from, size, at); }
"""

WRITE_ON_A_BROKEN_DISK = """
import ctypes
from journeyloop.runtime.ports import StoreFailed
breaks, durability = sys.argv[2:]
store = LmdbStore(at, durability)
with store.write() as tx:
    tx.put('people', b'a', b'kept')
ctypes.CDLL(None).setenv(b'BREAKS', breaks.encode(), 1)
for _ in range(2):
    try:
        with store.write() as tx:
            tx.put('people', b'a', b'lost')
    except StoreFailed:
        print('failed')
try:
    with store.read() as reader:
        print(reader.get('people', b'a'))
except StoreFailed:
    print('reads refused')
ctypes.CDLL(None).unsetenv(b'BREAKS')
store.close()
"""


@pytest.mark.parametrize("durability", ["sync", "relaxed"])
@pytest.mark.parametrize(("breaks", "then"), [("flush", "b'kept'"), ("meta", "reads refused")])
def test_a_disk_that_reports_errors(tmp_path: Path, durability: str, breaks: str, then: str) -> None:
    """A flush that failed once is not tried again: the kernel may have dropped the pages and would report success."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("needs a C compiler to break the disk")
    (tmp_path / "broken.c").write_text(BROKEN_DISK)
    library = str(tmp_path / "broken.so")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, str(tmp_path / "broken.c"), "-ldl"], check=True)
    out = run(tmp_path / "store", WRITE_ON_A_BROKEN_DISK, breaks, durability, LD_PRELOAD=library)
    assert out.split("\n") == ["failed", "failed", then]
    store = LmdbStore(tmp_path / "store")
    with store.read() as reader:
        assert reader.get("people", b"a") == b"kept"
    store.close()
