"""How late events come: the histogram against sorted lists, who counts as a source, and what survives a restart."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import msgpack
from msgspec.structs import replace

from journeyloop.adapters.store.memory import MemoryStore
from journeyloop.model.event import Event
from journeyloop.model.inputs import Imported
from journeyloop.runtime.lag import (
    EVERY,
    GROWTH,
    KEY,
    LONGEST,
    REMEMBERED,
    SILENT,
    SOURCES,
    Histogram,
    LagLog,
    Lags,
    bucket_of,
    described,
    read_lags,
    source_of,
)
from journeyloop.runtime.writer import Work
from tests.property.rig import HOUR, MINUTE, SECOND, T
from tests.story.servers import eventually
from tests.unit.runtime.test_writer import Bench

PYTHON = {"library": {"name": "analytics-python", "version": "2.3.4"}}
ASKED = "Asked For"


def event(message: str, ago: int = 0, name: str = ASKED, source: str = "server", **fields: Any) -> Event:
    return Event("track", name, message, T - ago, **({"anonymous_id": "a1", "context": PYTHON} | fields), source=source)


def logged(*events: Event, now: int = T, listened: frozenset[str] = frozenset({ASKED})) -> LagLog:
    log = LagLog(Lags())
    log.note(events, now, listened)
    return log


def saved(bench: Bench) -> Lags:
    with bench.store.read() as reader:
        return read_lags(reader)


# --- the histogram --------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, LONGEST), min_size=1, max_size=REMEMBERED), st.sampled_from([0.01, 0.5, 0.95, 1.0]))
def test_a_percentile_is_that_of_the_sorted_list_within_a_bucket(lags: list[int], share: float) -> None:
    seen = Histogram()
    for lag in lags:
        seen.add(bucket_of(lag), T)
    exact = sorted(lags)[ceil(share * len(lags)) - 1]
    assert exact / GROWTH - 0.5 <= seen.percentile(share) <= exact * GROWTH + 0.5


@given(st.integers(-LONGEST, 10 * LONGEST))
def test_any_lag_has_a_bucket(lag: int) -> None:
    """The future counts as at once, years as a month."""
    seen = Histogram()
    seen.add(bucket_of(lag), T)
    assert 0 <= seen.percentile(0.5) <= LONGEST * GROWTH


def test_nothing_seen_has_no_lag() -> None:
    assert Histogram().percentile(0.95) == 0


def test_it_forgets() -> None:
    """A source that was late for long and is now on time, is on time."""
    seen = Histogram()
    for _ in range(10 * REMEMBERED):
        seen.add(bucket_of(HOUR), T)
    for _ in range(2 * REMEMBERED):
        seen.add(bucket_of(SECOND), T)
    assert seen.percentile(0.5) < 2 * SECOND
    assert seen.total == sum(seen.counts) <= REMEMBERED
    assert seen.events == 12 * REMEMBERED


# --- who sends ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("context", "source"),
    [
        (PYTHON, "server: analytics-python"),
        ({}, "server"),
        ({"library": "analytics-python"}, "server"),
        ({"library": {"name": ["a"]}}, "server"),
        ({"library": {"name": ""}}, "server"),
        ({"library": {"name": "x" * 1000}}, f"server: {'x' * 64}"),
        ({"library": {"name": "\x1b[2Jgone"}}, "server: other"),
    ],
)
def test_a_source_is_a_door_and_a_library(context: dict[str, Any], source: str) -> None:
    assert source_of(event("m1", context=context)) == source


def test_a_flood_of_names_hides_no_server() -> None:
    """The write key is public: its holders fill their own half of the list only."""
    made_up = [
        event(f"m{n}", ago=HOUR, source="browser", context={"library": {"name": f"n{n}"}}, name=ASKED)
        for n in range(1_000)
    ]
    log = logged(*made_up, event("last"))
    assert len(log.lags.sources) == SOURCES + 2 == len(log.lags.by_event[ASKED])
    assert log.lags.sources["browser: other"].events == 1_000 - SOURCES
    assert log.lags.by_event[ASKED]["server: analytics-python"].events == 1


def test_what_nobody_listens_to_counts_for_its_source_only() -> None:
    log = logged(event("m1", ago=MINUTE, name="Product Viewed"), event("m2", ago=MINUTE))
    [row] = described(log.lags)
    assert (row["source"], row["events"], row["last"]) == ("server: analytics-python", 2, T)
    assert [(one["event"], one["events"]) for one in row["by_event"]] == [(ASKED, 1)]
    assert MINUTE / GROWTH <= row["p50_ms"] <= row["p95_ms"] <= MINUTE * GROWTH


# --- keeping --------------------------------------------------------------------------------------------------------


def test_it_is_saved_now_and_then_and_what_went_silent_is_forgotten() -> None:
    store, log = MemoryStore(), logged(event("m1"), event("m2", source="browser"))

    def save(now: int, listened: frozenset[str] = frozenset({ASKED})) -> Lags:
        with store.write() as transaction:
            log.save(transaction, now, listened)
        with store.read() as reader:
            return read_lags(reader)

    assert len(save(T).sources) == 2
    log.note([event("m3")], T + 1, {ASKED})
    assert log.due == T + EVERY
    assert save(T + EVERY - 1).sources["server: analytics-python"].events == 1
    assert save(T + EVERY).sources["server: analytics-python"].events == 2
    log.note([event("m4")], T + SILENT, {ASKED})
    kept = save(T + SILENT)
    assert list(kept.sources) == list(kept.by_event[ASKED]) == ["server: analytics-python"]
    log.note([event("m5", source="browser")], T + SILENT, {ASKED})
    assert log.lags.sources["browser: analytics-python"].events == 1
    log.note([event("m6")], T + SILENT, {ASKED})
    assert save(T + SILENT + EVERY, frozenset()).by_event == {}


@pytest.mark.parametrize("damaged", [b"", b"\xc1", msgpack.encode([{"server": [[1, 2], 3, 3, 3]}, {}])])
def test_what_is_damaged_counts_as_nothing_known(damaged: bytes) -> None:
    store = MemoryStore()
    with store.write() as transaction:
        transaction.put("meta", KEY, damaged)
    with store.read() as reader:
        assert read_lags(reader) == Lags()


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.writer.stop()


def test_the_writer_notes_each_event_once_and_nothing_that_was_imported(bench: Bench) -> None:
    again = event("m1", ago=HOUR)
    bench.submit([again, again, Imported(event("m2", ago=HOUR))])
    [row] = described(saved(bench))
    assert (row["events"], row["by_event"][0]["events"]) == (1, 1)


def test_a_refused_batch_is_not_counted_twice(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from journeyloop.runtime import batch as batches

    advance = batches.advance

    def stumble(customer: Any, message: Any, frame: Any) -> None:
        if getattr(message.input, "message_id", "") == "poison":
            raise ZeroDivisionError
        advance(customer, message, frame)

    monkeypatch.setattr(batches, "advance", stumble)
    answers = bench.submit([event("m1")], [event("poison")], [event("m2")])
    assert [one is None for one in answers] == [True, False, True]
    bench.now += EVERY
    bench.submit([event("m3")])
    assert described(saved(bench))[0]["events"] == 3


def test_the_wait_in_the_quarantine_is_not_the_senders(bench: Bench) -> None:
    assert bench.writer.offer(Work([event("m1", ago=HOUR)], (), lambda error: None, also=lambda transaction: None))
    bench.submit([event("m2", source="browser")])
    assert [row["source"] for row in described(saved(bench))] == ["browser: analytics-python"]


def test_the_last_of_a_burst_is_saved_though_nothing_follows(bench: Bench) -> None:
    bench.submit([event("m1")])
    bench.now = T + EVERY - 50
    bench.submit([event("m2")])
    assert described(saved(bench))[0]["events"] == 1
    bench.now = T + EVERY
    eventually(lambda: described(saved(bench))[0]["events"], lambda events: events == 2)


def test_a_restart_goes_on_where_it_was() -> None:
    first = Bench()
    first.submit([event("m1", ago=HOUR)])
    first.writer.stop()
    log = LagLog(saved(first))
    log.note([event("m2")], T, {ASKED})
    assert described(log.lags)[0]["events"] == 2
    assert not log.lags.sources["server: analytics-python"].percentile(0.95) < HOUR / GROWTH


def test_identifiers_that_were_not_taken_are_counted(bench: Bench) -> None:
    six = [replace(event(f"m{n}", traits={"email": f"a{n}@example.com"}), kind="identify") for n in range(6)]
    bench.submit([replace(event("m9", traits={"email": "not an address"}), kind="identify"), *six])
    refused = [one.refused for one in bench.published if one.refused]
    assert refused == [{("email", "malformed_email"): 1, ("email", "identifier_limit"): 1}]
