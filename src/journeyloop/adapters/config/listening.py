"""The plan's index: which moments listen to an event name, and which paths their conditions read of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from hashlib import blake2b

import msgspec

from journeyloop.adapters.config.conditions import reads
from journeyloop.model.audience import Computed
from journeyloop.model.condition import PathReader
from journeyloop.model.expression import Path
from journeyloop.model.moment import Match, Moment
from journeyloop.model.plan import Listening
from journeyloop.model.prediction import FEATURES, Prediction, prediction_name


def index_events(moments: Iterable[Moment]) -> dict[str, Listening]:
    """Event name → its listeners, in the order of the moments."""
    index: defaultdict[str, Listening] = defaultdict(lambda: Listening([], [], [], [], [], [], []))
    for moment in moments:
        if moment.detect.event is not None:
            index[moment.detect.event].arms.append(moment)
        for step in reversed(range(len(moment.detect.steps))):
            index[moment.detect.steps[step].event].steps.append((moment, step))
        for match in moment.detect.absent:
            index[match.event].absences.append((moment, match))
        for match in moment.cancel_on:
            index[match.event].cancels.append((moment, match))
        index[moment.goal.event].goals.append(moment)
        if moment.goal.revoked_by:
            index[moment.goal.revoked_by.event].revokes.append(moment)
        for place, guard in enumerate(moment.guards):
            index[guard.event].guards.append((moment, place))
    for listening in index.values():
        listening.reader = PathReader(_paths(listening))
    return dict(index)


def index_asks(moments: Iterable[Moment]) -> dict[str, list[Moment]]:
    """Placement → the moments it asks for, in their order."""
    index: defaultdict[str, list[Moment]] = defaultdict(list)
    for moment in moments:
        if moment.detect.ask is not None:
            index[moment.detect.ask].append(moment)
    return dict(index)


def index_predictions(moments: Iterable[Moment]) -> dict[str, Prediction]:
    """Name → what is predicted, with the moments that wait for it."""
    found: defaultdict[tuple[str, int], list[Moment]] = defaultdict(list)
    for moment in moments:
        if moment.detect.propensity is not None:
            found[moment.detect.propensity, moment.detect.within].append(moment)
    predictions = (_prediction(event, within, tuple(waiting)) for (event, within), waiting in found.items())
    return {one.name: one for one in predictions}


def _prediction(event: str, within: int, moments: tuple[Moment, ...]) -> Prediction:
    told = [event, within, [msgspec.structs.astuple(one) for one in FEATURES]]
    meaning = blake2b(msgspec.json.encode(told), digest_size=8).hexdigest()
    reader = PathReader(feature.path for feature in FEATURES)
    return Prediction(prediction_name(event, within), event, within, meaning, moments, FEATURES, reader)


def index_computed(computed: dict[str, Computed]) -> dict[str, list[Computed]]:
    """Event name → the traits that count it."""
    index: defaultdict[str, list[Computed]] = defaultdict(list)
    for one in computed.values():
        index[one.event].append(one)
    return dict(index)


def _paths(listening: Listening) -> Iterable[Path]:
    matches: list[Match] = [match for _, match in listening.absences + listening.cancels]
    matches += [moment.detect.steps[step] for moment, step in listening.steps]
    for moment in (*listening.arms, *(moment for moment, _ in listening.steps)):
        yield from moment.reader.paths
    for match in matches:
        yield from reads(match.where)
    for moment in listening.goals:
        yield from reads(moment.goal.where)
    for moment in listening.revokes:
        yield from reads(moment.goal.revoked_by.where) if moment.goal.revoked_by else ()
    for moment, place in listening.guards:
        yield from reads(moment.guards[place].where)
