"""The arms against the same formulas written another way, and what must hold however long they learn."""

from __future__ import annotations

import numpy as np
import pytest

from journeyloop.model.arm import BIAS_VARIANCE, BORN_AT, BORN_VARIANCE, Arms, bear, unborn

WIDTH = 6


def rows(count: int, seed: int = 0, width: int = WIDTH) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    xs = rng.normal(0.0, 1.0, (count, width)).astype(np.float32)
    xs[:, 0] = 1.0
    ys = (rng.random(count) < 1.0 / (1.0 + np.exp(2.0 - xs[:, 1]))).astype(float)
    return xs, ys


def taught(count: int, width: int = WIDTH) -> Arms:
    arms = unborn("goal", width)
    for x, y in zip(*rows(count, width=width), strict=True):
        arms.learn(0, x, float(y))
    return arms


def test_silence_begins_wide_on_the_bias() -> None:
    arms = unborn("goal", 3)
    assert arms.means.tolist() == [[0.0, 0.0, 0.0]]
    assert arms.covariances[0].tolist() == [[BIAS_VARIANCE, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_an_update_is_the_kalman_step_in_information_form() -> None:
    """P' = (P^-1 + R x x^T)^-1 and m' = m + P' x (y - p): the same step without the shortcut."""
    arms = unborn("goal", WIDTH)
    mean, precision = np.zeros(WIDTH), np.linalg.inv(arms.covariances[0])
    for x, y in zip(*rows(500), strict=True):
        wide = x.astype(np.float64)
        p = 1.0 / (1.0 + np.exp(-mean @ wide))
        precision = precision + max(p * (1.0 - p), 1e-3) * np.outer(wide, wide)
        mean = mean + np.linalg.solve(precision, wide) * (y - p)
        arms.learn(0, x, float(y))
    assert np.allclose(arms.means[0], mean, rtol=1e-8, atol=1e-10)
    assert np.allclose(arms.covariances[0], np.linalg.inv(precision), rtol=1e-7, atol=1e-12)
    assert arms.seen == [500]


def test_a_score_is_the_mean_and_the_square_root_of_the_quadratic_form() -> None:
    arms = taught(300)
    bear(arms, ["a", "b"])
    x = rows(1, seed=5)[0][0]
    means, sds = arms.score(x)
    wide = x.astype(np.float64)
    for index in range(3):
        assert means[index] == pytest.approx(sum(arms.means[index] * wide))
        form = sum(wide[i] * arms.covariances[index, i, j] * wide[j] for i in range(WIDTH) for j in range(WIDTH))
        assert sds[index] == pytest.approx(form**0.5)


def test_covariances_stay_positive_definite_and_symmetric_after_1e5_updates() -> None:
    arms = unborn("goal", 24)
    xs, ys = rows(1_000, width=24)
    for turn in range(100):
        for x, y in zip(xs, ys, strict=True):
            arms.learn(0, x * (1 + turn % 3), float(y))
    covariance = arms.covariances[0]
    assert arms.seen == [100_000]
    assert np.abs(covariance - covariance.T).max() < 1e-12
    assert np.linalg.eigvalsh(covariance).min() > 0.0


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_step_that_is_not_finite_changes_nothing(bad: float) -> None:
    arms = taught(50)
    before = arms.means.copy(), arms.covariances.copy(), list(arms.seen)
    x = np.ones(WIDTH, np.float32)
    x[2] = bad
    arms.learn(0, x, 1.0)
    assert np.array_equal(arms.means, before[0])
    assert np.array_equal(arms.covariances, before[1])
    assert arms.seen == before[2]


def test_weights_are_bounded_by_whatever_comes() -> None:
    arms = unborn("goal", WIDTH)
    for _ in range(2_000):
        arms.learn(0, np.full(WIDTH, 1e4, np.float32), 1.0)
    assert np.isfinite(arms.means).all()
    assert np.abs(arms.means).max() <= 20.0


def test_the_prior_of_silence_finds_a_low_base_rate_soon() -> None:
    """A base rate of 0.03 after 200 outcomes: not the 0.094 that a narrow prior still says after 1,000."""
    arms = unborn("goal", 1)
    for row in range(BORN_AT):
        arms.learn(0, np.ones(1, np.float32), float(row % 33 == 32))
    assert 0.025 < 1.0 / (1.0 + np.exp(-arms.means[0, 0])) < 0.045


def test_an_action_is_born_from_the_mean_of_silence_and_doubts_it() -> None:
    arms = taught(BORN_AT)
    bear(arms, ["a", "b"])
    assert (arms.names, arms.seen, arms.born) == (["", "a", "b"], [BORN_AT, 0, 0], True)
    for index in (1, 2):
        assert np.array_equal(arms.means[index], arms.means[0])
        assert np.array_equal(arms.covariances[index], np.eye(WIDTH) * BORN_VARIANCE)
    bear(arms, ["a"])
    assert arms.names == ["", "a", "b"]


def test_what_is_believed_of_an_action_that_is_not_there_yet_is_what_it_would_be_born_with() -> None:
    arms = taught(BORN_AT)
    bear(arms, ["a"])
    x = rows(1, seed=7)[0][0]
    silence, known, new = arms.beliefs(["a", "new"], x)
    means, sds = arms.score(x)
    assert (silence, known) == ((means[0], sds[0]), (means[1], sds[1]))
    bear(arms, ["new"])
    assert new == pytest.approx(tuple(one[2] for one in arms.score(x)))
    assert arms.beliefs(["new"], x) == [silence, pytest.approx(new)]


def test_the_truth_is_found() -> None:
    arms, chance = unborn("m", WIDTH), np.random.default_rng(1)
    truth = np.array([-2.0, 1.0, 0.0, -0.5, 0.0, 0.3])
    for x in rows(20_000, 2)[0]:
        arms.learn(0, x, float(chance.random() < 1.0 / (1.0 + np.exp(-truth @ x))))
    assert arms.means[0] == pytest.approx(truth, abs=0.15)


def test_arms_stand_by_name_whenever_they_were_born() -> None:
    one, other = unborn("m", WIDTH), unborn("m", WIDTH)
    for arms in (one, other):
        for x in rows(50)[0]:
            arms.learn(0, x, 0.0)
    bear(one, ["b", "a"])
    bear(other, ["a"])
    bear(other, ["b", "a"])
    assert one.names == other.names == ["", "a", "b"]
    assert (one.means == other.means).all()
    assert (one.means[1] == one.means[0]).all()
    assert (one.covariances[1] == np.eye(WIDTH) * BORN_VARIANCE).all()
    assert one.seen == [50, 0, 0]
    assert one.score(rows(1)[0][0]) == other.score(rows(1)[0][0])
