"""How late events come, by who sends them: a histogram per source that forgets.

An observation beside the state, never part of it: no turn reads it, and a replay does not make it again. It lies under
`meta`, so that whoever can read the store can ask; what came in the last seconds before a crash is not in it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable
from typing import Any

import msgspec
from msgspec import Struct, field, msgpack

from journeyloop.model.event import Event
from journeyloop.model.moment import DAY
from journeyloop.runtime.ports import Reader, Transaction

GROWTH = 1.25
LONGEST = 30 * DAY
REMEMBERED = 2_000
"""Beyond so many events a histogram halves its counts: what a source does now outweighs what it did."""
SOURCES = 25
"""So many sources of each door have a name of their own. Each door for itself: whoever holds the public write key could
otherwise fill the list with names and hide the servers'."""
NAME = 64
SILENT = 30 * DAY
"""A source not heard of for that long (ms) is forgotten."""
EVERY = 10_000
KEY = b"lag"
NEVER = 1 << 62


def _edges() -> list[float]:
    edges = [1.0]
    while edges[-1] < LONGEST:
        edges.append(edges[-1] * GROWTH)
    return edges


EDGES = _edges()
"""Where one bucket ends and the next begins (ms)."""


class Histogram(Struct, array_like=True, gc=False):
    """Lags in ms. `total` is what `counts` hold, `events` all there ever were, `last` when the newest came."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(EDGES) + 1))
    total: int = 0
    events: int = 0
    last: int = 0

    def add(self, bucket: int, now: int) -> None:
        self.counts[bucket] += 1
        self.events += 1
        self.last = now
        self.total = total = self.total + 1
        if total > REMEMBERED:
            self.counts = [count // 2 for count in self.counts]
            self.total = sum(self.counts)

    def percentile(self, share: float) -> int:
        """The lag (ms) that this share of the events does not exceed, within a factor of `GROWTH`; 0 without events."""
        rank, below = share * self.total, 0
        for bucket, count in enumerate(self.counts):
            if count and below + count >= rank:
                return _between(bucket, (rank - below) / count)
            below += count
        return 0


def bucket_of(lag: int) -> int:
    return bisect_right(EDGES, lag) if lag > 0 else 0


def _between(bucket: int, share: float) -> int:
    if bucket == 0:
        return 0
    low, high = EDGES[bucket - 1], EDGES[min(bucket, len(EDGES) - 1)]
    return round(low + (high - low) * share)


class Lags(Struct, array_like=True):
    """Source -> its lags; event name -> source -> its lags, for the names that some moment listens to."""

    sources: dict[str, Histogram] = {}
    by_event: dict[str, dict[str, Histogram]] = {}


def read_lags(reader: Reader) -> Lags:
    """What was last saved. What is damaged, or of other buckets than these, counts as nothing known."""
    raw = reader.get("meta", KEY)
    try:
        found = Lags() if raw is None else msgpack.decode(raw, type=Lags)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Lags()
    histograms = [*found.sources.values(), *(one for by in found.by_event.values() for one in by.values())]
    return found if all(len(one.counts) == len(EDGES) + 1 for one in histograms) else Lags()


def library_of(event: Event) -> str | None:
    library = event.context.get("library")
    name = library.get("name") if type(library) is dict else None
    return name if type(name) is str else None


def source_of(event: Event) -> str:
    """The door and the sender's library, as in `browser: analytics.js`; the door alone if none is named."""
    name = library_of(event)
    if not name:
        return event.source
    return f"{event.source}: {name[:NAME]}" if name.isprintable() else _other(event.source)


def _other(door: str) -> str:
    return f"{door}: other"


class LagLog:
    """The writer's hand on the lags: it notes what was applied, and saves now and then within a commit."""

    def __init__(self, lags: Lags) -> None:
        self.lags = lags
        self.changed = False
        self._saved = 0
        self._known: dict[tuple[str, str | None], Histogram] = {}
        """By door and library as sent: most events need no name made for them."""

    @property
    def due(self) -> int:
        """When (ms) to save what changed; far away if nothing did."""
        return self._saved + EVERY if self.changed else NEVER

    def note(self, events: Iterable[Event], now: int, listened: Collection[str]) -> None:
        """`now` is when they were received; `listened` the event names that some moment listens to."""
        known = self._known
        for event in events:  # the path of every event: what may be called is written out
            library = event.context.get("library")
            name = library.get("name") if type(library) is dict else None
            seen = known.get((event.source, name if type(name) is str else None))
            lag = now - event.time
            bucket = bisect_right(EDGES, lag) if lag > 0 else 0
            (seen or self._meet(event)).add(bucket, now)
            if event.name in listened:
                self._of_name(event).add(bucket, now)
            self.changed = True

    def save(self, transaction: Transaction, now: int, listened: Collection[str]) -> None:
        """Write them if they changed, at most every ten seconds."""
        if self.due > now:
            return
        self._forget(now, listened)
        transaction.put("meta", KEY, msgpack.encode(self.lags))
        self._saved, self.changed = now, False

    def _meet(self, event: Event) -> Histogram:
        source = self._named(event)
        seen = self.lags.sources.get(source)
        if seen is None:
            seen = self.lags.sources[source] = Histogram()
        if source != _other(event.source):
            self._known[event.source, library_of(event)] = seen
        return seen

    def _named(self, event: Event) -> str:
        source, sources = source_of(event), self.lags.sources
        if source in sources or sum(_door(one) == event.source for one in sources) < SOURCES:
            return source
        return _other(event.source)

    def _of_name(self, event: Event) -> Histogram:
        by, source = self.lags.by_event.setdefault(event.name, {}), self._named(event)
        return by.get(source) or by.setdefault(source, Histogram())

    def _forget(self, now: int, listened: Collection[str]) -> None:
        def lately(seen: dict[str, Histogram]) -> dict[str, Histogram]:
            return {source: one for source, one in seen.items() if now - one.last < SILENT}

        named = {name: kept for name, by in self.lags.by_event.items() if name in listened and (kept := lately(by))}
        self.lags = Lags(lately(self.lags.sources), named)
        self._known.clear()


def _door(source: str) -> str:
    return source.partition(":")[0]


def described(lags: Lags) -> list[dict[str, Any]]:
    """`GET /v1/sources`: times in ms."""
    return [
        {
            "source": source,
            **_figures(seen),
            "by_event": [
                {"event": name, **_figures(by[source])} for name, by in sorted(lags.by_event.items()) if source in by
            ],
        }
        for source, seen in sorted(lags.sources.items())
    ]


def _figures(seen: Histogram) -> dict[str, int]:
    return {
        "events": seen.events,
        "p50_ms": seen.percentile(0.5),
        "p95_ms": seen.percentile(0.95),
        "last": seen.last,
    }
