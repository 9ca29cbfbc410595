"""An arm: the update is its formula, the covariance stays one, and no arm's place depends on when it was born."""

from __future__ import annotations

import numpy as np
import pytest

from journeyloop.model.arm import BORN_VARIANCE, SILENCE, bear, sigmoid, unborn

D = 6


def rows(count: int, seed: int = 0) -> np.ndarray:
    chance = np.random.default_rng(seed)
    return np.column_stack([np.ones(count), chance.normal(size=(count, D - 1))]).astype(np.float32)


def test_one_update_is_the_formula() -> None:
    arms = unborn("m", D)
    x, m, p_matrix = rows(1)[0], arms.means[0].copy(), arms.covariances[0].copy()
    wide = x.astype(float)
    p = sigmoid(float(m @ wide))
    r, u = max(p * (1 - p), 1e-3), p_matrix @ wide
    c = 1 / (1 + r * wide @ u)
    arms.learn(0, x, 1.0)
    assert arms.means[0] == pytest.approx(m + c * (1 - p) * u)
    assert arms.covariances[0] == pytest.approx(p_matrix - r * c * np.outer(u, u))
    assert arms.seen == [1]


def test_after_many_rows_the_covariance_is_still_one_and_the_rate_is_known() -> None:
    arms, chance = unborn("m", D), np.random.default_rng(1)
    truth = np.array([-2.0, 1.0, 0.0, -0.5, 0.0, 0.3])
    for x in rows(20_000, 2):
        arms.learn(0, x, float(chance.random() < sigmoid(float(truth @ x))))
    covariance = arms.covariances[0]
    assert (covariance == covariance.T).all()
    assert np.linalg.eigvalsh(covariance).min() > 0.0
    assert arms.means[0] == pytest.approx(truth, abs=0.15)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_row_that_is_not_finite_changes_nothing(bad: float) -> None:
    arms = unborn("m", D)
    before = arms.means.copy(), arms.covariances.copy()
    with np.errstate(invalid="ignore"):
        arms.learn(0, np.full(D, bad, np.float32), 1.0)
    assert (arms.means == before[0]).all()
    assert (arms.covariances == before[1]).all()
    assert arms.seen == [0]


def test_arms_are_born_from_silence_and_stand_by_name() -> None:
    one, other = unborn("m", D), unborn("m", D)
    for arms in (one, other):
        for x in rows(50):
            arms.learn(0, x, 0.0)
    bear(one, ["b", "a"])
    bear(other, ["a"])
    bear(other, ["b", "a"])
    assert one.names == other.names == [SILENCE, "a", "b"]
    assert (one.means == other.means).all()
    assert (one.means[1] == one.means[0]).all()
    assert (one.covariances[1] == np.eye(D) * BORN_VARIANCE).all()
    assert one.seen == [50, 0, 0]
    assert one.score(rows(1)[0]) == other.score(rows(1)[0])
