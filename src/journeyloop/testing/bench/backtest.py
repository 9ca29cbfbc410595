"""What an event of a history costs: CPU of the whole command per event, and the largest memory it took.

Thirty days of sessions as a relay of browser events sends them, in the order of their time, as JSON lines.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from msgspec import json

from journeyloop.testing.bench.measure import noise, report
from journeyloop.testing.bench.server import configure
from journeyloop.testing.bench.traffic import MOMENTS, sessions
from journeyloop.testing.client import iso

EVENTS = 1_000_000
PEOPLE = 100_000
ACTIVE = 200
"""One in so many is there at a time."""

MONTH_S = 30 * 86_400


def run(events: int = EVENTS, people: int = PEOPLE) -> dict[str, Any]:
    """`events` of `people`; the bench proper is at a million of a hundred thousand."""
    with noise() as noise_p99_ms, tempfile.TemporaryDirectory(prefix="journeyloop-bench-") as folder:
        history, shop = Path(folder) / "history.jsonl", Path(folder) / "shop"
        configure(shop, MOMENTS)
        with history.open("wb") as file:
            file.writelines(_lines(events, people))
        cpu, memory_mb, told = _backtested(shop, history)
        size_mb = history.stat().st_size / 1e6
    figures = {"events_per_s_per_core": events / cpu, "resident_mb": memory_mb}
    return report(
        "backtest", figures, noise_p99_ms(), events=told["events"], people=told["people"], file_mb=round(size_mb),
        signals={row["moment"]: row["signals"] or row["unknown"] for row in told["moments"]}, format="jsonl",
        cpu="user and system time of the whole command, start, reading and ordering included",
    )  # fmt: skip


def _lines(count: int, people: int) -> Iterator[bytes]:
    rng, begin = random.Random(1), time.time() - MONTH_S  # noqa: S311  # not for secrets
    for number, event in enumerate(islice(sessions(rng, max(1, people // ACTIVE), people), count)):
        yield json.encode({**event, "timestamp": iso(begin + number * MONTH_S / count)}) + b"\n"


def _backtested(shop: Path, history: Path) -> tuple[float, float, dict[str, Any]]:
    """(CPU seconds, MB resident at most, the report)."""
    command = [sys.executable, "-m", "journeyloop", "backtest", str(shop), "--events", str(history)]
    process = subprocess.Popen([*command, "--assume-consent", "--json"], stdout=subprocess.PIPE)  # noqa: S603  # ours
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    assert process.returncode == 0, said
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000, json.decode(said)
