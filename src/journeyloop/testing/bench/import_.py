"""What a row of the past costs: CPU of all processes at work per imported row; and kill -9 in the middle, counts exact.

Events come in the order of their time, each of a person at random, as a warehouse exports them: hardly two of a commit
are of the same person, which is the dear case.
"""

from __future__ import annotations

import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from msgspec import Struct

from journeyloop.adapters.store.directory import open_reader
from journeyloop.model.inputs import Imported
from journeyloop.runtime import records
from journeyloop.runtime.ports import StoreFailed
from journeyloop.testing.bench.measure import noise, report
from journeyloop.testing.bench.server import Server, anonymous_mb, configure
from journeyloop.testing.bench.traffic import MOMENTS
from journeyloop.testing.client import iso

EVENTS = 1_000_000
PEOPLE = 100_000
SMALLER = 10
"""The runs beside a server and with a kill import that many times fewer events."""

YEAR_S = 365 * 86_400
LOOK_S = 0.2
NAMES = ["Order Completed", *["Product Added"] * 3, *["Product Viewed"] * 6]

Row = list[str]


class Cost(Struct):
    """CPU seconds and the largest memory of its own (MB) of one command."""

    cpu: float
    memory_mb: float
    summary: dict[str, Any]


def run(events: int = EVENTS, people: int = PEOPLE) -> dict[str, Any]:
    """`events` of `people`; the bench proper is at a million of a hundred thousand."""
    with noise() as noise_p99_ms, tempfile.TemporaryDirectory(prefix="journeyloop-bench-") as folder:
        root = Path(folder)
        profiles, past = root / "profiles.csv", root / "events.csv"
        some = root / "some.csv"
        _write(profiles, _profiles(people))
        _write(past, _events(events, people))
        _write(some, _events(events // SMALLER, people))
        shop = _shop(root / "shop")
        people_cost = _imported(shop, "--profiles", profiles)
        events_cost = _imported(shop, "--events", past)
        beside = _beside_a_server(_shop(root / "served"), some)
        lost, doubled, killed_at = _killed(_shop(root / "killed"), some, events // SMALLER)
        store_mb = sum(file.stat().st_size for file in (shop / "store").iterdir()) / 1e6
    figures = {
        "rows_per_s_per_core": (events + people) / (people_cost.cpu + events_cost.cpu),
        "events_rows_per_s_per_core": events / events_cost.cpu,
        "profiles_rows_per_s_per_core": people / people_cost.cpu,
        "beside_server_rows_per_s_per_core": events // SMALLER / beside,
        "lost": float(lost),
        "doubled": float(doubled),
        "anonymous_mb": max(people_cost.memory_mb, events_cost.memory_mb),
    }
    return report(
        "import", figures, noise_p99_ms(), events=events, people=people, killed_at_row=killed_at, durability="sync",
        store_mb=round(store_mb), cpu="user and system time of the whole command, start included", format="csv",
        accepted=[people_cost.summary["accepted"], events_cost.summary["accepted"]],
        fields="profiles: seven traits, an e-mail address each; events: time, name, two properties",
    )  # fmt: skip


def _shop(directory: Path) -> Path:
    configure(directory, MOMENTS)
    return directory


# --- files ------------------------------------------------------------------------------------------------------------


def _write(path: Path, rows: Iterator[Row]) -> None:
    with path.open("w", newline="") as text:
        csv.writer(text).writerows(rows)


def _profiles(people: int) -> Iterator[Row]:
    yield ["user_id", "email", "first_name", "last_name", "country", "city", "plan", "created_at"]
    for number in range(people):
        named = [f"Name{number % 1000}", f"Family{number % 5000}", "DE", f"City {number % 800}", "free"]
        yield [f"user-{number}", f"u{number}@example.com", *named, "2020-01-01T00:00:00Z"]


def _events(count: int, people: int) -> Iterator[Row]:
    rng, begin = random.Random(1), time.time() - YEAR_S  # noqa: S311  # not for secrets
    yield ["user_id", "event", "timestamp", "order_id", "revenue", "product_id", "price"]
    for number in range(count):
        name = NAMES[number % len(NAMES)]
        what = [f"o{number}", "49.90", "", ""] if name == NAMES[0] else ["", "", f"p{number % 500}", "19.90"]
        yield [f"user-{rng.randrange(people)}", name, iso(begin + number * YEAR_S / count), *what]


# --- runs -------------------------------------------------------------------------------------------------------------


def _command(directory: Path, kind: str, file: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "journeyloop", "import", str(directory), kind, str(file), "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603  # our own interpreter


def _imported(directory: Path, kind: str, file: Path) -> Cost:
    """Run it to its end; what it took."""
    process = _command(directory, kind, file)
    assert process.stdout is not None
    memory, done = [0.0], threading.Event()
    watch = threading.Thread(target=_watch, args=(lambda: memory.append(anonymous_mb(process.pid)), done))
    watch.start()
    said = process.stdout.read()
    done.set()
    watch.join()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    assert process.returncode == 0, said
    return Cost(usage.ru_utime + usage.ru_stime, max(memory), json.loads(said))


def _watch(look: Callable[[], None], done: threading.Event) -> None:
    while not done.wait(LOOK_S):
        try:
            look()
        except (OSError, StopIteration):  # it has just ended
            return


def _beside_a_server(directory: Path, file: Path) -> float:
    """CPU seconds of the command and of the server that it speaks to."""
    with Server(directory) as server:
        before = server.cpu()
        cost = _imported(directory, "--events", file)
        return cost.cpu + server.cpu() - before


def _killed(directory: Path, file: Path, rows: int) -> tuple[int, int, int]:
    """kill -9 once something is in, then again to the end: (rows lost, rows doubled, rows that were in)."""
    process = _command(directory, "--events", file)
    while not _logged(directory):
        time.sleep(LOOK_S)
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()
    killed_at = _imported(directory, "--events", file).summary["began_at"]
    assert _imported(directory, "--events", file).summary["began_at"] == rows, "a third time adds nothing"
    found = _logged(directory)
    return rows - len(set(found)), len(found) - len(set(found)), killed_at


def _logged(directory: Path) -> list[str]:
    """The messages that the log holds."""
    try:
        with closing(open_reader(directory)) as store, store.read() as reader:
            inputs = [records.decode_log(raw)[1] for _, raw in reader.scan("log")]
    except StoreFailed:
        return []
    return [one.event.message_id for one in inputs if isinstance(one, Imported)]
