"""What /metrics tells. One registry per running loop; no label ever carries anything of a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from journeyloop.model.plan import Plan
from journeyloop.runtime.lag import Lags

Tallied = dict[tuple[str, int, str], int]
NEVER_TRUE_AFTER = 1_000


class Clauses(Collector):
    """How often each clause of each moment was true, false, missing or of the wrong type, since the start."""

    def __init__(self, plan: Callable[[], Plan]) -> None:
        self.plan = plan
        self.counts: Tallied = {}

    def add(self, tally: Tallied) -> None:
        for key, count in tally.items():
            self.counts[key] = self.counts.get(key, 0) + count

    def of(self, moment: str) -> list[dict[str, object]]:
        """Per clause: its text and counts. `never_true` after 1,000 evaluations points at one that cannot be met."""
        found = self.plan().moments[moment]
        rows = []
        for index, clause in enumerate(found.clauses):
            counts = {
                truth: self.counts.get((moment, index, truth), 0) for truth in ("true", "false", "missing", "type")
            }
            never = counts["true"] == 0 and sum(counts.values()) >= NEVER_TRUE_AFTER
            rows.append({"text": clause.text, **counts, "never_true": never})
        return rows

    def collect(self) -> Iterable[CounterMetricFamily]:
        family = CounterMetricFamily(
            "journeyloop_clause", "Evaluations of a moment's clause", labels=("moment", "clause", "result")
        )
        for name in self.plan().moments:
            for row in self.of(name):
                for truth in ("true", "false", "missing", "type"):
                    family.add_metric((name, str(row["text"]), truth), float(str(row[truth])))
        yield family


class SourceLag(Collector):
    """From event time to receipt, per source, as last told."""

    def __init__(self) -> None:
        self.lags = Lags()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        family = GaugeMetricFamily(
            "journeyloop_source_lag_seconds", "From event time to receipt", labels=("source", "quantile")
        )
        for source, seen in sorted(self.lags.sources.items()):
            for share in (0.5, 0.95):
                family.add_metric((source, str(share)), seen.percentile(share) / 1000)
        yield family


class Channels(Collector):
    """Each way out, as it was when last asked for."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def collect(self) -> Iterable[CounterMetricFamily | GaugeMetricFamily]:
        told = CounterMetricFamily("journeyloop_told", "What channels told of messages", labels=("channel", "state"))
        waiting = GaugeMetricFamily("journeyloop_waiting", "Messages that wait for a channel", labels=("channel",))
        in_hand = GaugeMetricFamily("journeyloop_in_hand", "Messages in a channel's hand", labels=("channel",))
        closed = GaugeMetricFamily(
            "journeyloop_circuit_closed", "1: the channel is not in trouble", labels=("channel",)
        )
        for row in self.rows:
            name = (row["channel"],)
            waiting.add_metric(name, row["waiting"])
            in_hand.add_metric(name, row["in_hand"])
            closed.add_metric(name, float(row["circuit"] == "closed"))
            for state, count in row["told"].items():
                told.add_metric((*name, state), count)
        yield from (told, waiting, in_hand, closed)


class Metrics:
    def __init__(self, plan: Callable[[], Plan]) -> None:
        self.registry = CollectorRegistry()
        self.clauses = Clauses(plan)
        self.registry.register(self.clauses)
        self.channels = Channels()
        self.registry.register(self.channels)
        self.lag = SourceLag()
        self.registry.register(self.lag)
        self.inputs = Counter("journeyloop_inputs", "Inputs applied", registry=self.registry)
        self.duplicates = Counter("journeyloop_duplicates", "Events that had been seen before", registry=self.registry)
        self.refused = Counter("journeyloop_refused", "Refused inputs by reason", ["reason"], registry=self.registry)
        self.hooks = Counter(
            "journeyloop_hooks", "What other services sent, by what became of it", ["source", "result"],
            registry=self.registry,
        )  # fmt: skip
        self.identifiers = Counter(
            "journeyloop_identifiers_refused", "Identifiers not taken", ["type", "reason"], registry=self.registry
        )
        self.timers = Counter("journeyloop_timers_fired", "Timers that came due", registry=self.registry)
        self.batches = Histogram(
            "journeyloop_batch_inputs",
            "Inputs per batch",
            registry=self.registry,
            buckets=(1, 3, 10, 30, 100, 300, 1000),
        )
        self.waiting = Gauge("journeyloop_inbox_waiting", "Inputs that wait for the writer", registry=self.registry)
        self.browsers = Gauge("journeyloop_browsers", "Browsers with an open stream", registry=self.registry)
        self.notes = Counter("journeyloop_happenings", "What the loop did", ["kind", "moment"], registry=self.registry)

    def refuse(self, identifiers: dict[tuple[str, str], int]) -> None:
        """Count identifiers that were not taken, by (type, reason)."""
        for key, count in identifiers.items():
            self.identifiers.labels(*key).inc(count)

    def text(self) -> bytes:
        return generate_latest(self.registry)
