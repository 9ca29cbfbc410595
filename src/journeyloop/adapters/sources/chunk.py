"""What every format gives: rows in chunks, and text opened whether it is gzipped or not."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from msgspec import Struct

ROWS = 2_000
BYTES = 2_000_000

Row = dict[str, Any] | bytes


class Unfit(ValueError):
    """This file cannot be read, or not in the way that was asked for."""


class Chunk(Struct):
    """`rows` in order; `done` bytes of the file are read by now."""

    rows: list[Row]
    done: int


@contextmanager
def opened(file: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """(the text's bytes, the file as it lies on disk).

    Raises:
        Unfit: it is named like gzip and is none, or is cut off.
    """
    with file.open("rb") as raw:
        if file.suffix.lower() != ".gz":
            yield raw, raw
            return
        with gzip.open(raw) as unzipped:
            try:
                yield cast("IO[bytes]", unzipped), raw
            except (gzip.BadGzipFile, EOFError, zlib.error) as error:
                raise Unfit(f"{file.name}: {error}") from None


def chunks(rows: Iterable[tuple[Row, int]], raw: IO[bytes]) -> Iterator[Chunk]:
    """(row, its size in bytes) gathered: neither too many rows nor too many bytes at once."""
    some: list[Row] = []
    size = 0
    for row, length in rows:
        some.append(row)
        size += length
        if len(some) == ROWS or size > BYTES:
            yield Chunk(some, raw.tell())
            some, size = [], 0
    if some:
        yield Chunk(some, raw.tell())
