"""The `learn` section of a moment → its mode, its share of exploration and how its arms learn."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, cast

import msgspec

from journeyloop.adapters.config.conditions import Names
from journeyloop.adapters.config.features import read_features
from journeyloop.adapters.config.section import Section
from journeyloop.model.condition import PathReader
from journeyloop.model.feature import STANDARD, Feature
from journeyloop.model.moment import Goal, Learning, Match, Mode

MODES = ("shadow", "fixed", "cautious", "full")
KEYS = ("mode", "explore", "features", "update_every", "freeze", "promote")
EXPLORE = 0.05
_SCORED_ANYWAY = "signal"


def read_learning(moment: Section, goal: Goal, names: Names) -> tuple[Mode, float, Learning]:
    """(mode, explore, learning)."""
    section = moment.section("learn", KEYS)
    features = read_features(section, names) if section else STANDARD
    learning = Learning(features, meaning=_meaning(goal, features), reader=_reader(features))
    if section is None:
        return "fixed", EXPLORE, learning
    learning = msgspec.structs.replace(
        learning,
        update_every=section.integer("update_every", 1, 1, 1_000),
        freeze=section.flag("freeze", False),
        promote=section.flag("promote", True),
    )
    return cast(Mode, section.choice("mode", MODES, "fixed")), section.share("explore", EXPLORE), learning


def _reader(features: tuple[Feature, ...]) -> PathReader:
    """What is read of the person at the decision; the event's part was kept when the moment armed."""
    return PathReader(feature.path for feature in features if feature.path[0] != _SCORED_ANYWAY)


def judgement(goal: Goal, guards: tuple[Match, ...], learning: Learning) -> str:
    """The hash of what a window of the moment is judged by."""
    revoked = goal.revoked_by
    told = [learning.meaning, goal.value, goal.margin, revoked and [revoked.event, revoked.within, revoked.where.text]]
    return _hash([*told, [[guard.event, guard.where.text] for guard in guards]])


def _meaning(goal: Goal, features: tuple[Feature, ...]) -> str:
    """What the arms were learned for: changed, they start anew."""
    told = [goal.event, goal.where.text, goal.within, [msgspec.structs.astuple(one) for one in features]]
    return _hash(told)


def _hash(told: list[Any]) -> str:
    return blake2b(msgspec.json.encode(told), digest_size=8).hexdigest()
