"""What every bench measures with: percentiles, paced load, the machine's own noise. No server, no HTTP."""

from __future__ import annotations

import asyncio
import os
import platform
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from statistics import median
from typing import Any

RUNS = 5
LIBRARIES = ("msgspec", "lmdb", "uvicorn", "httptools", "uvloop", "cel-expr-python")

_SLEEPER = """
import sys, threading, time
stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
late = []
while not stop.is_set():
    before = time.perf_counter()
    time.sleep(0.001)
    late.append(time.perf_counter() - before - 0.001)
late.sort()
print(late[len(late) * 99 // 100] * 1000 if late else 0.0)
"""


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest rank; `share` in [0, 1]."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def medians(runs: Sequence[Sequence[float]], shares: Sequence[float] = (0.5, 0.99)) -> list[float]:
    """Per share: the median over the runs of that percentile."""
    return [median(percentile(run, share) for run in runs) for share in shares]


def windows(pairs: Sequence[tuple[float, float]], count: int) -> list[list[float]]:
    """Cut (time, value) pairs into `count` equal spans of time: the values of each."""
    first, last = min(at for at, _ in pairs), max(at for at, _ in pairs)
    cut: list[list[float]] = [[] for _ in range(count)]
    for at, value in pairs:
        cut[min(count - 1, int((at - first) / (last - first + 1) * count))].append(value)
    return cut


async def paced(per_second: float, seconds: float) -> AsyncIterator[int]:
    """Count up at an even pace. Late ticks are not skipped: the load is what was asked for."""
    start = time.perf_counter()
    for number in range(int(per_second * seconds)):
        wait = start + number / per_second - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        yield number


@contextmanager
def noise() -> Iterator[Callable[[], float]]:
    """p99 lateness (ms) of an empty 1 ms sleep loop in a process of its own, for as long as this is open."""
    sleeper = subprocess.Popen(  # noqa: S603  # our own interpreter
        [sys.executable, "-c", _SLEEPER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    told: list[float] = []

    def end() -> float:
        if not told:
            told.append(float(sleeper.communicate()[0]))
        return told[0]

    try:
        yield end
    finally:
        end()


def report(bench: str, figures: dict[str, float], noise_p99_ms: float, **context: Any) -> dict[str, Any]:
    """The answer of a bench, in the shape of the command's last line."""
    machine = {
        "noise_p99_ms": round(noise_p99_ms, 3),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.system(),
        **{name: version(name) for name in LIBRARIES},
    }
    rounded = {name: round(figure, 3) for name, figure in figures.items()}
    return {"bench": bench, "figures": rounded, "context": {**machine, **context}}
