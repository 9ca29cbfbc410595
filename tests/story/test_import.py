"""People with a past: it is brought from files, beside a running server and without one, and nothing comes of it but
profiles that are true.
"""

from __future__ import annotations

import csv
import gzip
import json
import signal
import subprocess
from collections import Counter
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from journeyloop.adapters.store.directory import open_reader
from journeyloop.runtime import records
from journeyloop.runtime.imports import read_progress
from journeyloop.runtime.ports import StoreFailed
from tests.story.conftest import Serve
from tests.story.projects import project
from tests.story.servers import ROOT, SHIPPED, Server, _environment, _words, command, eventually

pytestmark = pytest.mark.slow

WORDS = "May we write to you about our coffee?"
SLOW_ROWS = 40_000


def write(path: Path, *rows: dict[str, Any]) -> Path:
    with path.open("w", newline="") as text:
        writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(params=[True, False], ids=["beside a server", "alone"])
def shop(request: pytest.FixtureRequest, tmp_path: Path, serve: Serve) -> tuple[Path, Server | None]:
    directory = project(tmp_path / "shop")
    return directory, serve(directory, SHIPPED) if request.param else None


def brought(directory: Path, kind: str, file: Path, *words: str) -> dict[str, Any]:
    done = command("import", directory, f"--{kind}", file, "--json", *words)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def inputs(directory: Path) -> list[Any]:
    """What the log holds."""
    with closing(open_reader(directory)) as store, store.read() as reader:
        return [records.decode_log(raw)[1] for _, raw in reader.scan("log")]


def kinds(directory: Path) -> Counter[str]:
    return Counter(type(one).__name__ for one in inputs(directory))


def quarantined(directory: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(command("quarantine", directory, "--json").stdout)
    return found


PROFILES: list[dict[str, Any]] = [
    {"user_id": "ada", "email": "Ada@Example.com", "First Name": "Ada", "created_at": "2019-05-01"},
    {"user_id": "null", "email": "x@example.com"},
    {"user_id": "bob", "email": "bob@example.com", "First Name": "Bob", "created_at": "2021-01-01"},
]
EVENTS: list[dict[str, Any]] = [
    {"customer": "ada", "event": "Checkout Step Viewed", "timestamp": "2020-01-01 09:58:00", "step": 3},
    {"customer": "ada", "event": "Order Completed", "timestamp": "2020-01-01 10:00:00", "revenue": "100.50"},
    {"customer": "ada", "event": "Order Completed", "timestamp": "1640995200", "revenue": "500"},
    {"customer": "ada", "event": "Order Completed", "timestamp": "2999-01-01", "revenue": "1"},
    {"customer": "bob", "event": "Product Added", "timestamp": "2023-01-01", "product_id": "p", "price": "600"},
]
CONSENT: list[dict[str, Any]] = [
    {"email": "ada@example.com", "granted": "yes", "at": "2020-01-01", "wording": WORDS},
    {"email": "BOB@example.com", "granted": "yes", "at": "2021-01-01", "wording": WORDS},
    {"email": "bob@example.com", "granted": "unsubscribed", "at": "2022-02-02", "wording": ""},
]


def said(profile: dict[str, Any]) -> tuple[Any, ...]:
    """What was imported of a person's word on marketing."""
    word = profile["consent"]["marketing"]
    assert word["firm"] is True
    return word["granted"], word["at"], word["received"], word["source"], word["wording"] or None


def test_a_past_is_brought_and_nothing_comes_of_it(
    shop: tuple[Path, Server | None], tmp_path: Path, serve: Serve
) -> None:
    directory, server = shop
    refused = brought(directory, "profiles", write(tmp_path / "people.csv", *PROFILES))
    assert (refused["accepted"], refused["quarantined"]) == (2, {"blocked_id": 1})
    told = brought(directory, "events", write(tmp_path / "events.csv", *EVENTS), "--map", "customer=user_id")
    assert (told["rows"], told["accepted"], told["quarantined"]) == (5, 4, {"time_in_future": 1})
    consent = write(tmp_path / "consent.csv", *CONSENT)
    assert (
        brought(directory, "consent", consent, "--set", "purpose=marketing", "--set", "source=mailtool")["accepted"]
        == 3
    )

    server = server or serve(directory, SHIPPED)
    server.track("Page Seen", user_id="ada", userId="ada")
    ada = server.get("/v1/profile", user_id="ada").json()
    assert ada["profile"]["orders"] == 2 and ada["profile"]["revenue"] == 600.5
    assert ada["profile"]["first_time"] is False and ada["profile"]["first_seen"] == 1_556_668_800_000
    assert ada["traits"]["first_name"] == "Ada"
    assert said(ada) == (True, 1_577_836_800_000, 1_577_836_800_000, "mailtool", sha256(WORDS.encode()).hexdigest())
    bob = server.get("/v1/profile", user_id="bob").json()
    assert said(bob) == (False, 1_643_760_000_000, 1_643_760_000_000, "mailtool", None)
    assert bob["profile"]["cart_value"] == 600

    found = kinds(directory)
    assert found["Imported"] == 6 and found["ConsentStated"] == 3 and found["TimerDue"] == 0
    assert {one.wording for one in inputs(directory) if type(one).__name__ == "ConsentStated"} == {
        sha256(WORDS.encode()).hexdigest(),
        "",
    }
    with closing(open_reader(directory)) as store, store.read() as reader:
        assert [text.decode() for _, text in reader.scan("wordings")] == [WORDS]
        assert not any(list(reader.scan(table)) for table in ("decisions", "deliveries", "timers"))
    assert server.moment()["signals"] == 0 and server.decisions(user_id="ada") == []


def test_a_file_counts_once_and_refused_rows_are_listed(shop: tuple[Path, Server | None], tmp_path: Path) -> None:
    directory, _ = shop
    events = write(tmp_path / "events.csv", *EVENTS)
    brought(directory, "events", events, "--map", "customer=user_id")
    before = kinds(directory)
    again = brought(directory, "events", events, "--map", "customer=user_id")
    assert (again["began_at"], again["rows"], again["accepted"]) == (5, 5, 4)
    assert kinds(directory)["Imported"] == before["Imported"] == 4
    (row,) = quarantined(directory)
    assert row["reason"] == "time_in_future" and row["message"].endswith("(row 4)") and "2999" in row["raw"]


def test_a_dry_run_reads_all_and_writes_nothing(tmp_path: Path) -> None:
    directory = project(tmp_path / "shop")
    events = write(tmp_path / "events.csv", *EVENTS, {"customer": "", "event": "Lost", "timestamp": "2020-01-01"})
    told = brought(directory, "events", events, "--map", "customer=user_id", "--dry-run")
    assert told == {
        "file": "events.csv", "kind": "events", "rows": 6, "accepted": {"track": 4},
        "refused": {"time_in_future": {"count": 1, "rows": [4]}, "missing_id": {"count": 1, "rows": [6]}},
        "earliest": 1_577_872_680_000, "latest": 1_672_531_200_000, "people": 2,
        "names": {"Order Completed": 2, "Checkout Step Viewed": 1, "Product Added": 1},
    }  # fmt: skip
    words = command("import", directory, "--events", events, "--map", "customer=user_id", "--dry-run").stdout
    assert "6 rows, nothing written" in words and "1 missing_id (rows 6)" in words
    assert not (directory / "store").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--events", "nowhere.csv"), "nowhere.csv"),
        (("--events", "pyproject.toml"), ".parquet"),
        (("--profiles", "nowhere.csv", "--map", "a"), "COLUMN=FIELD"),
        (("--profiles", "{cut}"), "ended before"),
        (("--profiles", "nowhere.csv", "--map", "a=b:date"), "number"),
    ],
)
def test_what_cannot_be_read_is_told_in_a_sentence(tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress(b"user_id\n" + b"u\n" * 10_000)[:40])
    done = command("import", project(tmp_path / "shop"), *(word.format(cut=cut) for word in words))
    assert done.returncode == 1 and told in done.stderr and "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1


# --- kill -9 ----------------------------------------------------------------------------------------------------------


def slow_file(path: Path) -> Path:
    """Long enough to be killed in; one person in every hundred rows, one row in a thousand refused."""
    who = [{"user_id": f"u{number % 100}", "event": "Order Completed"} for number in range(SLOW_ROWS)]
    rows = [{**one, "timestamp": "soon" if number % 1000 == 7 else "2020-01-01"} for number, one in enumerate(who)]
    return write(path, *rows)


def done_so_far(directory: Path) -> int:
    """Rows that are committed, of the only import there is."""
    try:
        with closing(open_reader(directory)) as store, store.read() as reader:
            keys = [key for key, _ in reader.scan("meta", b"import/", b"import0")]
            return read_progress(reader, keys[0].removeprefix(b"import/").decode()).next if keys else 0
    except StoreFailed:
        return 0


@pytest.mark.parametrize("victim", ["alone", "command", "server"])
def test_kill_9_in_the_middle_and_the_same_command_again_counts_each_row_once(
    tmp_path: Path, serve: Serve, victim: str
) -> None:
    directory, file = project(tmp_path / "shop"), slow_file(tmp_path / "events.csv")
    server = None if victim == "alone" else serve(directory, SHIPPED)
    process = subprocess.Popen(
        _words(SHIPPED, "import", directory, "--events", file), cwd=ROOT, env=_environment(), stderr=subprocess.PIPE
    )
    eventually(lambda: done_so_far(directory), lambda done: done > 0)
    if victim == "server":
        assert server is not None
        server.stop(signal.SIGKILL)
        assert process.wait(20) == 1
        assert process.stderr is not None and process.stderr.read().startswith(b"the server is gone")
        server.start()
    else:
        process.kill()
        process.wait(20)
    assert process.stderr is not None
    process.stderr.close()
    told = brought(directory, "events", file)
    assert 0 < told["began_at"] < SLOW_ROWS, "killed too early or too late to show anything"
    assert (told["rows"], told["accepted"]) == (SLOW_ROWS, SLOW_ROWS - SLOW_ROWS // 1000)
    assert told["quarantined"] == {"time_invalid": SLOW_ROWS // 1000}
    assert kinds(directory)["Imported"] == SLOW_ROWS - SLOW_ROWS // 1000
    server = server or serve(directory, SHIPPED)
    orders = [server.get("/v1/profile", user_id=f"u{n}").json()["profile"]["orders"] for n in range(100)]
    assert sum(orders) == SLOW_ROWS - SLOW_ROWS // 1000
