"""The learner that needs no server: what it refuses, what counts once, and that it learns."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from journeyloop.learn import Choice, Learner
from journeyloop.model.arm import BORN_AT, bear, unborn
from journeyloop.testing.contest import Ours, play
from journeyloop.testing.peers import Propensity, Uniform
from journeyloop.testing.worlds import world


def knowing(mode: str = "full", seed: int = 0, **options: Any) -> Learner:
    """`good` trebles the chance of the goal, `bad` ends it; both have been tried often."""
    learner = Learner(["good", "bad"], 1, mode, seed=seed, **options)
    for row in range(BORN_AT):
        learner.observe_silence([0.0], row % 10 == 0)
    for row in range(2_000):
        choice = learner.choose([0.0])
        learner.resolve(choice, row % 10 < {"good": 3, "bad": 0, None: 1}[choice.action])
    return learner


@given(st.lists(st.sampled_from(["a", "b", "c"])), st.floats(-1e3, 1e3), st.sampled_from(["full", "cautious"]))
def test_propensities_name_every_action_and_silence_and_sum_to_one(
    eligible: list[str], number: float, mode: str
) -> None:
    choice = Learner(["a", "b", "c"], 1, mode).choose([number], eligible)
    assert choice.propensities.keys() == {"a", "b", "c", None}
    assert sum(choice.propensities.values()) == pytest.approx(1.0)
    assert all((choice.propensities[name] > 0.0) == (name in eligible) for name in ("a", "b", "c"))
    assert choice.propensities[choice.action] > 0.0


def test_until_silence_knows_enough_the_choice_is_uniform() -> None:
    learner = Learner(["a", "b", "c"], 2, "cautious")
    for _ in range(BORN_AT - 1):
        learner.observe_silence([0.0, 1.0], False)
    assert set(learner.choose([0.0, 0.0]).propensities.values()) == {0.25}
    learner.observe_silence([0.0, 1.0], False)
    assert learner.choose([0.0, 0.0]).propensities["a"] < 0.25


@pytest.mark.parametrize("mode", ["full", "cautious"])
def test_it_learns_what_helps_and_keeps_exploring(mode: str) -> None:
    shares = knowing(mode).choose([0.0]).propensities
    assert shares["good"] > 0.9
    assert shares["bad"] >= 0.05 / 3 - 1e-12
    assert shares[None] >= 0.05 / 3 - 1e-12


def test_choices_are_as_frequent_as_their_propensities() -> None:
    learner = knowing()
    expected: Counter[str | None] = Counter()
    chosen: Counter[str | None] = Counter()
    for number in range(4_000):
        choice = learner.choose([number % 5 - 2.0])
        chosen[choice.action] += 1
        for name, share in choice.propensities.items():
            expected[name] += share  # type: ignore[assignment]
    assert sum((chosen[one] - expected[one]) ** 2 / expected[one] for one in expected) < 13.82  # 0.001, two degrees


def test_an_outcome_counts_once() -> None:
    learner = knowing()
    choice = learner.choose([1.0])
    assert learner.resolve(choice, True) is True
    assert learner.arms is not None
    before = learner.arms.means.copy(), list(learner.arms.seen)
    assert learner.resolve(choice, True) is False
    assert learner.resolve(choice, False, 5.0) is False
    assert np.array_equal(learner.arms.means, before[0])
    assert learner.arms.seen == before[1]


def test_the_same_log_makes_the_same_arms_to_the_last_bit() -> None:
    one, other = knowing(seed=3), knowing(seed=3)
    assert one.arms is not None and other.arms is not None
    assert np.array_equal(one.arms.means, other.arms.means)
    assert np.array_equal(one.arms.covariances, other.arms.covariances)
    assert [one.choose([0.0]) for _ in range(20)] == [other.choose([0.0]) for _ in range(20)]


def test_another_seed_draws_others() -> None:
    one, other = (Learner(["a", "b", "c"], 0, seed=seed) for seed in (1, 2))
    assert [one.choose([]).action for _ in range(30)] != [other.choose([]).action for _ in range(30)]


def test_there_may_be_more_features_than_a_moment_has() -> None:
    learner = Learner(["a"], [f"f{number}" for number in range(60)])
    choice = learner.choose(np.ones(60))
    learner.resolve(choice, True)
    assert learner.arms is not None
    assert learner.arms.width == 61


def test_what_a_conversion_is_worth_decides_what_contact_may_cost() -> None:
    cheap, dear = knowing(costs={"good": 0.05}), knowing(costs={"good": 0.25})
    assert cheap.choose([0.0]).propensities["good"] > 0.5
    assert dear.choose([0.0]).propensities["good"] < 0.1
    worth = knowing(costs={"good": 0.25})
    for _ in range(2_000):
        choice = worth.choose([0.0], ["good"])
        worth.resolve(choice, choice.action == "good", 10.0)
    assert worth.choose([0.0]).propensities["good"] > 0.5


def test_a_weight_prefers_and_a_value_is_an_action_of_its_own() -> None:
    assert knowing(weights={"bad": 100.0}).choose([0.0]).propensities["bad"] < 0.05
    assert knowing(weights={"good": 0.0}).choose([0.0]).propensities["good"] < 0.05
    assert knowing(values={"good": 0.1}).choose([0.0]).propensities["good"] < 0.05


@pytest.mark.parametrize("x", [[np.nan], [np.inf], [-np.inf], [1e30], [1.0, 2.0], [], 1.0, [[1.0]]])
def test_features_that_make_no_sense_are_refused_and_change_nothing(x: Any) -> None:
    learner = Learner(["a"], 1)
    with pytest.raises(ValueError, match="x "):
        learner.choose(x)
    with pytest.raises(ValueError, match="x "):
        learner.observe_silence(x, True)
    assert learner.arms is None


def test_a_value_that_is_not_finite_is_refused_and_the_choice_stays_open() -> None:
    learner = Learner(["a"], 0)
    choice = learner.choose([])
    for value in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="value"):
            learner.resolve(choice, True, value)
    assert learner.resolve(choice, True, 2.0)


def test_values_that_sum_to_infinity_are_refused() -> None:
    learner = Learner(["a"], 0)
    assert learner.resolve(learner.choose([]), True, 1e308)
    with pytest.raises(ValueError, match="too large"):
        learner.resolve(learner.choose([]), True, 1e308)


@pytest.mark.parametrize("converted", [None, "yes", float("nan"), 2])
def test_an_outcome_that_is_missing_is_refused_and_the_choice_stays_open(converted: Any) -> None:
    learner = Learner(["a"], 0)
    choice = learner.choose([])
    with pytest.raises(ValueError, match="converted is neither"):
        learner.resolve(choice, converted)
    with pytest.raises(ValueError, match="converted is neither"):
        learner.observe_silence([], converted)
    assert learner.arms is None and learner.resolve(choice, np.bool_(True))  # type: ignore[arg-type]


def test_a_choice_of_another_shape_is_refused() -> None:
    learner = Learner(["a"], 1)
    choice = learner.choose([0.0])
    with pytest.raises(ValueError, match="not a choice of this learner"):
        learner.resolve(structs.replace(choice, action="b"), True)
    with pytest.raises(ValueError, match="not a choice of this learner"):
        learner.resolve(structs.replace(choice, x=b""), True)
    assert learner.resolve(structs.replace(choice, number=99), True) is False


@pytest.mark.parametrize(
    "wrong",
    [
        {"actions": []}, {"actions": ["a", "a"]}, {"actions": ["", "a"]}, {"actions": [None]}, {"features": -1},
        {"mode": "fixed"},
        {"explore": 1.5}, {"explore": float("nan")}, {"values": {"b": 1.0}}, {"costs": {"a": float("inf")}},
        {"weights": {"a": -1.0}},
    ],
)  # fmt: skip
def test_a_learner_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Learner(**{"actions": ["a"], "features": 1, **wrong})


def test_an_unknown_action_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown actions: c"):
        Learner(["a", "b"], 1).choose([0.0], ["a", "c"])


def test_its_arms_are_the_arms_of_the_server() -> None:
    """Silence alone, against the arms taught by hand."""
    learner, arms = Learner(["a"], 1), unborn("", 2)
    for row in range(300):
        learner.observe_silence([row % 3], row % 7 == 0)
        arms.learn(0, np.array([1.0, row % 3], np.float32), float(row % 7 == 0))
    assert learner.arms is not None
    assert np.array_equal(learner.arms.means[0], arms.means[0])
    bear(arms, ["a"])
    choice = learner.choose([1.0])
    assert isinstance(choice, Choice)
    assert choice.propensities["a"] < 0.6


def test_it_earns_more_than_chance_and_more_than_propensity() -> None:
    """10,000 signals of a world where many are hurt by contact: the second half, by known chances."""
    of = world("helpful", 10_000, 11, effect=1.0, hurt=0.4)
    ours, propensity, uniform = (
        play(policy, of).score(4_500)
        for policy in (Ours(of.actions, of.x.shape[1]), Propensity(of.actions, of.x.shape[1]), Uniform(of.actions))
    )
    assert ours > propensity + 0.1
    assert ours > uniform + 0.3
