"""Six hundred arms that have learned something, put into a store before its server starts."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np

from journeyloop.adapters.store.directory import open_store
from journeyloop.app import code_version, configuration
from journeyloop.model.arm import BORN_AT, BORN_VARIANCE, bear, unborn
from journeyloop.model.feature import width
from journeyloop.model.moment import Moment
from journeyloop.runtime.learned import arm_records
from journeyloop.testing.bench.scenes import moment

MOMENTS, ACTIONS = 60, 9
"""With silence ten arms each."""


def asked(number: int) -> str:
    """The placement of the moment of this number."""
    return f"place_{number}"


def moments() -> dict[str, str]:
    """Each asks for a placement of its own and chooses freely among its actions."""
    names = [f"action_{number}" for number in range(ACTIONS)]
    texts = {}
    for number in range(MOMENTS):
        place = asked(number)
        text = moment(f"learned_{number}", f"{{ask: {place}}}", names, f"placement: {place}, ")
        texts[f"learned_{number}"] = text.replace("{mode: fixed}", "{mode: full}")
    return texts


def preload(directory: Path) -> int:
    """Write the arms; how many there are."""
    plan = configuration(directory).plan
    assert plan is not None
    learned = [one for one in plan.moments.values() if one.mode == "full"]
    store, _ = open_store(directory, "relaxed", code_version())
    with closing(store), store.write() as transaction:
        for number, one in enumerate(learned):
            transaction.put_many("arms", _records(one, number))
    return len(learned) * (ACTIONS + 1)


def _records(one: Moment, seed: int) -> list[tuple[bytes, bytes]]:
    arms = unborn(one.learning.meaning, width(one.learning.features))
    arms.seen[0] = BORN_AT
    bear(arms, [action.name for action in one.actions])
    arms.means += np.random.default_rng(seed).normal(0.0, BORN_VARIANCE, arms.means.shape)
    return [(key, record) for key, record in arm_records(one.name, arms, arms.names) if record is not None]
