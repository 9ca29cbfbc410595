"""One JSON object a line; empty lines are no rows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any

import msgspec

from journeyloop.adapters.sources.chunk import Chunk, Row, chunks, opened

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def read(file: Path, start: int) -> Iterator[Chunk]:
    with opened(file) as (text, raw):
        yield from chunks(((_row(line), len(line)) for line in islice(_lines(text), start, None)), raw)


def _lines(text: IO[bytes]) -> Iterator[bytes]:
    return (line for one in text if (line := one.strip()))


def _row(line: bytes) -> Row:
    """A line that holds no object is passed on as it is, to be refused with its reason."""
    try:
        return _decode(line)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return line
