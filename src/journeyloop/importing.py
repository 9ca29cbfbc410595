"""`journeyloop import`: the past of people from before we came, out of files they have.

Where the parts meet: a file's reader, what its columns mean, and the way in (beside a running server, or alone on a
store that nobody serves). What a row means is not decided here.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct, structs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from journeyloop.adapters.sources.columns import Columns
    from journeyloop.runtime.imports import Progress
    from journeyloop.runtime.rows import Kind

ABOUT = "Bring the past of people from a file: folded into their profiles, with no signal and no message."
ROWS = 10_000
BYTES = 4_000_000
"""A chunk of rows has at most so many; the server takes twice as much."""

MB = 1_000_000


class Way(Protocol):
    """Where rows go."""

    def progress(self, file: str) -> Progress: ...

    def take(self, kind: Kind, file: str, start: int, lines: Sequence[bytes]) -> Progress: ...


class File(Struct):
    """A file, what its columns mean, and its digest: the same content read in another way is another file."""

    path: Path
    kind: Kind
    columns: Columns
    digest: str


def options(command: argparse.ArgumentParser) -> None:
    """The command's words."""
    kinds = command.add_mutually_exclusive_group(required=True)
    for kind, what in (("events", "what happened"), ("profiles", "who they are"), ("consent", "what they allowed")):
        kinds.add_argument(f"--{kind}", metavar="FILE", type=Path, help=f"{what}: .jsonl, .csv (also .gz) or .parquet")
    command.add_argument(
        "--map", action="append", default=[], metavar="COLUMN=FIELD",
        help="what a column is; FIELD:number and FIELD:boolean read text as such",
    )  # fmt: skip
    command.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", help="a field that the file does not have"
    )
    command.add_argument("--dry-run", action="store_true", help="read all, write nothing, say what would happen")
    command.add_argument("--json", action="store_true", help="print one JSON summary at the end")


def bring(arguments: argparse.Namespace) -> int:
    """Run the command: 0 done (refused rows are in the quarantine), 1 refused."""
    from journeyloop.adapters.sources.chunk import Unfit
    from journeyloop.app import refusals

    expected: tuple[type[Exception], ...] = (*refusals(), Unfit, EOFError, zlib.error)
    try:
        file = _file(arguments)
        if arguments.dry_run:
            return _told(arguments, *_tried(arguments.directory, file))
        with _way(arguments.directory) as way:
            return _told(arguments, *_brought(file, way, _watched(arguments)))
    except expected as error:
        print(error, file=sys.stderr)
        return 1


def _file(arguments: argparse.Namespace) -> File:
    from journeyloop.adapters.sources import reader
    from journeyloop.adapters.sources.columns import Columns
    from journeyloop.runtime.rows import KINDS

    kind = next(kind for kind in KINDS if getattr(arguments, kind) is not None)
    path: Path = getattr(arguments, kind)
    reader(path)
    renamed, constant = _pairs(arguments.map, str.rpartition), _pairs(arguments.set, str.partition)
    columns = Columns(kind, renamed, constant)
    return File(path, kind, columns, _digest(path, kind, renamed, constant))


def _pairs(words: list[str], cut: Callable[[str, str], tuple[str, str, str]]) -> dict[str, str]:
    from journeyloop.adapters.sources.chunk import Unfit

    found = {one: other for one, equals, other in (cut(word, "=") for word in words) if one and equals}
    if len(found) < len(words):
        raise Unfit("--map takes COLUMN=FIELD and --set takes FIELD=VALUE, each column and field once")
    return found


def _digest(path: Path, kind: str, renamed: dict[str, str], constant: dict[str, str]) -> str:
    """All of it is read before a row is taken: a gzip that was cut off is found out here."""
    from journeyloop.adapters.sources.chunk import opened

    digest = blake2b(json.dumps([kind, sorted(renamed.items()), sorted(constant.items())]).encode(), digest_size=16)
    with opened(path) as (content, _):
        while some := content.read(MB):
            digest.update(some)
    return digest.hexdigest()


# --- the ways in ------------------------------------------------------------------------------------------------------


@contextmanager
def _way(directory: Path) -> Iterator[Way]:
    from journeyloop.writing import alone, beside

    server = beside(directory)
    if server is not None:
        yield server
        return
    gc.disable()  # records have no cycles: what a chunk leaves goes by itself
    try:
        with alone(directory) as store:
            yield store
    finally:
        gc.enable()


# --- bringing ---------------------------------------------------------------------------------------------------------


def _lines(file: File, start: int) -> Iterator[tuple[list[bytes], int]]:
    """(lines, bytes of the file read by then) in chunks."""
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


def _brought(file: File, way: Way, watched: bool) -> tuple[dict[str, Any], str]:
    """The summary, and the same in words."""
    from tqdm import tqdm

    progress = way.progress(file.digest)
    begun = progress.next
    with tqdm(total=file.path.stat().st_size, unit="B", unit_scale=True, disable=not watched) as bar:
        for lines, done in _lines(file, progress.next):
            progress = way.take(file.kind, file.digest, progress.next, lines)
            bar.set_postfix_str(f"{progress.next:,} rows", refresh=False)
            bar.update(done - bar.n)
    summary = {"file": file.path.name, "kind": file.kind, "began_at": begun, "rows": progress.next}
    summary |= {key: value for key, value in structs.asdict(progress).items() if key != "next"}
    words = [f"{file.path.name}: {progress.next:,} rows, {progress.accepted:,} imported"]
    if begun:
        words.append(f"the first {begun:,} were imported before")
    if progress.quarantined:
        words.append(f"{sum(progress.quarantined.values()):,} refused, see `journeyloop quarantine`")
        words += [f"  {count:,} {reason}" for reason, count in sorted(progress.quarantined.items())]
    return summary, "\n".join(words)


def _tried(directory: Path, file: File) -> tuple[dict[str, Any], str]:
    """A dry run: the report of what would happen. Nothing is written."""
    from journeyloop.app import WallClock, configuration
    from journeyloop.runtime.report import Report
    from journeyloop.runtime.rows import Terms, parse_rows

    plan = configuration(directory).plan
    assert plan is not None
    terms, report, start = Terms(plan, b"", WallClock()()), Report(), 0
    for lines, _ in _lines(file, 0):
        report.add(parse_rows(file.kind, file.digest, start, lines, terms))
        start += len(lines)
    return {"file": file.path.name, "kind": file.kind, **report.told()}, report.words(file.path.name)


def _watched(arguments: argparse.Namespace) -> bool:
    return sys.stderr.isatty() and not arguments.json


def _told(arguments: argparse.Namespace, summary: dict[str, Any], words: str) -> int:
    print(json.dumps(summary) if arguments.json else words)
    return 0
