"""Text with a head of column names. The separator is the one that the head holds most of: comma, semicolon or tab.

All values are text; an empty cell is no value. A row with another number of cells than the head is not guessed at.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import TextIOWrapper
from itertools import islice
from pathlib import Path

from journeyloop.adapters.sources.chunk import Chunk, Row, Unfit, chunks, opened

SEPARATORS = ",;\t"
LONGEST_CELL = 1_000_000


def read(file: Path, start: int) -> Iterator[Chunk]:
    """Raises Unfit if a cell is longer than a million characters: a quotation mark is not closed."""
    csv.field_size_limit(LONGEST_CELL)
    with opened(file) as (binary, raw), TextIOWrapper(binary, "utf-8-sig", "surrogateescape", newline="") as text:
        head = text.readline()
        separator = max(SEPARATORS, key=head.count)
        names = next(csv.reader([head], delimiter=separator), [])
        cells = (row for row in csv.reader(text, delimiter=separator) if row)
        try:
            yield from chunks(_rows(names, islice(cells, start, None), separator), raw)
        except csv.Error as error:
            raise Unfit(f"{file.name}: {error}") from None


def _rows(names: list[str], rows: Iterator[list[str]], separator: str) -> Iterator[tuple[Row, int]]:
    width = len(names)
    for cells in rows:
        size = sum(map(len, cells))
        if len(cells) == width:
            yield dict(zip(names, cells, strict=True)), size
        else:
            yield separator.join(cells).encode(errors="surrogateescape"), size
