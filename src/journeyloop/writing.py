"""The two ways a writing command reaches the store: through the server that runs for it, or alone, under its lock."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from journeyloop.adapters.config.keys import read_keys
from journeyloop.adapters.http.remote import Beside
from journeyloop.adapters.store.directory import open_store
from journeyloop.app import WallClock, address_of, code_version, configuration, libraries
from journeyloop.runtime.imports import Alone
from journeyloop.runtime.memory import Memory, read_singles

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
def alone(directory: Path) -> Iterator[Alone]:
    """The store itself.

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
        yield Alone(store, memory, clock, code_version(), libraries())
