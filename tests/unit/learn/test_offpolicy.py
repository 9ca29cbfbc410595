"""Off-policy estimates against worlds whose truth is known: what covers it, and where the estimates agree."""

from __future__ import annotations

import numpy as np
import pytest

from journeyloop.learn.evidence import boundary
from journeyloop.learn.offpolicy import (
    Interval,
    Log,
    effective,
    estimates,
    forecasts,
    interval,
    scores,
    self_normalised_scores,
    unsupported,
    weights,
)
from journeyloop.model.arm import Floats

ROWS, CHOICES, PEOPLE, FEATURES = 4_000, 4, 1_500, 6


class World:
    """A log with known probabilities, another policy, what came of it, and the other policy's true value."""

    def __init__(self, seed: int, explored: float = 0.2) -> None:
        rng = np.random.default_rng([17, seed])
        person = rng.integers(0, PEOPLE, ROWS)
        x = np.c_[np.ones(ROWS), rng.normal(size=(ROWS, FEATURES - 1))]
        effect = rng.normal(0, 0.4, (CHOICES, FEATURES))
        effect[:, 0] -= 1.5
        own = rng.normal(0, 0.4, PEOPLE)  # people differ: their rows are not independent
        self.rates = 1 / (1 + np.exp(-(x @ effect.T + own[person][:, None])))
        self.eligible = rng.random((ROWS, CHOICES)) < 0.8
        self.eligible[:, 0] = True
        logged = _mixed(x @ rng.normal(0, 0.5, (CHOICES, FEATURES)).T, self.eligible, explored, sharp=False)
        self.wanted = _mixed(x @ rng.normal(0, 0.5, (CHOICES, FEATURES)).T, self.eligible, 0.1, sharp=True)
        chosen = (logged.cumsum(1) < rng.random(ROWS)[:, None]).sum(1).clip(max=CHOICES - 1)
        self.y = (rng.random(ROWS) < self.rates[np.arange(ROWS), chosen]).astype(float)
        self.log = Log(x, logged, chosen, np.unique(person, return_inverse=True)[1])
        self.truth = float((self.wanted * self.rates).sum(1).mean())


def _mixed(score: Floats, eligible: Floats, explored: float, sharp: bool) -> Floats:
    weight = np.where(eligible, np.exp((50.0 if sharp else 1.0) * (score - score.max(1, keepdims=True))), 0.0)
    return (1 - explored) * weight / weight.sum(1, keepdims=True) + explored * eligible / eligible.sum(1, keepdims=True)


@pytest.fixture(scope="module")
def runs() -> list[tuple[World, Floats, Floats]]:
    """(world, psi, q) of 200 seeds."""
    found = []
    for seed in range(200):
        world = World(seed)
        q = forecasts(world.log, world.y)
        found.append((world, scores(world.log, world.wanted, world.y, q), q))
    return found


def test_the_interval_covers_the_truth(runs: list[tuple[World, Floats, Floats]]) -> None:
    covered = [
        found.low <= world.truth <= found.high for world, psi, _ in runs for found in [interval(psi, world.log.person)]
    ]
    assert np.mean(covered) >= 0.93


def test_its_standard_error_is_that_of_the_estimate(runs: list[tuple[World, Floats, Floats]]) -> None:
    """A confidence sequence is wide at one look and would hide a wrong variance: look at what it is made of."""
    off = []
    for world, psi, _ in runs:
        found = interval(psi, world.log.person)
        error = (found.high - found.estimate) / boundary(ROWS) / np.sqrt(ROWS)
        off.append((found.estimate - world.truth) / error)
    assert 0.85 <= float(np.std(off)) <= 1.15
    assert np.mean(np.abs(off) <= 1.96) >= 0.92


def test_weighted_estimates_agree_with_the_truth_on_average(runs: list[tuple[World, Floats, Floats]]) -> None:
    errors = {"doubly_robust": [], "self_normalised": [], "weighted": []}
    for world, _, q in runs:
        found = estimates(world.log, world.wanted, world.y, q)
        for name, own in errors.items():
            own.append(getattr(found, name) - world.truth)
    for name, own in errors.items():
        assert abs(np.mean(own)) <= 3 * np.std(own) / np.sqrt(len(own)), name
    assert np.std(errors["doubly_robust"]) < np.std(errors["weighted"])


def test_a_wrong_forecast_costs_width_and_not_truth(runs: list[tuple[World, Floats, Floats]]) -> None:
    errors = []
    for world, _, _ in runs:
        nonsense = np.tile(np.linspace(0.9, 0.1, CHOICES), (ROWS, 1))
        found = interval(scores(world.log, world.wanted, world.y, nonsense), world.log.person)
        errors.append(found.estimate - world.truth)
        assert found.low <= world.truth <= found.high
    assert abs(np.mean(errors)) <= 3 * np.std(errors) / np.sqrt(len(errors))


def test_the_forecast_alone_is_right_where_nothing_depends_on_the_choice() -> None:
    world = World(1)
    rng = np.random.default_rng(5)
    y = (rng.random(ROWS) < 0.3).astype(float)
    found = estimates(world.log, world.wanted, y, forecasts(world.log, y))
    for one in (found.direct, found.doubly_robust, found.weighted, found.self_normalised):
        assert one == pytest.approx(0.3, abs=0.04)


def test_the_policy_that_ran_is_worth_what_came_of_it() -> None:
    world = World(2)
    log, y = world.log, world.y
    assert weights(log, log.logged) == pytest.approx(np.ones(ROWS))
    assert effective(weights(log, log.logged)) == pytest.approx(ROWS)
    found = estimates(log, log.logged, y, forecasts(log, y))
    assert found.weighted == pytest.approx(y.mean())
    assert found.doubly_robust == pytest.approx(y.mean(), abs=0.01)


def test_a_row_does_not_forecast_itself() -> None:
    world = World(3)
    one = world.log.person == world.log.person[0]
    changed = np.where(one, 1000.0, world.y)
    assert forecasts(world.log, changed)[one] == pytest.approx(forecasts(world.log, world.y)[one])


def test_what_the_log_never_tried_is_told() -> None:
    world = World(4)
    logged = world.log.logged.copy()
    logged[:, 3] = 0.0
    log = Log(world.log.x, logged, np.where(world.log.chosen == 3, 0, world.log.chosen), world.log.person)
    assert unsupported(log, world.wanted) == pytest.approx(world.wanted[:, 3].mean())
    assert unsupported(world.log, world.wanted) == 0.0


def test_few_rows_of_its_own_are_few() -> None:
    world = World(5)
    rare = np.zeros_like(world.wanted)
    rare[np.arange(ROWS), world.log.logged.argmin(1)] = 1.0
    supported = Log(world.log.x, np.maximum(world.log.logged, 1e-3), world.log.chosen, world.log.person)
    assert effective(weights(supported, rare)) < 1_000 < effective(weights(world.log, world.wanted)) * 2
    assert effective(np.zeros(3)) == 0.0


def test_rows_of_one_person_count_as_one() -> None:
    """The same rows ten times over know no more than once."""
    rng = np.random.default_rng(6)
    psi = rng.normal(size=500)
    once, person = interval(psi, np.arange(500)), np.tile(np.arange(500), 10)
    ten = interval(np.tile(psi, 10), person)
    independent = interval(np.tile(psi, 10), np.arange(5_000))
    assert ten.high - ten.low > 2 * (independent.high - independent.low)
    assert ten.estimate == pytest.approx(once.estimate)


def test_the_self_normalised_rows_have_its_mean() -> None:
    world = World(7)
    q = forecasts(world.log, world.y)
    rows = self_normalised_scores(world.log, world.wanted, world.y)
    assert rows.mean() == pytest.approx(estimates(world.log, world.wanted, world.y, q).self_normalised)
    assert isinstance(interval(rows, world.log.person), Interval)
