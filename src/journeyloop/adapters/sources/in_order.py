"""Events in the order of their time, however many: runs that fit into memory are sorted, laid aside on disk and merged.
Events of one instant keep the order in which they came.
"""

from __future__ import annotations

import heapq
import struct
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from operator import itemgetter
from typing import IO

import msgspec

from journeyloop.model.event import Event

RUN = 200_000
"""Events sorted in memory at once: about 100 MB of ordinary ones."""

Timed = tuple[int, bytes]
_HEAD = struct.Struct("<qI")
_TIME = itemgetter(0)
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Event).decode


class InOrder:
    """Add all, then walk through them. `first` and `last` are the times of the earliest and the latest (ms)."""

    def __init__(self, run: int = RUN) -> None:
        self.run = run
        self.count = self.first = self.last = 0
        self._waiting: list[Timed] = []
        self._runs: list[IO[bytes]] = []
        self._stack = ExitStack()

    def __enter__(self) -> InOrder:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def __len__(self) -> int:
        return self.count

    def add(self, event: Event) -> None:
        self.first = min(self.first, event.time) if self.count else event.time
        self.last = max(self.last, event.time) if self.count else event.time
        self.count += 1
        self._waiting.append((event.time, _encode(event)))
        if len(self._waiting) == self.run:
            self._lay_aside()

    def __iter__(self) -> Iterator[Event]:
        self._waiting.sort(key=_TIME)
        runs = [*map(_read, self._runs), iter(self._waiting)]
        return (_decode(raw) for _, raw in heapq.merge(*runs, key=_TIME))

    def _lay_aside(self) -> None:
        self._waiting.sort(key=_TIME)
        file = self._stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115  # the stack closes it
        for time, raw in self._waiting:
            file.write(_HEAD.pack(time, len(raw)))
            file.write(raw)
        self._runs.append(file)
        self._waiting = []


def _read(file: IO[bytes]) -> Iterator[Timed]:
    file.seek(0)
    while head := file.read(_HEAD.size):
        time, size = _HEAD.unpack(head)
        yield time, file.read(size)
