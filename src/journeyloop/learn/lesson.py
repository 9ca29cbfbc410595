"""The arms learn: one response for one arm, once, when its window has closed.

Until silence has seen enough, the rows of actions wait; then the action arms are born from what silence knows and learn
them in the order they came. With `update_every` N, rows wait until there are N of them.
"""

from __future__ import annotations

import numpy as np

from journeyloop.model.arm import SILENCE, Arms, bear, unborn
from journeyloop.model.credits import Lesson
from journeyloop.model.feature import SLOT, packed, unpacked

MOST_WAITING = 300
"""So many rows wait per arm, or as many as it learns at a time; the oldest are forgotten. An arm is written whole with
each: 2,000 of them cost a millisecond and 200 kB at every close, for ever where nobody is held out. While a moment
explores, no action comes far beyond BORN_AT before silence does."""

LABELS = [packed(np.array([y], np.float32)) for y in (0.0, 1.0)]
"""What a waiting row ends with: whether the goal was reached."""


def learn(arms: Arms | None, lesson: Lesson) -> tuple[Arms, set[str]]:
    """The arms after one lesson (those given, changed; new ones if they were learned for another goal or features), and
    the names of those that changed."""
    changed, width = {lesson.action}, len(lesson.x) // SLOT
    if arms is None or arms.meaning != lesson.meaning:
        arms = unborn(lesson.meaning, width)
        changed.add(SILENCE)
    if width != arms.width:
        return arms, set()
    waiting, born = arms.waiting.setdefault(lesson.action, []), arms.born
    waiting.append(lesson.x + LABELS[lesson.reached])
    del waiting[: -max(MOST_WAITING, lesson.every)]
    if born or lesson.action == SILENCE:
        _study(arms, lesson.action, lesson.every)
    if arms.born and not born:
        _begin(arms, lesson.every)
        changed |= arms.waiting.keys()
    return arms, changed


def _begin(arms: Arms, every: int) -> None:
    """Silence knows enough: the action arms are born and learn what has waited for them."""
    bear(arms, list(arms.waiting))
    for name in arms.waiting:
        _study(arms, name, every)


def _study(arms: Arms, name: str, every: int) -> None:
    """Learn what waits, if it is enough."""
    rows = arms.waiting[name]
    if len(rows) < every:
        return
    bear(arms, [name])
    index = arms.names.index(name)
    for row in map(unpacked, rows):
        arms.learn(index, row[:-1], float(row[-1]))
    arms.waiting[name] = []
