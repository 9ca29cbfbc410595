"""A history run over the moments before they go live: beside a real server, which saw the same events as they happened,
and from every kind of file, good and bad.
"""

from __future__ import annotations

import csv
import gzip
import json
import time
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from journeyloop.adapters.sources.in_order import InOrder
from journeyloop.adapters.store.directory import open_reader
from journeyloop.adapters.store.memory import MemoryStore
from journeyloop.app import configuration
from journeyloop.model.decision import Decision
from journeyloop.model.event import Event
from journeyloop.runtime import records
from journeyloop.runtime.backtest import Backtest
from journeyloop.runtime.memory import read_secret
from tests.story.conftest import Serve
from tests.story.projects import HERO, NOTHING, project
from tests.story.servers import SHIPPED, Server, command, eventually
from tests.story.visits import CONSENTED, batch, event, identify

pytestmark = pytest.mark.slow

HEAD = "title: {name}\npurpose: {purpose}\ntopic: {name}\ndetect: {detect}\nexpires: 5m\n"
REST = "goal: {event: Order Completed, within: 30m}\nholdout: %s\nlearn: {mode: %s}\nactions: [%s]\n"
ACTION = "{action: %s, channel: onpage, content: {title: Hello}}"


def moment(name: str, detect: str, purpose: str = "service", holdout: str = "0%", mode: str = "fixed") -> str:
    actions = ", ".join(ACTION % one for one in ("one", "two"))
    head = HEAD.format(name=name, purpose=purpose, detect=detect)
    return f"moment: {name}\n{head}{REST % (holdout, mode, actions)}"


MOMENTS = {
    "checkout_stall": moment(
        "checkout_stall", "{event: Checkout Step Viewed, by: checkout_id, absent: [Order Completed], for: 1s}",
        "marketing", "30%",
    ),
    "dear": moment("dear", "{event: Product Viewed, where: event.properties.price >= 500.0}", mode="full"),
    "course": moment("course", "{sequence: [Product Viewed, Product Added], within: 10m}", holdout="50%"),
    "gone": moment("gone", "{inactive: 1s, after: Product Added}", mode="shadow") + "cancel_on: [Order Completed]\n",
}  # fmt: skip
POLICY = """purposes: {marketing: {consent: required}, service: {consent: not_required}}
holdout: 10%
caps: [{per: person, at_most: 1, within: 1m}]
"""
FILES = {f"moments/{name}.yaml": text for name, text in MOMENTS.items()} | {"policy.yaml": POLICY}
VISITORS = 24


def plain(directory: Path, files: Mapping[str, str] = NOTHING) -> Path:
    """Without the hero: nobody asks in a history."""
    made = project(directory, files=files)
    (made / HERO).unlink()
    return made


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return plain(tmp_path / "shop", FILES)


# --- the same events through a server ---------------------------------------------------------------------------------


def visit(number: int) -> list[list[dict[str, Any]]]:
    """What one visitor sends in each of four waves; two of them are one customer, if they log in. An order is the last
    thing a customer does: no tab is open here, so a message waits for one. A backtest takes it for sent, and an order
    that takes it back would tell the two apart."""
    rng, customer = Random(number), number % (VISITORS // 2)
    browser, context = {"anonymousId": f"browser-{number}"}, CONSENTED if rng.random() < 0.7 else {}
    who = browser | ({"userId": f"user-{customer}"} if rng.random() < 0.3 else {})
    orders, checkout = customer % 3 == 0, {"checkout_id": f"c{number}"}
    viewed = [event("Product Viewed", {"price": price}, **who, context=context) for price in (600.0, 20.0, 600.0)]
    added = event("Product Added", {"product_id": "p", "price": 20.0}, **who, context=context)
    stepped = event("Checkout Step Viewed", checkout, **who, context=context)
    ordered = event("Order Completed", checkout | {"revenue": 20.0}, **who, context=context)
    login = [identify({"tier": "gold"}, userId=f"user-{customer}", **browser)] if rng.random() < 0.6 else []
    first = [viewed[0]] if rng.random() < 0.5 else [viewed[1]]
    return [first, [*login, added, stepped], [ordered] if orders else [], [] if orders else [viewed[2]]]


def live(server: Server) -> None:
    visits = [visit(number) for number in range(VISITORS)]
    for wave, wait in enumerate((1.6, 0.0, 1.6, 1.6)):
        for events in visits:
            if events[wave]:
                batch(server, *events[wave])
        time.sleep(wait)
    batch(server, event("Page Seen", anonymousId="last"))


def logged(directory: Path) -> list[Event]:
    with closing(open_reader(directory)) as store, store.read() as reader:
        inputs = [records.decode_log(raw)[1] for _, raw in reader.scan("log")]
    return [one for one in inputs if isinstance(one, Event)]


def decided(directory: Path) -> list[Decision]:
    with closing(open_reader(directory)) as store, store.read() as reader:
        return [records.decode_decision(raw) for _, raw in reader.scan("decisions")]


def written(directory: Path) -> tuple[dict[Path, int], int]:
    """When each file was last written, and how long the log is: a server that runs notes how late its sources are."""
    files = [path for path in directory.rglob("*") if path.is_file() and path.parent.name != "store"]
    with closing(open_reader(directory)) as store, store.read() as reader:
        log = sum(1 for _ in reader.scan("log"))
    return {path: path.stat().st_mtime_ns for path in files}, log


def call(one: Event) -> dict[str, Any]:
    """An event of the log as the call it was."""
    at = datetime.fromtimestamp(one.time / 1000, UTC).isoformat()
    said = {"type": one.kind, "messageId": one.message_id, "timestamp": at, "context": one.context}
    said |= {"anonymousId": one.anonymous_id, "userId": one.user_id}
    if one.kind == "track":
        return said | {"event": one.name, "properties": one.properties}
    return said | {"traits": one.traits}


def as_lines(path: Path, calls: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in calls))
    return path


def timeless(decision: Decision) -> dict[str, Any]:
    """What must be the same. The time of arrival is not: the server took it from the wall clock, the backtest from the
    event; and with it the board, which counts the windows closed by then."""
    fields = {name: getattr(decision, name) for name in decision.__struct_fields__}
    rows = [(row.moment, row.arm, row.mode, row.doubts) for row in decision.rows]
    return {**fields, "rows": rows, "at": 0, "expires": 0, "board": 0}


def different(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return {name: (one[name], other[name]) for name in one if one[name] != other[name]}


def test_the_same_events_through_a_server_and_a_backtest_give_the_same_signals_and_decisions(
    shop: Path, tmp_path: Path, serve: Serve
) -> None:
    server = serve(shop, SHIPPED)
    live(server)
    eventually(lambda: logged(shop), lambda events: events[-1].anonymous_id == "last")
    history = as_lines(tmp_path / "history.jsonl", [call(one) for one in logged(shop)])
    before = written(shop)
    told = backtested(shop, history)
    assert written(shop) == before
    assert server.get("/healthz").status_code == 200

    loaded, found = configuration(shop).plan, []
    assert loaded is not None
    with closing(open_reader(shop)) as store, store.read() as reader:
        secret = read_secret(reader)
    assert secret is not None
    with InOrder() as ordered:
        for one in logged(shop):
            ordered.add(one)
        list(Backtest(loaded, secret, MemoryStore(), lambda one, _: found.append(one)).run(ordered))
    ours, theirs = ({one.id: timeless(one) for one in some} for some in (found, decided(shop)))
    assert ours.keys() == theirs.keys()
    assert [different(ours[id_], theirs[id_]) for id_ in ours if ours[id_] != theirs[id_]] == []

    reasons = {verdict.verdict.partition(":")[0] for one in found for verdict in one.candidates}
    assert {"eligible", "held out", "consent", "cap"} <= reasons, "too tame to show anything"
    assert told["own_secret"] and {row["moment"]: row["signals"] for row in told["moments"]} == {
        name: server.moment(name)["signals"] for name in MOMENTS
    }
    for row in told["moments"]:
        counted = server.moment(row["moment"])
        assert row["held_out"] == counted["held_out"] and row["silent"] == counted["silent"]
    assert all(row["signals"] for row in told["moments"])


# --- files ------------------------------------------------------------------------------------------------------------


def backtested(directory: Path, file: Path, *words: str) -> dict[str, Any]:
    done = command("backtest", directory, "--events", file, "--json", *words)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def rows(count: int = 200) -> list[dict[str, str]]:
    """Ten days of a shop, as a warehouse exports it."""
    begin = datetime(2024, 3, 1, tzinfo=UTC).timestamp()
    names = ("Product Viewed", "Product Added", "Checkout Step Viewed", "Order Completed")
    made = []
    for number in range(count):
        name = names[number % 3 if number % 20 else 3]
        at = datetime.fromtimestamp(begin + number * 10 * 86_400 / count, UTC).isoformat()
        row = {"user_id": f"u{number // 3 % 30}", "event": name, "timestamp": at, "price": "600"}
        made.append({**row, "checkout_id": f"c{number // 3}", "message_id": f"m{number}"})
    return made


def as_csv(path: Path, some: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as text:
        writer = csv.DictWriter(text, list(some[0]))
        writer.writeheader()
        writer.writerows(some)
    return path


def formats(folder: Path) -> dict[str, Path]:
    """The same events in every format, and in another order."""
    import duckdb

    made = {"csv": as_csv(folder / "events.csv", rows())}
    made["jsonl"] = as_lines(folder / "events.jsonl", rows())
    made["gz"] = folder / "events.csv.gz"
    made["gz"].write_bytes(gzip.compress(made["csv"].read_bytes()))
    made["parquet"] = folder / "events.parquet"
    duckdb.sql(f"COPY (SELECT * FROM read_csv('{made['csv']}', all_varchar=true)) TO '{made['parquet']}'")
    shuffled = Random(1).sample(rows(), len(rows()))
    made["shuffled"] = as_csv(folder / "shuffled.csv", shuffled)
    return made


def test_every_format_in_any_order_gives_the_same_report(shop: Path, tmp_path: Path) -> None:
    told = {name: backtested(shop, file) for name, file in formats(tmp_path).items()}
    first = told.pop("csv") | {"file": ""}
    for name, other in told.items():
        assert other | {"file": ""} == first, name
    assert (first["rows"], first["events"], first["people"]) == (200, 200, 30)
    assert first["own_secret"] is False and not (shop / "store").exists()
    assert first["assumed"] == {"consent": False, "tab": False}
    stall = next(row for row in first["moments"] if row["moment"] == "checkout_stall")
    assert stall["signals"] == sum(stall["hours"]) == sum(stall["weekdays"]) > 0
    assert stall["without_consent"] + stall["held_out"] == stall["signals"] and stall["decided"] == {}


def test_as_if_everybody_had_consented_tells_what_remains(shop: Path, tmp_path: Path) -> None:
    told = backtested(shop, as_csv(tmp_path / "events.csv", rows()), "--assume-consent")
    stall = next(row for row in told["moments"] if row["moment"] == "checkout_stall")
    assert stall["without_consent"] == 0 and stall["decided"]["one"] > 0
    words = command("backtest", shop, "--events", tmp_path / "events.csv", "--assume-consent").stdout
    assert "As if everybody had consented" in words and "would act" in words and "anyway" in words


def test_presence_that_nobody_knows_is_counted_as_unknown(tmp_path: Path) -> None:
    shop, file = plain(tmp_path / "plain"), as_csv(tmp_path / "events.csv", rows())
    (shop / "moments/checkout_stall.yaml").write_text(
        moment("checkout_stall", "{event: Checkout Step Viewed, absent: [Order Completed], for: 1m, present: true}")
    )
    [told] = backtested(shop, file)["moments"]
    assert told["signals"] == 0 and told["unknown"] > 0 and "presence_unknown" not in told["gated"]
    [bound] = backtested(shop, file, "--assume-tab")["moments"]
    assert bound["signals"] == told["unknown"] and bound["unknown"] == 0
    words = command("backtest", shop, "--events", file).stdout
    assert f"at most {told['unknown']} more signals" in words
    assert "An upper bound" in command("backtest", shop, "--events", file, "--assume-tab").stdout


def test_broken_rows_are_counted_with_their_reasons_and_the_first_are_named(shop: Path, tmp_path: Path) -> None:
    good, broken = rows(40), [{**rows(1)[0], "timestamp": "soon"} for _ in range(25)]
    late = {**rows(1)[0], "timestamp": "1970-01-02T00:00:00Z"}
    ahead = {**rows(1)[0], "timestamp": "2999-01-01T00:00:00Z"}
    file = as_csv(tmp_path / "events.csv", [*good, late, ahead, *broken])
    refused = backtested(shop, file)["refused"]
    assert refused["rows"] == 27
    assert refused["reasons"] == {"time_invalid": 25, "time_too_old": 1, "time_in_future": 1}
    assert refused["first"][:2] == [{"row": 41, "reason": "time_too_old"}, {"row": 42, "reason": "time_in_future"}]
    assert len(refused["first"]) == 20
    assert "27 rows refused" in command("backtest", shop, "--events", file).stdout


@pytest.mark.parametrize(
    ("name", "content", "words", "told"),
    [
        ("absent.csv", None, (), "absent.csv"),
        ("events.txt", b"", (), ".parquet"),
        ("empty.jsonl", b"", (), "no event to run over"),
        ("head.csv", b"user_id,event,timestamp\n", (), "no event to run over"),
        ("broken.jsonl", b'{"a": \n"\n', (), "2 malformed_json"),
        ("broken.parquet", b"PAR1", (), "broken.parquet"),
        (
            "cut.csv.gz",
            gzip.compress(b"user_id\n" + b"u\n" * 10_000)[:40],
            (),
            "cut.csv.gz: Compressed file ended before",
        ),
        ("none.csv.gz", b"user_id\n", (), "none.csv.gz: Not a gzipped file"),
        ("some.csv", b"a\n1\n", ("--zone", "Mars/Phobos"), "not a time zone"),
        ("some.csv", b"a\n1\n", ("--map", "a"), "COLUMN=FIELD"),
    ],
)
def test_what_cannot_be_run_is_told_in_a_sentence(
    shop: Path, tmp_path: Path, name: str, content: bytes | None, words: tuple[str, ...], told: str
) -> None:
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    done = command("backtest", shop, "--events", file, *words)
    assert done.returncode == 1 and told in done.stderr and "Traceback" not in done.stderr and not done.stdout


def test_without_a_moment_there_is_nothing_to_test(tmp_path: Path) -> None:
    shop, file = plain(tmp_path / "plain"), as_csv(tmp_path / "events.csv", rows(4))
    (shop / "moments/checkout_stall.yaml").unlink()
    done = command("backtest", shop, "--events", file)
    assert done.returncode == 1 and "no moment" in done.stderr
