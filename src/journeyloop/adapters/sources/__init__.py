"""Files that people bring: one module a format, each with the same `read`, and what their columns mean.

`read(file, start)` yields the rows after the first `start`, in order and in chunks, with memory bounded by a chunk: a
row is a mapping of column to value, or the bytes of a line that no mapping could be made of. A new format is a module
beside these and a line in FORMATS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from journeyloop.adapters.sources import csv, jsonl, parquet
from journeyloop.adapters.sources.chunk import Chunk, Unfit

Read = Callable[[Path, int], Iterator[Chunk]]
FORMATS: dict[str, Read] = {
    ".csv": csv.read,
    ".tsv": csv.read,
    ".jsonl": jsonl.read,
    ".ndjson": jsonl.read,
    ".parquet": parquet.read,
}


def reader(file: Path) -> Read:
    """What reads this file, by the extension of its name; text may be gzipped (`.gz`).

    Raises:
        Unfit: the message names those that can be read.
    """
    suffixes = [one.lower() for one in file.suffixes]
    zipped = suffixes[-1:] == [".gz"]
    found = FORMATS.get("".join(suffixes[-2:-1] if zipped else suffixes[-1:]))
    if found is None or (zipped and found is parquet.read):
        raise Unfit(f"{file.name}: its name should end in {', '.join(FORMATS)} (text also in .gz)")
    return found
