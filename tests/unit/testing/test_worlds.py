"""The worlds are what they say, and who plays in them is judged by their truth."""

from __future__ import annotations

import numpy as np
import pytest

from journeyloop.testing.bench.clocks import lateness
from journeyloop.testing.bench.learn import POLICIES, WISER, Game, score
from journeyloop.testing.contest import BLOCK, Played, play
from journeyloop.testing.peers import Fixed, NaiveBayes, Uniform
from journeyloop.testing.worlds import FEATURES, RECIPES, world

ROWS = 20_000


@pytest.mark.parametrize("name", RECIPES)
def test_a_world_is_the_same_for_one_seed_and_another_for_the_next(name: str) -> None:
    one, same, other = world(name, 500, 1), world(name, 500, 1), world(name, 500, 2)
    assert np.array_equal(one.x, same.x) and np.array_equal(one.chances, same.chances)
    assert not np.array_equal(one.x, other.x)
    assert one.x.shape == (500, FEATURES)
    assert one.chances.shape == (500, 1 + RECIPES[name].actions)
    assert np.isfinite(one.x).all() and ((one.chances > 0) & (one.chances < 1)).all()
    assert (one.oracle >= 0).all()


def test_a_third_of_the_triggers_is_noise_and_a_sixth_of_the_people_is_hurt() -> None:
    of = world("helpful", ROWS, 1)
    assert of.noise.mean() == pytest.approx(0.35, abs=0.02)
    assert of.hurt.mean() == pytest.approx(0.18, abs=0.02)
    assert of.held_out.mean() == pytest.approx(0.1, abs=0.01)
    uplift = of.chances[:, 1:] - of.chances[:, :1]
    assert (uplift[of.noise] <= 0).all()
    assert (uplift[of.hurt] < 0).all()
    assert (of.oracle[of.noise | of.hurt] == 0).all()


def test_the_average_contact_of_the_helpful_world_loses_what_the_design_measured() -> None:
    shares = []
    for seed in range(4):
        of = world("helpful", ROWS, seed)
        shares.append((of.chances[:, 1:] - of.chances[:, :1]).mean() / of.oracle.mean())
    assert np.mean(shares) == pytest.approx(-0.43, abs=0.1)


def test_worlds_differ_in_what_they_are_named_for() -> None:
    trap, harmful, drift = (world(name, ROWS, 1) for name in ("trap", "harmful", "drift"))
    assert (trap.chances[:, 1:] - trap.chances[:, :1]).mean() < 0 < trap.oracle.mean()
    assert harmful.oracle.max() == 0.0
    first, last = drift.chances[:2_000, 1:].mean(axis=0), drift.chances[-2_000:, 1:].mean(axis=0)
    still = world("helpful", ROWS, 1)
    moved = np.abs(still.chances[:2_000, 1:].mean(axis=0) - still.chances[-2_000:, 1:].mean(axis=0))
    assert np.abs(first - last).max() > moved.max()
    assert world("long_delay", 10, 1).delay == 10 * world("strong", 10, 1).delay
    assert world("many_actions", 10, 1).actions >= 40


def test_outcomes_come_as_often_as_the_chances_say() -> None:
    of = world("strong", ROWS, 3)
    for action in (0, 5):
        came = np.mean([of.converted(row, action) for row in range(ROWS)])
        assert came == pytest.approx(of.chances[:, action].mean(), abs=0.01)
    assert of.uplift(0, 0) == 0.0


def test_the_oracle_scores_one_and_silence_nothing() -> None:
    of = world("helpful", 2_000, 1)

    class Oracle(Fixed):
        at = 0

        def choose(self, xs: np.ndarray) -> np.ndarray:
            rows = np.flatnonzero(~of.held_out)[self.at : self.at + len(xs)]
            self.at += len(xs)
            return of.chances[rows].argmax(axis=1)

    assert play(Oracle(0), of).score() == pytest.approx(1.0)
    assert (play(Fixed(0), of).score(), play(Fixed(0), of).contacts()) == (0.0, 0.0)
    assert play(Fixed(1), world("harmful", 500, 1)).score() == 0.0


def test_an_outcome_is_told_when_its_window_closes_and_held_out_rows_were_silent() -> None:
    of = world("helpful", 3_000, 1)

    class Watching(Uniform):
        def __init__(self) -> None:
            super().__init__(of.actions)
            self.told: list[tuple[int, int]] = []
            self.chosen = 0

        def choose(self, xs: np.ndarray) -> np.ndarray:
            self.chosen += 1
            return super().choose(xs)

        def close(self, xs: np.ndarray, actions: np.ndarray, converted: np.ndarray, held_out: np.ndarray) -> None:
            self.told.append((self.chosen, len(xs)))
            assert (actions[held_out] == 0).all()

    watching = Watching()
    play(watching, of)
    assert watching.told[0][0] * BLOCK >= of.delay
    assert sum(count for _, count in watching.told) == 3_000 - of.delay


def test_a_score_is_a_share_of_what_the_oracle_would_have_earned() -> None:
    played = Played(np.array([0, 1, 2, 1]), np.array([0.0, 0.1, -0.1, 0.2]), np.array([0.1, 0.1, 0.1, 0.2]))
    assert (played.score(), played.score(2), played.contacts(), played.contacts(0, 2)) == pytest.approx(
        (0.4, 1 / 3, 0.75, 0.5)
    )


def test_naive_bayes_learns_what_a_bin_says() -> None:
    peer, rng = NaiveBayes(1, 1, explore=0.0), np.random.default_rng(1)
    xs = rng.normal(size=(4_000, 1)).astype(np.float32)
    actions = rng.integers(2, size=4_000)
    reached = rng.random(4_000) < np.where(actions == 1, 0.5 * (xs[:, 0] > 0), 0.2)
    for start in range(0, 4_000, BLOCK):
        rows = slice(start, start + BLOCK)
        peer.close(xs[rows], actions[rows], reached[rows], np.zeros(BLOCK, bool))
    chosen = peer.choose(np.array([[-1.0]] * 200 + [[1.0]] * 200, np.float32))
    assert chosen[:200].mean() < 0.2
    assert chosen[200:].mean() > 0.8


@pytest.mark.parametrize("policy", [name for name in POLICIES if name not in WISER])
def test_every_policy_plays(policy: str) -> None:
    scores = score(Game(policy, "helpful", 1_500, 1))
    assert np.isfinite([scores.last, scores.cum, scores.first, scores.per_1000]).all()
    assert 0.0 <= scores.contacts <= 1.0


def test_the_lateness_of_a_model_is_until_the_first_answer_that_counts_the_window() -> None:
    answered, boards = [10.0, 20.0, 30.0, 41.0, 40.0], [7, 7, 8, 9, 9]
    assert lateness([18.0, 25.0], answered, boards) == [12.0, 15.0]
