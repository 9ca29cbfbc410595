"""The arms learn: one response for one arm, once, when its window has closed.

Until silence has seen enough, the rows of actions wait; then the action arms are born from what silence knows and learn
them in the order they came. With `update_every` N, rows wait until there are N of them.
"""

from __future__ import annotations

from journeyloop.model.arm import SILENCE, Arms, bear, unborn
from journeyloop.model.credits import Lesson
from journeyloop.model.feature import unpacked

MOST_WAITING = 2_000
"""Rows that wait per action at most; the oldest are forgotten."""


def learn(arms: Arms | None, lesson: Lesson) -> tuple[Arms, set[str]]:
    """The arms after one lesson (those given, changed; new ones if they were learned for another goal or features), and
    the names of those that changed."""
    x = unpacked(lesson.x)
    if arms is None or arms.meaning != lesson.meaning:
        arms = unborn(lesson.meaning, len(x))
    if len(x) != arms.width:
        return arms, set()
    waiting = arms.waiting.setdefault(lesson.action, [])
    waiting.append((x, 1.0 if lesson.reached else 0.0))
    del waiting[:-MOST_WAITING]
    changed, born = {SILENCE, lesson.action}, arms.born
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
    for x, y in rows:
        arms.learn(index, x, y)
    arms.waiting[name] = []
