"""Many moments at once, looked at after every outcome: what `learn.evidence` says of each, in whole arrays.

The running sums are computed a second time here, column by column, so that thousands of runs take seconds. `one_by_one`
takes a single run through the real `score`, `add` and `uplift`; the bench and its test hold the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from journeyloop.learn.evidence import (
    ALPHA,
    AMOUNTS_NEEDED,
    GOALS_NEEDED,
    ROWS_NEEDED,
    add,
    boundary,
    boundary_one_sided,
    score,
)
from journeyloop.model.board import Evidence
from journeyloop.model.credits import Credit

Array = NDArray[Any]
CHUNK = 50
"""So many runs at a time: the arrays of a chunk stay in the processor's memory."""


class World(Struct, frozen=True):
    """`base`: how many reach the goal anyway; `lift`: what treatment adds; `share` of people are treated; `rows` in
    all; `signals` per person, who differ much in how often they reach it; `spend`: y is an amount, skewed."""

    base: float
    share: float
    rows: int
    lift: float = 0.0
    signals: int = 1
    spend: bool = False

    def needed(self) -> int:
        return AMOUNTS_NEEDED if self.spend else GOALS_NEEDED


class Drawn(Struct):
    """One row of an array is one run, one column a signal. `who` are persons, None if each has one signal."""

    treated: Array
    goal: Array
    y: Array
    who: Array | None


class Looks(Struct):
    """What is known after each row: the estimate, the deviation of a row, and the rows and goals of both arms;
    `needed` goals make the estimate believable."""

    mean: Array
    deviation: Array
    treated: tuple[Array, Array]
    holdout: tuple[Array, Array]
    needed: int

    def finds(self) -> Array:
        return np.asarray(self.excludes() & (self.mean > 0.0))

    def excludes(self) -> Array:
        return self._enough(None) & (np.abs(self.mean) > self._reach(boundary))

    def harms(self) -> Array:
        return self._enough(self.holdout) & (self.mean < -self._reach(boundary_one_sided))

    def worsens(self) -> Array:
        return self._enough(self.treated) & (self.mean > self._reach(boundary_one_sided))

    def _reach(self, bound: Callable[[int, float], float]) -> Array:
        return self.deviation * _bounds(bound, self.mean.shape[1])

    def _enough(self, at: tuple[Array, Array] | None) -> Array:
        """The smaller arm has 100 rows and 25 goals, its own or at the rate of the arm `at`."""
        first = self.treated[0] <= self.holdout[0]
        rows = np.where(first, self.treated[0], self.holdout[0])
        own = np.where(first, self.treated[1], self.holdout[1])
        goals = own if at is None else rows * at[1] / np.maximum(at[0], 1)
        return np.asarray((rows >= ROWS_NEEDED) & (goals >= self.needed))


@cache
def _bounds(bound: Callable[[int, float], float], rows: int) -> Array:
    return np.array([bound(row, ALPHA) for row in range(1, rows + 1)])


def ever(world: World, runs: int, seed: int, *kinds: Callable[[Looks], Array]) -> list[float]:
    """The share of runs in which each kind of look ever was true."""
    return [float(np.isfinite(first).mean()) for first in first_rows(world, runs, seed, *kinds)]


def first_rows(world: World, runs: int, seed: int, *kinds: Callable[[Looks], Array]) -> list[Array]:
    """After how many rows each kind of look was true for the first time, per run; infinite: never."""
    found: list[list[Array]] = [[] for _ in kinds]
    for drawn in chunks(world, runs, seed):
        looks = look(drawn, world)
        for firsts, kind in zip(found, kinds, strict=True):
            true = kind(looks)
            firsts.append(np.where(true.any(1), true.argmax(1) + 1.0, np.inf))
    return [np.concatenate(firsts) for firsts in found]


def chunks(world: World, runs: int, seed: int) -> Iterator[Drawn]:
    rng = np.random.default_rng(seed)
    for start in range(0, runs, CHUNK):
        yield draw(world, min(CHUNK, runs - start), rng)


def draw(world: World, runs: int, rng: np.random.Generator) -> Drawn:
    shape, who = (runs, world.rows), None
    if world.signals == 1:
        treated, rate = rng.random(shape) < world.share, np.full(shape, world.base)
    else:
        people = (runs, world.rows // world.signals)
        who = rng.integers(0, people[1], shape)
        treated = np.take_along_axis(rng.random(people) < world.share, who, 1)
        rate = np.take_along_axis(rng.beta(0.5, 0.5 * (1 / world.base - 1), people), who, 1)
    goal = rng.random(shape) < rate + world.lift * treated
    y = goal * rng.lognormal(0.0, 1.0, shape) if world.spend else goal.astype(float)
    return Drawn(treated, goal, y, who)


def look(drawn: Drawn, world: World) -> Looks:
    share, treated, count = world.share, drawn.treated, np.arange(1, drawn.y.shape[1] + 1)
    rows = [np.cumsum(arm, 1) for arm in (treated, ~treated)]
    goals = [np.cumsum(drawn.goal & arm, 1) for arm in (treated, ~treated)]
    mu_treated, mu_holdout = (_mean_before(drawn.y, arm) for arm in (treated, ~treated))
    weighed = np.where(treated, (drawn.y - mu_treated) / share, (mu_holdout - drawn.y) / (1.0 - share))
    psi = mu_treated - mu_holdout + weighed
    mean = np.cumsum(psi, 1) / count
    before, number = (np.zeros_like(psi), np.zeros_like(psi)) if drawn.who is None else _own_before(drawn.who, psi)
    squares = np.cumsum((2.0 * before + psi) * psi, 1)
    cross, sizes = np.cumsum(before + psi * (number + 1), 1), np.cumsum(2 * number + 1, 1)
    spread = squares - 2.0 * mean * cross + mean * mean * sizes
    deviation = np.sqrt(np.maximum(spread, 0.0) / count)
    return Looks(mean, deviation, (rows[0], goals[0]), (rows[1], goals[1]), world.needed())


def _mean_before(y: Array, arm: Array) -> Array:
    """The mean of the arm's rows before each row."""
    own = np.where(arm, y, 0.0)
    return np.asarray((np.cumsum(own, 1) - own) / np.maximum(np.cumsum(arm, 1) - arm, 1))


def _own_before(who: Array, psi: Array) -> tuple[Array, Array]:
    """The sum and number of the person's earlier rows."""
    sums, numbers = np.empty_like(psi), np.empty_like(psi)
    for run, people in enumerate(who):
        order = np.argsort(people, kind="stable")
        own, scores = people[order], psi[run][order]
        at = np.arange(len(own))
        start = np.maximum.accumulate(np.where(np.r_[True, own[1:] != own[:-1]], at, 0))
        earlier = np.cumsum(scores) - scores
        sums[run][order], numbers[run][order] = earlier - earlier[start], at - start
    return sums, numbers


def one_by_one(drawn: Drawn, share: float, run: int) -> Iterator[Evidence]:
    """The same run through the real code: the evidence after each row (always the same object)."""
    evidence, people = Evidence(), dict[int, tuple[float, int]]()
    for number in range(drawn.y.shape[1]):
        treated, y = bool(drawn.treated[run, number]), float(drawn.y[run, number])
        psi = score(y, treated, share, evidence.treated.mean(), evidence.holdout.mean())
        who = number if drawn.who is None else int(drawn.who[run, number])
        before, rows = people.get(who, (0.0, 0))
        people[who] = (before + psi, rows + 1)
        add(evidence, Credit("", treated, bool(drawn.goal[run, number]), psi, before, rows, y=y))
        yield evidence
