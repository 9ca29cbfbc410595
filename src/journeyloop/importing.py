"""`journeyloop import`: the past of people from before we came, out of files they have.

Where the parts meet: a file's reader, what its columns mean, and the way in (beside a running server, or alone on a
store that nobody serves). What a row means is not decided here.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import structs

from journeyloop.reading import File, bar, column_options, file_of, lines_of, unreadable, watched

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journeyloop.runtime.coupons import Taken
    from journeyloop.runtime.imports import Progress
    from journeyloop.runtime.rows import Kind

ABOUT = "Bring the past of people from a file: folded into their profiles, with no signal and no message."
MB = 1_000_000
CODES = 10_000
"""Codes in one commit: a live event waits for one of these at most."""


class Way(Protocol):
    """Where rows and codes go."""

    def take_coupons(self, pool: str, codes: Sequence[str]) -> Taken: ...

    def progress(self, file: str) -> Progress: ...

    def take(self, kind: Kind, file: str, start: int, lines: Sequence[bytes]) -> Progress: ...


def options(command: argparse.ArgumentParser) -> None:
    """The command's words."""
    kinds = command.add_mutually_exclusive_group(required=True)
    for kind, what in (("events", "what happened"), ("profiles", "who they are"), ("consent", "what they allowed")):
        kinds.add_argument(f"--{kind}", metavar="FILE", type=Path, help=f"{what}: .jsonl, .csv (also .gz) or .parquet")
    kinds.add_argument("--coupons", metavar="POOL=FILE", help="single-use codes for a pool, one a line")
    column_options(command)
    command.add_argument("--dry-run", action="store_true", help="read all, write nothing, say what would happen")
    command.add_argument("--json", action="store_true", help="print one JSON summary at the end")


def bring(arguments: argparse.Namespace) -> int:
    """Run the command: 0 done (refused rows are in the quarantine), 1 refused."""
    from journeyloop.app import refusals
    from journeyloop.runtime.rows import KINDS

    expected = (*refusals(), *unreadable())
    try:
        if arguments.coupons is not None:
            return _told(arguments, *_coupons(arguments))
        file = file_of(arguments, next(kind for kind in KINDS if getattr(arguments, kind) is not None))
        digest = _digest(file)
        if arguments.dry_run:
            return _told(arguments, *_tried(arguments.directory, file, digest))
        with _way(arguments.directory) as way:
            return _told(arguments, *_brought(file, digest, way, watched(arguments)))
    except expected as error:
        print(error, file=sys.stderr)
        return 1


def _digest(file: File) -> str:
    """The same content read in another way is another file. All of it is read before a row is taken: a gzip that was
    cut off is found out here."""
    from journeyloop.adapters.sources.chunk import opened

    read_as = [file.kind, sorted(file.renamed.items()), sorted(file.constant.items())]
    digest = blake2b(json.dumps(read_as).encode(), digest_size=16)
    with opened(file.path) as (content, _):
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


def _brought(file: File, digest: str, way: Way, shown: bool) -> tuple[dict[str, Any], str]:
    """The summary, and the same in words."""
    progress = way.progress(digest)
    begun = progress.next
    with bar(shown, file.path.stat().st_size) as read:
        for lines, done in lines_of(file, progress.next):
            progress = way.take(file.kind, digest, progress.next, lines)
            read.set_postfix_str(f"{progress.next:,} rows", refresh=False)
            read.update(done - read.n)
    summary = {"file": file.path.name, "kind": file.kind, "began_at": begun, "rows": progress.next}
    summary |= {key: value for key, value in structs.asdict(progress).items() if key != "next"}
    words = [f"{file.path.name}: {progress.next:,} rows, {progress.accepted:,} imported"]
    if begun:
        words.append(f"the first {begun:,} were imported before")
    if progress.quarantined:
        words.append(f"{sum(progress.quarantined.values()):,} refused, see `journeyloop quarantine`")
        words += [f"  {count:,} {reason}" for reason, count in sorted(progress.quarantined.items())]
    return summary, "\n".join(words)


def _coupons(arguments: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """Codes go in by slices; what was taken in before counts as a duplicate, so a repeat adds nothing.

    Raises:
        LookupError: no pool, or nothing to read.
    """
    from journeyloop.runtime.coupons import POOL, Taken

    pool, _, name = arguments.coupons.partition("=")
    if not POOL.fullmatch(pool) or not name:
        raise LookupError("--coupons: write POOL=FILE, such as welcome=codes.txt")
    if arguments.dry_run:
        raise LookupError("--coupons: there is no dry run: a code that is there already is not taken twice")
    try:
        codes = [code for line in Path(name).read_text("utf-8-sig").splitlines() if (code := line.strip())]
    except UnicodeDecodeError:
        raise LookupError(f"{name}: not UTF-8: save the file as UTF-8") from None
    total = Taken()
    with _way(arguments.directory) as way:
        for at in range(0, len(codes), CODES):
            taken = way.take_coupons(pool, codes[at : at + CODES])
            total = Taken(
                total.added + taken.added, total.duplicates + taken.duplicates, total.refused + taken.refused,
                taken.free,
            )  # fmt: skip
    words = f"{pool}: {total.added:,} codes added, {total.duplicates:,} were there, {total.free:,} are free"
    words += (
        f"; {total.refused:,} are no codes: letters and digits, with _ . : / + # - between, at most 64"
        if total.refused
        else ""
    )
    return {"pool": pool, **structs.asdict(total)}, words


def _tried(directory: Path, file: File, digest: str) -> tuple[dict[str, Any], str]:
    """A dry run: the report of what would happen. Nothing is written."""
    from journeyloop.app import WallClock, configuration
    from journeyloop.runtime.report import Report
    from journeyloop.runtime.rows import Terms, parse_rows

    plan = configuration(directory).plan
    assert plan is not None
    terms, report, start = Terms(plan, b"", WallClock()()), Report(), 0
    for lines, _ in lines_of(file):
        report.add(parse_rows(file.kind, digest, start, lines, terms))
        start += len(lines)
    return {"file": file.path.name, "kind": file.kind, **report.told()}, report.words(file.path.name)


def _told(arguments: argparse.Namespace, summary: dict[str, Any], words: str) -> int:
    print(json.dumps(summary) if arguments.json else words)
    return 0
