"""The commands beside a running server, and without one: what they print and how they end."""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from journeyloop.adapters.config.init import scaffold
from journeyloop.adapters.store.lmdb import LmdbStore
from journeyloop.runtime import records
from journeyloop.runtime.ports import Transaction
from tests.story.conftest import Serve
from tests.story.projects import MOMENT, project, replace
from tests.story.servers import SHIPPED, Server, Stream, command
from tests.story.visits import batch, event, identify, somebody, stall

pytestmark = pytest.mark.slow

BROKEN = [
    (MOMENT, {"    channel: onpage": "    chanel: onpage"}, "did you mean channel?"),
    (MOMENT, {"profile.cart_value": "profile.cart_vale"}, "cart_value"),
    (MOMENT, {"event.properties.step >= 3": "event.properties.step >="}, ""),
    (MOMENT, {"for: 20s": "for: soon"}, ""),
    (MOMENT, {"purpose: marketing": "purpose: marketting"}, "marketing"),
    ("policy.yaml", {"  service: {consent: not_required}": "  service: {consent: [}"}, ""),
    ("journeyloop.toml", {"port = 8080": "port = eighty"}, ""),
]


def line_of(path: Path, text: str) -> int:
    return 1 + next(at for at, line in enumerate(path.read_text().splitlines()) if text in line)


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A project nobody serves."""
    assert command("init", tmp_path / "shop").returncode == 0
    return tmp_path / "shop"


# --- before there is a server ---------------------------------------------------------------------------------------


def test_init_makes_a_project_that_passes(plain: Path) -> None:
    checked = command("check", plain)
    assert (checked.returncode, checked.stdout.startswith("ok: 1 moments")) == (0, True), checked.stdout
    assert stat.S_IMODE((plain / "keys.toml").stat().st_mode) == 0o600
    keys = (plain / "keys.toml").read_text()
    again = command("init", plain)
    assert again.returncode == 1 and "exists already" in again.stderr
    assert (plain / "keys.toml").read_text() == keys


@pytest.mark.parametrize(("name", "change", "hint"), BROKEN, ids=[str(at) for at in range(len(BROKEN))])
def test_what_is_broken_is_told_with_file_and_line(
    tmp_path: Path, name: str, change: dict[str, str], hint: str
) -> None:
    """`check` says it, `serve` refuses with it."""
    directory = tmp_path / "shop"
    scaffold(directory, demo=True)
    line = line_of(directory / name, next(iter(change)))
    replace(directory / name, change)
    checked = command("check", directory)
    assert checked.returncode == 1 and f"{name}:{line}: error: " in checked.stdout and hint in checked.stdout
    assert "Traceback" not in checked.stderr
    served = command("serve", directory, "--port", "0")
    assert served.returncode == 1 and f"{name}:{line}: error: " in served.stderr, served.stderr
    assert "listening" not in served.stdout and "Traceback" not in served.stderr
    assert not (directory / "store").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("check", "{nowhere}"),
        ("serve", "{nowhere}", "--port", "0"),
        ("why", "checkout_stall", "{nowhere}", "--user", "u"),
        ("why", "checkout_stall", "{plain}", "--user", "u"),
        ("replay", "{nowhere}"),
        ("replay", "{plain}"),
        ("quarantine", "{nowhere}"),
        ("quarantine", "{plain}"),
        ("quarantine", "{plain}", "--resubmit"),
        ("bench", "no_such"),
        ("bench", "hillstrom"),
        ("bench", "hillstrom", "--data", "no_such.csv"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(plain: Path, words: tuple[str, ...]) -> None:
    given = [word.format(nowhere=plain / "nowhere", plain=plain) for word in words]
    ended = command(*given)
    assert ended.returncode == 1 and (ended.stderr or ended.stdout)
    assert "Traceback" not in ended.stderr, ended.stderr


# --- beside a server ------------------------------------------------------------------------------------------------


def test_one_server_a_directory(tmp_path: Path, serve: Serve) -> None:
    server = serve(project(tmp_path / "shop"), SHIPPED)
    second = command("serve", server.directory, "--port", "0")
    assert second.returncode == 1 and "Traceback" not in second.stderr
    assert f"is in use by process {server.process.pid}" in second.stderr
    taken = command("serve", project(tmp_path / "other"), "--port", server.url.rpartition(":")[2])
    assert taken.returncode == 1 and "Traceback" not in taken.stderr and taken.stderr
    assert json.loads((server.directory / "server.json").read_text())["url"] == server.url
    assert server.http.get("/readyz").status_code == 200


def test_why_is_answered_beside_the_server(tmp_path: Path, serve: Serve) -> None:
    server = serve(project(tmp_path / "shop"), SHIPPED)
    early, poor, ready = somebody(), somebody(), somebody()
    batch(server, identify({}, userId="known", anonymousId=poor), *stall(step=2, anonymousId=early))
    batch(server, event("Checkout Step Viewed", {"step": 3}, anonymousId=poor))
    batch(server, *stall(anonymousId=ready))
    told = command("why", "checkout_stall", server.directory, "--anonymous", early)
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("It did not fire: a condition does not hold (false: event.properties.step >= 3).")
    assert "true    profile.cart_value >= 100.0    (profile.cart_value = 600" in told.stdout
    by_user = command("why", "checkout_stall", server.directory, "--user", "known")
    assert "false: profile.cart_value >= 100.0" in by_user.stdout
    waiting = command("why", "checkout_stall", server.directory, "--anonymous", ready)
    assert waiting.stdout.startswith("It did not fire: ")
    as_json = command("why", "checkout_stall", server.directory, "--anonymous", early, "--json")
    here = server.get("/v1/why", moment="checkout_stall", anonymous_id=early).json()
    assert json.loads(as_json.stdout) == here
    unknown = command("why", "checkout_stall", server.directory, "--user", somebody())
    assert (unknown.returncode, unknown.stdout) == (0, "Nobody with this identifier has been seen.\n")
    absent = command("why", "no_such", server.directory, "--user", "known")
    assert absent.returncode == 1 and "there are checkout_stall" in absent.stderr


def test_quarantine_as_json(tmp_path: Path, serve: Serve) -> None:
    server = serve(project(tmp_path / "shop"), SHIPPED)
    assert server.post("/v1/track", {"event": "Seen", "userId": "null"}).status_code == 400
    assert server.post("/v1/track", {"userId": "u1"}).status_code == 400
    listed = command("quarantine", server.directory, "--json")
    rows = json.loads(listed.stdout)
    assert [row["reason"] for row in rows] == ["missing_event", "blocked_id"]
    assert rows == server.get("/v1/quarantine", server.keys.admin).json()["quarantined"]


# --- replay ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory whose server saw a stall, a message, a purchase, and stopped."""
    server = Server(project(tmp_path_factory.mktemp("lived") / "shop", {"for: 20s": "for: 2s"}), SHIPPED)
    me = somebody()
    stream = Stream(server, anonymous_id=me, write_key=server.keys.write)
    batch(server, *stall(anonymousId=me))
    made = stream.wait_for("show")["id"]
    server.post("/v1/outcomes", {"decision_id": made, "outcome": "shown"})
    batch(server, event("Order Completed", {"revenue": 600}, anonymousId=me))
    assert stream.wait_for("recall")["id"] == made
    beside = command("replay", server.directory, "--json")
    assert beside.returncode == 0 and json.loads(beside.stdout)["different"] == 0
    assert server.stop() == 0
    stream.close()
    return server.directory


def test_the_log_says_what_the_state_says(lived: Path) -> None:
    replayed = command("replay", lived, "--json")
    found = json.loads(replayed.stdout)
    assert replayed.returncode == 0 and found["folded"] and found["decisions"] == 1 and found["different"] == 0
    assert found["inputs"] >= 7
    assert "0 different" in command("replay", lived).stdout


def first(transaction: Transaction, table: str) -> tuple[bytes, bytes]:
    return next(transaction.scan(table))


def miscount(transaction: Transaction) -> None:
    key, value = first(transaction, "moments")
    transaction.put("moments", key, value[:-1] + bytes([value[-1] ^ 1]))


def choose_otherwise(transaction: Transaction) -> None:
    key, value = first(transaction, "decisions")
    decision = records.decode_decision(value)
    decision.chosen = None
    transaction.put("decisions", key, records.encode_decision(decision))


def forget_somebody(transaction: Transaction) -> None:
    key, _ = first(transaction, "people")
    transaction.delete("people", key)


def rewrite_history(transaction: Transaction) -> None:
    key, value = next(pair for pair in transaction.scan("log") if b"Product Added" in pair[1])
    transaction.put("log", key, value.replace(b"Product Added", b"Product Adder"))


def lose_history(transaction: Transaction) -> None:
    key, _ = next(pair for pair in transaction.scan("log") if b"Espresso machine" in pair[1])
    transaction.delete("log", key)


def damage_history(transaction: Transaction) -> None:
    key, value = next(pair for pair in transaction.scan("log") if b"Espresso machine" in pair[1])
    transaction.put("log", key, value[:-3])


@pytest.mark.parametrize(
    ("tamper", "told"),
    [
        (miscount, "moments "),
        (choose_otherwise, "another choice from its own record"),
        (forget_somebody, "in the log, not in the state"),
        (rewrite_history, "people "),
        (lose_history, "people "),
        (damage_history, "log "),
    ],
)
def test_tampering_shows(lived: Path, tmp_path: Path, tamper: Callable[[Transaction], None], told: str) -> None:
    """One record of a copy is changed: replay tells it and exits with 1."""
    copy = tmp_path / "copy"
    shutil.copytree(lived, copy)
    store = LmdbStore(copy / "store")
    with store.write() as transaction:
        tamper(transaction)
    store.close()
    replayed = command("replay", copy)
    assert replayed.returncode == 1 and "Traceback" not in replayed.stderr, replayed.stderr
    assert told in replayed.stdout + replayed.stderr
    assert json.loads(command("replay", copy, "--json").stdout or '{"different": 1}')["different"] > 0
