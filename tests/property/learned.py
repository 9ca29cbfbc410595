"""Arms as if they had learned: put into a rig's memory, where the next decision finds them. Judges nothing."""

from __future__ import annotations

import numpy as np

from journeyloop.model.arm import BORN_AT, SILENCE, bear, unborn
from journeyloop.model.feature import width
from tests.property.rig import Rig


def know(rig: Rig, moment: str, *, sd: float = 0.0, **weights: list[float]) -> None:
    """Arms of this moment with these weights, bias first (zeros follow); `silence` is the arm of doing nothing. Each
    weight has the standard deviation `sd`."""
    learning = rig.plan.moments[moment].learning
    arms = unborn(learning.meaning, width(learning.features))
    bear(arms, [name for name in weights if name != "silence"])
    for name, values in weights.items():
        index = arms.names.index(SILENCE if name == "silence" else name)
        arms.means[index] = 0.0
        arms.means[index, : len(values)] = values
    arms.covariances[:] = np.eye(arms.width) * sd**2
    arms.seen[0] = BORN_AT
    rig.memory.arms[moment] = arms
