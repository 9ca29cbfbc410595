"""The plan's index of audiences and crossings: what moves them, events by name and time, so that a person is looked at
only when something can have changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from math import ceil, floor
from typing import Any

from msgspec import Struct, json

from journeyloop.interpret.fold import COMMERCE
from journeyloop.model.audience import ALL, ANY, STATED, Aging, Audience, Computed, Crossing, Watching, crossing_of
from journeyloop.model.condition import Clauses, PathReader, all_comparisons
from journeyloop.model.expression import Path
from journeyloop.model.moment import Moment
from journeyloop.model.profile import AGES, PROFILE, TRAITS

_SHOP = frozenset(
    {"cart_items", "cart_value", "orders", "revenue", "first_time", "high_value", "days_since_last_order"}
)
"""Built-ins that only the events of a shop change."""

_FARTHEST = 1e9


class Watched(Struct, frozen=True):
    """The parts of a plan that speak of audiences and crossings; see `Plan`."""

    watched: tuple[Audience | Crossing, ...]
    watching: str
    moving: dict[str, Watching]
    aging: tuple[Aging, ...]
    by_crossed: dict[tuple[str, str], list[Moment]]


def index_watched(moments: Iterable[Moment], audiences: dict[str, Audience], computed: dict[str, Computed]) -> Watched:
    """All audiences, and one crossing for each trait and threshold that a moment listens to."""
    by_crossed: defaultdict[tuple[str, str], list[Moment]] = defaultdict(list)
    crossings: dict[str, Crossing] = {}
    for moment in moments:
        name = moment.detect.crossed
        if name is None:
            continue
        by_crossed[name, moment.detect.change].append(moment)
        crossing = crossing_of(name)
        if crossing is not None:
            crossings[name] = Crossing(name, *crossing, _moves(crossing[0], computed))
    watched: tuple[Audience | Crossing, ...] = (*audiences.values(), *(crossings[name] for name in sorted(crossings)))
    return Watched(watched, _meaning(watched, computed), _moving(watched), _aging(watched, computed), dict(by_crossed))


def counting(computed: dict[str, Computed]) -> str:
    """One name for all that is counted; empty if nothing is."""
    return _digest([(name, one.hash) for name, one in sorted(computed.items())]) if computed else ""


def moved_by(where: Clauses, computed: dict[str, Computed]) -> frozenset[str] | None:
    """The event names after which a condition can differ; None: any."""
    events: set[str] = set()
    for name in _profile_names(where):
        moves = _moves(name, computed)
        if moves is None:
            return None
        events |= moves
    return frozenset(events)


def ages_badly(where: Clauses, computed: dict[str, Computed]) -> list[str]:
    """What changes every day or second and is not compared with a number."""
    return sorted(
        {".".join(path) for path, number in _comparisons(where) if number is None and _unit_of(path[1:], computed)}
    )


def _profile_names(where: Clauses) -> list[str]:
    return list(dict.fromkeys(path[1] for path, _ in _comparisons(where) if path[0] == "profile" and len(path) > 1))


def _comparisons(where: Clauses) -> Iterator[tuple[Path, float | None]]:
    for clause in where.clauses:
        yield from all_comparisons(clause.text)


def _unit_of(names: tuple[str, ...], computed: dict[str, Computed]) -> bool:
    """Whether this is a number of days or seconds that grows by itself."""
    name = names[0] if names else ""
    return name in AGES or (name in computed and computed[name].op == "since")


def _moves(name: str, computed: dict[str, Computed]) -> frozenset[str] | None:
    if name in _SHOP:
        return COMMERCE
    if name in computed:
        return frozenset({computed[name].event})
    return frozenset({STATED}) if name in TRAITS or name not in PROFILE else None


def _moving(watched: tuple[Audience | Crossing, ...]) -> dict[str, Watching]:
    if not watched:
        return {}
    names = sorted({event for one in watched for event in one.moved_by or ()})
    moving = {event: _group(one for one in watched if one.moved_by is None or event in one.moved_by) for event in names}
    anything = _group(one for one in watched if one.moved_by is None)
    return moving | {ALL: _group(watched)} | ({ANY: anything} if anything.watched else {})


def _group(watched: Iterable[Audience | Crossing]) -> Watching:
    listed = tuple(watched)
    return Watching(listed, PathReader(path for one in listed for path in _paths(one)))


def _paths(one: Audience | Crossing) -> tuple[Path, ...]:
    return (("profile", one.trait),) if isinstance(one, Crossing) else one.reader.paths


def _aging(watched: tuple[Audience | Crossing, ...], computed: dict[str, Computed]) -> tuple[Aging, ...]:
    """What time alone changes, with the whole numbers of days or seconds at which a comparison can change."""
    at: defaultdict[str, set[int]] = defaultdict(set)
    for one in watched:
        compared = ((("profile", one.trait), one.above),) if isinstance(one, Crossing) else _comparisons(one.where)
        for path, number in compared:
            name = path[1] if len(path) > 1 else ""
            ages = _unit_of(path[1:], computed)
            if ages or (name in computed and computed[name].within is not None):
                at[name] |= _around(number) if ages and number is not None else set()
    return tuple(Aging(name, tuple(sorted(values))) for name, values in sorted(at.items()))


def _around(number: float) -> set[int]:
    """The whole numbers at which a comparison with this one changes.

    >>> sorted(_around(7.0)), sorted(_around(2.5))
    ([7, 8], [3])
    """
    return {ceil(number), floor(number) + 1} if 0 <= number <= _FARTHEST else set()


def _meaning(watched: tuple[Audience | Crossing, ...], computed: dict[str, Computed]) -> str:
    if not watched:
        return ""
    conditions = [(one.name, "" if isinstance(one, Crossing) else one.where.text) for one in watched]
    return _digest([counting(computed), *conditions])


def _digest(meaning: list[Any]) -> str:
    return blake2b(json.encode(meaning), digest_size=8).hexdigest()
