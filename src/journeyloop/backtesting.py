"""`journeyloop backtest`: what a configuration's moments would have made of a history. Nothing is written to DIR, and a
server that runs there is not disturbed.

Where the parts meet: a file's reader, the store's secret, the run, the report. What happens in a run is not decided
here.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct, field

from journeyloop.reading import File, bar, column_options, file_of, lines_of, unreadable, watched

if TYPE_CHECKING:
    from journeyloop.adapters.sources.in_order import InOrder
    from journeyloop.model.plan import Plan
    from journeyloop.runtime.rows import Rows

ABOUT = "Run the moments over a history: how often, on whom, what happened anyway, and what can be learned."
NO_STORE = b"journeyloop backtest"
"""Keys the hashes where no server has ever run: the same answer every time."""

SHOWN = 20


class Refused(Struct):
    """Rows that could not be read: by reason, and the first of them."""

    reasons: Counter[str] = field(default_factory=Counter)
    first: list[dict[str, Any]] = []

    def add(self, rows: Rows) -> None:
        for one, number in zip(rows.refused, rows.refused_rows, strict=True):
            self.reasons[one.reason] += 1
            if len(self.first) < SHOWN:
                self.first.append({"row": number, "reason": one.reason})

    def told(self) -> dict[str, Any]:
        return {"rows": self.reasons.total(), "reasons": dict(self.reasons.most_common()), "first": self.first}


class Unusable(ValueError):
    """There is nothing to run, or nothing to run it over."""


def options(command: argparse.ArgumentParser) -> None:
    """The command's words."""
    command.add_argument(
        "--events", metavar="FILE", type=Path, required=True,
        help="what happened: .jsonl, .csv (also .gz) or .parquet, as `import` reads it",
    )  # fmt: skip
    column_options(command)
    command.add_argument("--assume-consent", action="store_true", help="as if all had consented who did not refuse")
    command.add_argument("--assume-tab", action="store_true", help="an upper bound: as if everybody had a tab open")
    command.add_argument("--zone", default="UTC", metavar="ZONE", help="whose hours and weekdays (default: UTC)")
    command.add_argument("--json", action="store_true", help="the report as JSON")


def backtest(arguments: argparse.Namespace) -> int:
    """Run the command: 0 done (refused rows are in the report), 1 refused."""
    from journeyloop.app import refusals
    from journeyloop.runtime.findings_words import words

    expected: tuple[type[Exception], ...] = (*refusals(), *unreadable(), Unusable)
    gc.disable()  # records have no cycles: what a batch leaves goes by itself
    try:
        told = _tested(arguments)
    except expected as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        gc.enable()
    print(json.dumps(told) if arguments.json else words(told))
    return 0


def _tested(arguments: argparse.Namespace) -> dict[str, Any]:
    from journeyloop.adapters.sources.in_order import InOrder
    from journeyloop.app import configuration

    file, zone = file_of(arguments, "events"), _zone(arguments.zone)
    plan = configuration(arguments.directory).plan
    assert plan is not None
    if not plan.moments:
        raise Unusable(f"{arguments.directory}: there is no moment to test")
    secret = _secret(arguments.directory)
    refused = Refused()
    with InOrder() as history:
        rows = _read(file, plan, secret or NO_STORE, history, refused, watched(arguments))
        if not len(history):
            raise Unusable(_nothing(file, rows, refused))
        found = _run(arguments, plan, secret or NO_STORE, history, zone)
    head = {"file": file.path.name, "rows": rows, "refused": refused.told(), "own_secret": secret is not None}
    return {**head, "zone": arguments.zone, "plan": plan.hash, **found}


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise Unusable(f"{name} is not a time zone, such as Europe/Berlin") from None


def _secret(directory: Path) -> bytes | None:
    """The store's: then the same people are held out, and the same chances fall. None where there is no store yet."""
    from contextlib import closing

    from journeyloop.adapters.store.directory import STORE, open_reader
    from journeyloop.runtime.memory import read_secret

    if not (directory / STORE).exists():
        return None
    with closing(open_reader(directory)) as store, store.read() as reader:
        return read_secret(reader)


def _nothing(file: File, rows: int, refused: Refused) -> str:
    from journeyloop.runtime.findings_words import refusals

    return "\n".join([f"{file.path.name}: {rows:,} rows, no event to run over", *refusals(refused.told())])


# --- reading ----------------------------------------------------------------------------------------------------------


def _read(file: File, plan: Plan, secret: bytes, history: InOrder, refused: Refused, shown: bool) -> int:
    """Bring the file's events into order; how many rows it has."""
    from journeyloop.app import WallClock
    from journeyloop.runtime.rows import Terms, parse_rows

    terms, rows = Terms(plan, secret, WallClock()()), 0
    with bar(shown, file.path.stat().st_size, what="reading") as read:
        for lines, done in lines_of(file):
            parsed = parse_rows("events", "row", rows, lines, terms)
            refused.add(parsed)
            for one in parsed.inputs:
                history.add(one.event)  # type: ignore[union-attr]
            rows += len(lines)
            read.update(done - read.n)
    return rows


# --- running ----------------------------------------------------------------------------------------------------------


def _run(arguments: argparse.Namespace, plan: Plan, secret: bytes, history: InOrder, zone: ZoneInfo) -> dict[str, Any]:
    from journeyloop.adapters.store.memory import MemoryStore
    from journeyloop.runtime.backtest import Backtest, consenting
    from journeyloop.runtime.findings import Findings

    plan = consenting(plan) if arguments.assume_consent else plan
    findings = Findings(plan, zone)
    run = Backtest(plan, secret, MemoryStore(), findings.decided, arguments.assume_tab)
    with bar(watched(arguments), len(history), " events", "running") as lived:
        for done in run.run(history):
            lived.update(done)
    days = findings.days(history.first, history.last)
    return {
        "events": len(history) - run.duplicates,
        "duplicates": run.duplicates,
        "people": run.people - len(run.joined),
        "from": history.first,
        "to": history.last,
        "days": days,
        "assumed": {"consent": arguments.assume_consent, "tab": arguments.assume_tab},
        "moments": [findings.told(name, run.tally(name), run.joined, days) for name in plan.moments],
    }
