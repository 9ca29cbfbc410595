"""Files of history as commands read them: which file, what its columns mean, its rows as lines, how far it is."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from journeyloop.adapters.sources.columns import Columns
    from journeyloop.runtime.rows import Kind

ROWS = 10_000
BYTES = 4_000_000
"""A chunk of rows has at most so many; the server takes twice as much."""


class File(Struct):
    """A file with what its columns mean: those `renamed`, and the `constant` fields that it does not have."""

    path: Path
    kind: Kind
    columns: Columns
    renamed: dict[str, str]
    constant: dict[str, str]


def column_options(command: argparse.ArgumentParser) -> None:
    """The words that say what columns mean."""
    command.add_argument(
        "--map", action="append", default=[], metavar="COLUMN=FIELD",
        help="what a column is; FIELD:number and FIELD:boolean read text as such",
    )  # fmt: skip
    command.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", help="a field that the file does not have"
    )


def unreadable() -> tuple[type[Exception], ...]:
    """What a file may be beside absent."""
    from journeyloop.adapters.sources.chunk import Unfit

    return (Unfit,)


def file_of(arguments: argparse.Namespace, kind: Kind) -> File:
    """The file given for this kind, read as `--map` and `--set` say.

    Raises:
        Unfit: its name or these words are of no use.
    """
    from journeyloop.adapters.sources import reader
    from journeyloop.adapters.sources.columns import Columns

    path: Path = getattr(arguments, kind)
    reader(path)
    renamed, constant = _pairs(arguments.map, str.rpartition), _pairs(arguments.set, str.partition)
    return File(path, kind, Columns(kind, renamed, constant), renamed, constant)


def _pairs(words: list[str], cut: Callable[[str, str], tuple[str, str, str]]) -> dict[str, str]:
    from journeyloop.adapters.sources.chunk import Unfit

    found = {one: other for one, equals, other in (cut(word, "=") for word in words) if one and equals}
    if len(found) < len(words):
        raise Unfit("--map takes COLUMN=FIELD and --set takes FIELD=VALUE, each column and field once")
    return found


def lines_of(file: File, start: int = 0) -> Iterator[tuple[list[bytes], int]]:
    """(lines after the first `start`, bytes of the file read by then) in chunks."""
    from journeyloop.adapters.sources import reader

    line = file.columns.line
    lines: list[bytes] = []
    size = done = 0
    for chunk in reader(file.path)(file.path, start):
        made = [line(row) for row in chunk.rows]
        if lines and (len(lines) + len(made) > ROWS or size + sum(map(len, made)) > BYTES):
            yield lines, done
            lines, size = [], 0
        lines += made
        size, done = size + sum(map(len, made)), chunk.done
    if lines:
        yield lines, done


# --- how far it is ----------------------------------------------------------------------------------------------------


def watched(arguments: argparse.Namespace) -> bool:
    """Whether somebody looks on."""
    return sys.stderr.isatty() and not arguments.json


@contextmanager
def bar(shown: bool, total: int, unit: str = "B", what: str = "") -> Iterator[Any]:
    """A progress bar, for whoever looks on."""
    from tqdm import tqdm

    with tqdm(total=total, desc=what or None, unit=unit, unit_scale=True, disable=not shown) as made:
        yield made
