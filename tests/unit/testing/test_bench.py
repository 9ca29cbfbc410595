"""The benches' own arithmetic, and that their traffic is what they say."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from contextlib import closing
from itertools import islice
from pathlib import Path

from msgspec import json

from journeyloop.adapters.store.directory import open_reader
from journeyloop.detect.parse import parse_batch
from journeyloop.runtime import reads
from journeyloop.runtime.memory import read_secret
from journeyloop.testing.bench import NAMES, backtest
from journeyloop.testing.bench.identity import Run
from journeyloop.testing.bench.measure import medians, noise, paced, percentile, report, windows
from journeyloop.testing.bench.people import anonymous_id, traits, user_id
from journeyloop.testing.bench.profile import Visitors
from journeyloop.testing.bench.scenes import PEOPLE
from journeyloop.testing.bench.traffic import at_random, bodies, sessions
from journeyloop.testing.bench.visitors import eight, preload, weighed

LISTENED = {"Product Viewed", "Checkout Step Viewed", "Order Completed"}


def test_percentiles_are_by_nearest_rank() -> None:
    values = list(range(100, 0, -1))
    assert (percentile(values, 0.5), percentile(values, 0.99), percentile([7.0], 0.99)) == (51, 100, 7)


def test_a_figure_is_the_median_over_the_runs() -> None:
    assert medians([[1, 1], [5, 5], [100, 100]]) == [5, 5]


def test_windows_are_equal_spans_of_time() -> None:
    pairs = [(float(at), float(at)) for at in range(10)]
    assert windows(pairs, 5) == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]


def test_pacing_drops_nothing() -> None:
    async def ticks() -> list[int]:
        return [tick async for tick in paced(1000, 0.05)]

    assert asyncio.run(ticks()) == list(range(50))


def test_the_noise_of_the_machine_is_told_once_the_sleeper_ends() -> None:
    with noise() as p99_ms:
        assert p99_ms() >= 0.0
        assert p99_ms() == p99_ms()


def test_a_report_has_the_shape_of_the_command() -> None:
    told = report("ingest", {"figure": 1.23456}, 0.5, more="words")
    assert told["figures"] == {"figure": 1.235}
    assert told["context"]["noise_p99_ms"] == 0.5
    assert json.decode(json.encode(told))["bench"] == "ingest"


def test_every_bench_of_the_issue_has_its_name() -> None:
    assert NAMES.keys() >= {"ingest", "stall", "push", "decide", "recovery", "kill", "identity", "profile"}


def test_a_small_history_is_backtested() -> None:
    told = backtest.run(events=2_000, people=200)
    assert told["context"]["events"] == 2_000 and told["context"]["signals"].keys() == {"checkout_stall", "dear_view"}
    assert told["figures"]["events_per_s_per_core"] > 0 and told["figures"]["resident_mb"] > 0


def test_three_in_ten_events_are_listened_to_and_one_in_a_hundred_is_dear() -> None:
    events = list(islice(sessions(random.Random(1), 300, 1000), 20_000))
    listened = sum(event.get("event") in LISTENED for event in events) / len(events)
    dear = sum(event.get("event") == "Product Viewed" and event["properties"]["price"] >= 955 for event in events)
    assert 0.28 < listened < 0.32
    assert 0.007 < dear / len(events) < 0.013


def test_sessions_are_ten_to_twenty_events_of_one_person() -> None:
    events = islice(sessions(random.Random(1), 50, 10**9), 20_000)
    lengths = Counter(event["userId"] for event in events)
    complete = sorted(lengths.values())[100:]
    assert min(complete) >= 10
    assert max(complete) <= 20


def test_the_server_takes_every_event_of_the_traffic() -> None:
    for body in bodies(at_random(random.Random(1), 1000), 5, 100):
        parsed = parse_batch(body, None, 2**41, "server", lambda: "fresh")
        assert (len(parsed.events), parsed.rejected) == (100, [])


def test_people_have_thirty_traits_and_ids_of_their_own() -> None:
    assert len(traits(7)) == 30
    assert len({(user_id(number), anonymous_id(number)) for number in range(1000)}) == 1000


def test_two_logins_in_three_are_merges() -> None:
    assert Run(merge=100.0, claim=70.0, again=40.0, visit=0.0, visit_again=0.0).login_above == 50.0


def test_a_reader_of_profiles_asks_for_one_person_at_a_time_and_knows_their_count() -> None:
    visitors = Visitors(random.Random(1))
    first, second = ([visitors.next() for _ in range(PEOPLE)] for _ in range(2))
    assert sorted(first) == [(person, 1) for person in range(PEOPLE)]
    assert sorted(second) == [(person, 2) for person in range(PEOPLE)]


def test_the_identity_bench_begins_with_people_and_with_visitors_who_are_others(tmp_path: Path) -> None:
    preload(tmp_path, 10, 4)
    found = weighed(tmp_path, [])
    assert (found.people, found.identifiers, found.merges) == (14, 14, 0)
    with closing(open_reader(tmp_path)) as store, store.read() as reader:
        secret = read_secret(reader) or b""
        known = reads.find_customer(reader, secret, ("user_id", user_id(3)))
        visitor = reads.find_customer(reader, secret, ("anonymous_id", anonymous_id(3)))
    assert known is not None and visitor is not None
    assert (known.header.known, len(known.traits), visitor.header.known) == (True, len(eight(3)), False)
    assert visitor.header.events == sum(visitor.header.counts.values()) == visitor.header.session.events
