"""The two ways a writing command reaches the store: through the server that runs for it, or alone, under its lock."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from journeyloop.adapters.config.author import author_of
from journeyloop.adapters.config.files import Unreadable, read_texts, write_texts
from journeyloop.adapters.config.keys import read_keys
from journeyloop.adapters.config.load import load
from journeyloop.adapters.http.remote import Beside
from journeyloop.adapters.store.directory import open_reader, open_store
from journeyloop.app import Refused, WallClock, address_of, code_version, configuration, libraries
from journeyloop.runtime.history import changed_files, texts_of, version, was_in_force
from journeyloop.runtime.imports import Alone
from journeyloop.runtime.memory import Memory, read_singles
from journeyloop.runtime.ports import Reader

NOBODY = "0" * 32
"""The digest of no file: asked for to see whether the server is there and the key is right."""


def beside(directory: Path) -> Beside | None:
    """The server that runs for this directory; one that was killed left an address where nobody is.

    Raises:
        LookupError: the server refuses the key.
    """
    try:
        address = address_of(directory)
    except LookupError:
        return None
    server = Beside(address, read_keys(directory, os.environ).admin)
    try:
        server.progress(NOBODY)
    except OSError:
        return None
    return server


@contextmanager
def alone(directory: Path, said: tuple[str, str] | None = None) -> Iterator[Alone]:
    """The store itself. `said`: by whom and why the plan is another than the store's last, if it is; else git is asked.

    Raises:
        Refused: the configuration has errors.
        StoreBusy: a server uses it.
    """
    loaded = configuration(directory)
    assert loaded.plan is not None
    store, secret = open_store(directory, loaded.settings.durability, code_version())
    with closing(store):
        with store.read() as reader:
            memory = Memory(secret, loaded.plan, reader)
            clock = WallClock(read_singles(reader).epoch_started)
            before = texts_of(reader, memory.singles.plan)
        if said is None:
            changed = changed_files(before, loaded.plan.texts)
            said = author_of(directory, changed) if memory.singles.plan != loaded.plan.hash else ("", "")
        yield Alone(store, memory, clock, code_version(), libraries(), said)


def turn(directory: Path, scope: str, paused: bool, by: str, note: str) -> None:
    """`pause` and `resume`.

    Raises:
        LookupError: there is nothing of this name.
    """
    server = beside(directory)
    if server is not None:
        path = "/v1/pause" if paused else "/v1/resume"
        server.ask(path, {"scope": scope, "by": by, "note": note})
        return
    with alone(directory) as store:
        refusal = store.pause(scope, paused, by, note)
    if refusal is not None:
        raise LookupError(refusal)


def bring_back(directory: Path, prefix: str, by: str, note: str, force: bool) -> str:
    """`rollback`: write the files of a version back and bring them into force; its hash.

    Raises:
        LookupError: no such version, or the files as they are would be lost.
        Refused: this version of journeyloop refuses that configuration.
    """
    with closing(open_reader(directory)) as store, store.read() as reader:
        found = version(reader, prefix)
        texts = texts_of(reader, found)
        known = _is_kept(reader, directory)
    loaded = load(texts)
    if loaded.plan is None:
        raise Refused([problem for problem in loaded.problems if problem.level == "error"])
    if not (known or force):
        raise LookupError("the files as they are were never in force and would be lost: keep a copy and add --force")
    write_texts(directory, texts)
    note = f"rollback to {found[:8]}" + (f": {note}" if note else "")
    server = beside(directory)
    if server is not None:
        told = server.ask("/v1/reload", {"by": by, "note": note})
        if told["plan"] != found:
            raise LookupError(f"the server refused the files of {found}: `journeyloop check` tells why")
    else:
        with alone(directory, (by, note)) as store_alone:
            store_alone.change()
    return found


def _is_kept(reader: Reader, directory: Path) -> bool:
    """Whether the files as they are were in force at some time; what cannot be read was not."""
    try:
        return was_in_force(reader, read_texts(directory))
    except Unreadable:
        return False
