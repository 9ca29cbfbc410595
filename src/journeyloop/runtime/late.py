"""Which sources are too slow for a moment? A comparison of how late events come with how late they may; no more.

An event that arms may come until the moment's signal would have expired; one that ends an open instance, until the
instance comes due; a goal, until its window closes. Beyond that the moment is silent where it should speak, speaks
where it should be silent, or takes a success for a failure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from msgspec import Struct

from journeyloop.model.moment import DAY, HOUR, MINUTE, Moment, span
from journeyloop.model.plan import Plan, Problem
from journeyloop.runtime.lag import Histogram, Lags

ENOUGH = 20
"""Events of a source before it is judged."""
ON_TIME = "ok"
Role = Literal["arms", "ends", "goal"]
WORDS: dict[tuple[Role, str], str] = {
    ("arms", "p50"): "cannot be on time",
    ("arms", "p95"): "often late",
    ("ends", "p50"): "cannot be stopped in time",
    ("ends", "p95"): "often not stopped in time",
    ("goal", "p50"): "cannot be measured",
    ("goal", "p95"): "often not measured",
}


class Patience(Struct, frozen=True):
    """How late (ms) an event may be and still do what it is there for."""

    event: str
    role: Role
    longest: int


class Late(Struct, frozen=True):
    """A source whose `quantile` (p50 or p95) of lag, in ms, exceeds the moment's patience for one of its events."""

    source: str
    quantile: str
    lag: int
    patience: Patience

    @property
    def words(self) -> str:
        return WORDS[self.patience.role, self.quantile]

    def __str__(self) -> str:
        takes = f"{self.patience.event} from {self.source} takes {about(self.lag)} ({self.quantile})"
        return f"{self.words}: {takes}, the moment waits {span(self.patience.longest)}"


def patience(moment: Moment) -> list[Patience]:
    """One for each event that arms the moment, ends what is armed, or is its goal."""
    detect, wait = moment.detect, max(moment.detect.wait, moment.confirm.dwell, moment.detect.inactive)
    arms = [detect.event, *(step.event for step in detect.steps)]
    ends = [match.event for match in (*detect.absent, *moment.cancel_on)]
    found = [Patience(name, "arms", wait + moment.expires) for name in arms if name is not None]
    found += [Patience(name, "ends", wait or moment.expires) for name in ends]
    found.append(Patience(moment.goal.event, "goal", moment.goal.within))
    return list(dict.fromkeys(found))


def late_sources(moment: Moment, lags: Lags) -> list[Late]:
    """Those that are usually late before those that often are."""
    found = [
        late
        for kept in patience(moment)
        for source, seen in sorted(lags.by_event.get(kept.event, {}).items())
        for late in _judged(source, seen, kept)
    ]
    return sorted(found, key=lambda one: one.quantile)


def _judged(source: str, seen: Histogram, kept: Patience) -> Iterator[Late]:
    if seen.total < ENOUGH:
        return
    for quantile, share in (("p50", 0.5), ("p95", 0.95)):
        if (lag := seen.percentile(share)) > kept.longest:
            yield Late(source, quantile, lag, kept)
            return


def late_problems(plan: Plan, places: dict[str, tuple[str, int]], lags: Lags) -> list[Problem]:
    """What `check` warns of, where each moment says what it notices (`places`: file and line)."""
    return [
        Problem(*places[moment.name], "warning", str(late))
        for moment in plan.moments.values()
        for late in late_sources(moment, lags)
    ]


def status(late: list[Late]) -> dict[str, Any]:
    """What `GET /v1/moments` says of it: `status` names the worst, `late_sources` all."""
    rows = [
        {
            "event": one.patience.event,
            "role": one.patience.role,
            "source": one.source,
            "quantile": one.quantile,
            "lag_ms": one.lag,
            "patience_ms": one.patience.longest,
            "sentence": str(one),
        }
        for one in late
    ]
    return {"status": late[0].words if late else ON_TIME, "late_sources": rows}


def about(duration: int) -> str:
    """A measured duration (ms) in two digits.

    >>> about(350), about(4_210), about(21_700_000), about(40 * 86_400_000)
    ('350ms', '4.2s', '6h', '40d')
    """
    for unit, size in (("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", 1_000)):
        if duration >= size:
            return f"{duration / size:.{1 if duration < 10 * size else 0}f}".removesuffix(".0") + unit
    return f"{duration}ms"
