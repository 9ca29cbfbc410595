"""One policy in one world: it chooses row by row, learns each outcome when its window closes, and is judged by truth.

Judged by chances, not by luck: what its choices changed in the chance of the goal, over what the best choices would
have. Rows held out are never contacted and not judged; the policy is shown what came of them.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from journeyloop.learn import Choice, Learner
from journeyloop.model.arm import Floats
from journeyloop.testing.worlds import World

BLOCK = 100
"""Rows that are chosen, and later closed, together: so policies that gain by batches can."""

Rows = NDArray[np.float32]
Actions = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Policy(Protocol):
    """Actions are numbers from 1; 0 is silence."""

    def choose(self, xs: Rows) -> Actions:
        """One action per row of people who may be contacted."""
        ...

    def close(self, xs: Rows, actions: Actions, converted: Flags, held_out: Flags) -> None:
        """The windows of these rows have closed; those not held out are in the order they were chosen in."""
        ...


@dataclass(frozen=True)
class Played:
    """Per row that was judged: what was chosen, what it changed, what the oracle would have changed."""

    actions: Actions
    uplift: Floats
    oracle: Floats

    def score(self, start: int = 0, end: int | None = None) -> float:
        """Uplift of these rows as a share of the oracle's; of all rows by default. 0 where nothing could be earned."""
        possible = float(self.oracle[start:end].sum())
        return float(self.uplift[start:end].sum()) / possible if possible else 0.0

    def contacts(self, start: int = 0, end: int | None = None) -> float:
        """The share of rows contacted."""
        rows = self.actions[start:end]
        return float((rows > 0).sum() / max(len(rows), 1))


def play(policy: Policy, world: World) -> Played:
    """All rows of the world, in order."""
    rows = len(world.x)
    actions = np.zeros(rows, np.int64)
    lag = max(1, world.delay // BLOCK) * BLOCK
    for start in range(0, rows, BLOCK):
        if start >= lag:
            _close(policy, world, actions, slice(start - lag, start - lag + BLOCK))
        now = slice(start, start + BLOCK)
        free = ~world.held_out[now]
        if free.any():
            actions[now][free] = policy.choose(world.x[now][free])
    judged = np.flatnonzero(~world.held_out)
    uplift = world.chances[judged, actions[judged]] - world.chances[judged, 0]
    return Played(actions[judged], uplift, world.oracle[judged])


def _close(policy: Policy, world: World, actions: Actions, rows: slice) -> None:
    done = actions[rows]
    converted = world.luck[rows] < world.chances[rows][np.arange(len(done)), done]
    policy.close(world.x[rows], done, converted, world.held_out[rows])


class Ours:
    """`Learner`, as anybody would use it."""

    def __init__(self, actions: int, features: int, mode: str = "full", seed: int = 0, **options: Any) -> None:
        names = [f"a{number}" for number in range(1, actions + 1)]
        self.learner = Learner(names, features, mode, seed=seed, **options)
        self._numbers: dict[str | None, int] = {None: 0} | {name: at for at, name in enumerate(names, 1)}
        self._pending: deque[Choice] = deque()

    def choose(self, xs: Rows) -> Actions:
        choices = [self.learner.choose(x) for x in xs]
        self._pending.extend(choices)
        return np.array([self._numbers[choice.action] for choice in choices])

    def close(self, xs: Rows, actions: Actions, converted: Flags, held_out: Flags) -> None:
        for x, reached, apart in zip(xs, converted.tolist(), held_out.tolist(), strict=True):
            if apart:
                self.learner.observe_silence(x, reached)
            else:
                self.learner.resolve(self._pending.popleft(), reached)
