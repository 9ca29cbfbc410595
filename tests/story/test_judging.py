"""`explain` and `evaluate` on a store on disk that holds thousands of decisions, and what they do without any."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from journeyloop.adapters.store.lmdb import LmdbStore
from journeyloop.runtime.ports import TABLES
from tests.story.servers import command
from tests.unit.runtime.logged import Logged

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the store of a known world."""
    directory, rig = tmp_path_factory.mktemp("judging") / "shop", Logged(rows=4_000)
    assert command("init", directory).returncode == 0
    for name, text in rig.plan.texts.items():
        (directory / name).write_text(text)
    with (
        closing(LmdbStore(directory / "store", "relaxed")) as store,
        rig.store.read() as reader,
        store.write() as transaction,
    ):
        for table in TABLES:
            transaction.put_many(table, reader.scan(table))
    return directory


def policy(directory: Path, text: str) -> Path:
    (directory / "policy-idea.yaml").write_text(text)
    return directory / "policy-idea.yaml"


def test_a_policy_is_evaluated_on_disk(shop: Path, tmp_path: Path) -> None:
    words = ("evaluate", shop, "--moment", "now", "--policy", policy(tmp_path, "uniform: true"))
    told = command(*words)
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("Goal reached   ") and "Intervals are 95 % confidence sequences" in told.stdout
    found = json.loads(command(*words, "--json").stdout)
    assert (found["windows"], found["refused"], found["currency"]) == (4_000, "", "EUR")
    assert found["goal"]["policy"]["low"] < found["goal"]["policy"]["estimate"] < found["goal"]["policy"]["high"]


@pytest.mark.parametrize(
    ("text", "moment", "reason"),
    [
        ("always: gift", "now", "effective windows"),
        ("always: call", "now", "there are help, gift"),
        ("always: help", "later", "no moment later: there are "),
        ("alway: help", "now", "policy-idea.yaml:1: error: unknown key alway: did you mean always?"),
    ],
)
def test_what_cannot_be_evaluated_is_a_sentence(
    shop: Path, tmp_path: Path, text: str, moment: str, reason: str
) -> None:
    told = command("evaluate", shop, "--moment", moment, "--policy", policy(tmp_path, text))
    assert (told.returncode, told.stdout) == (1, "")
    assert reason in told.stderr and "Traceback" not in told.stderr


def test_a_refusal_as_json_says_why_too(shop: Path, tmp_path: Path) -> None:
    told = command("evaluate", shop, "--moment", "now", "--policy", policy(tmp_path, "always: gift"), "--json")
    assert told.returncode == 1
    assert json.loads(told.stdout)["refused"] == told.stderr.strip()


def test_no_such_file(shop: Path, tmp_path: Path) -> None:
    told = command("evaluate", shop, "--moment", "now", "--policy", tmp_path / "nowhere.yaml")
    assert told.returncode == 1 and "nowhere.yaml" in told.stderr and "Traceback" not in told.stderr


@pytest.mark.parametrize(
    ("raw", "reason"),
    [(b"always: help\n# \xff", "policy-idea.yaml:2: error: not UTF-8"), (b"#" * 1_000_001, "larger than 1 MB")],
)
def test_a_policy_that_is_no_text(shop: Path, tmp_path: Path, raw: bytes, reason: str) -> None:
    file = policy(tmp_path, "")
    file.write_bytes(raw)
    told = command("evaluate", shop, "--moment", "now", "--policy", file)
    assert told.returncode == 1 and reason in told.stderr and "Traceback" not in told.stderr


@pytest.mark.parametrize("who", ["", "a\udcffb"])
def test_an_id_that_is_no_text(shop: Path, who: str) -> None:
    told = command("why", "now", shop, "--user", who)
    assert told.returncode == 2 and "argument --user: an id is UTF-8 text" in told.stderr


def test_a_decision_is_explained(shop: Path) -> None:
    told = command("explain", shop, "--decision", "0" * 32)
    assert told.returncode == 0, told.stderr
    assert "the moment now asked what to do for person" in told.stdout and "help adds " in told.stdout
    found = json.loads(command("explain", shop, "--decision", "0" * 32, "--json").stdout)
    assert found["words"] == told.stdout.splitlines()
    assert {"candidates", "moments", "propensity", "draw", "plan", "board"} <= found.keys()


@pytest.mark.parametrize("name", ["f" * 32, "no id", ""])
def test_no_such_decision(shop: Path, name: str) -> None:
    told = command("explain", shop, "--decision", name)
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.startswith(f"no decision {name}: ") and "Traceback" not in told.stderr
