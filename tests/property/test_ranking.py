"""Laws of the ranking, whatever the options: propensities, the floor, the weight, caution."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from journeyloop.model.arm import sigmoid
from journeyloop.model.ranking import ROWS, SCALE, Option, rank

logit, spread = st.floats(-6, 2), st.floats(0, 1.5)
amount = st.floats(0, 3)
MODES = st.sampled_from(["cautious", "full"])


@st.composite
def options(draw: st.DrawFn, modes: st.SearchStrategy[str] = MODES, most: int = 9) -> list[Option]:
    """Candidates of up to three moments; those of one moment share what is known of its silence."""
    silences = draw(st.lists(st.tuples(logit, spread, amount), min_size=1, max_size=3))
    found = []
    for _ in range(draw(st.integers(1, most))):
        base = draw(st.integers(0, len(silences) - 1))
        silence, doubt, worth = silences[base]
        found.append(
            Option(
                draw(logit), draw(spread), silence, doubt, draw(amount), worth, draw(st.floats(0, 0.2)),
                draw(st.sampled_from([0.0, 0.5, 1.0, 1.0, 3.0])), draw(modes), base,
            )
        )  # fmt: skip
    return found


draws = st.floats(0, 1, exclude_max=True)
shares = st.sampled_from([0.0, 0.05, 0.1, 1.0])


@given(options(), shares, draws)
def test_propensities_are_probabilities_and_the_floor_always_holds(
    given: list[Option], explore: float, at: float
) -> None:
    ranked = rank(given, explore, at)
    floor = explore / (len(given) + 1)
    assert all(floor - 1e-12 <= one <= 1.0 + 1e-12 for one in ranked.propensities)
    assert sum(ranked.propensities) <= 1.0 - floor + 1e-9  # silence has its share of the floor too
    chosen = 1.0 - sum(ranked.propensities) if ranked.index is None else ranked.propensities[ranked.index]
    assert chosen > 1e-12


@given(options(), shares)
def test_choices_are_as_frequent_as_the_propensities_say(given: list[Option], explore: float) -> None:
    """Draws on a fine grid: every propensity is met to the width of one row."""
    count = 2_000
    chosen = Counter(rank(given, explore, (number + 0.5) / count).index for number in range(count))
    for index, propensity in enumerate(rank(given, explore, 0.0).propensities):
        assert chosen[index] / count == pytest.approx(propensity, abs=4 * (ROWS + len(given)) / count / ROWS)


@given(options(), draws)
def test_the_same_draw_repeats_the_choice(given: list[Option], at: float) -> None:
    assert rank(given, 0.05, at) == rank(given, 0.05, at)


@given(options(), st.sampled_from([0.0, 0.5, 2.0, 100.0]), draws)
def test_a_weight_never_turns_a_loss_into_a_gain(given: list[Option], weight: float, at: float) -> None:
    """Whatever is never worth its contact at weight 1 is not chosen at another."""
    certain = [structs.replace(one, sd=0.0, silence_sd=0.0, weight=weight) for one in given]
    for index, propensity in enumerate(rank(certain, 0.0, at).propensities):
        assert propensity == 0.0 or certain[index].gain > 0.0


@given(options(st.just("cautious")), draws)
def test_caution_contacts_only_where_the_mean_is_half_a_deviation_above_nothing(given: list[Option], at: float) -> None:
    ranked = rank(given, 0.0, at)
    assert max(ranked.propensities) in (0.0, 1.0)
    for one, propensity in zip(given, ranked.propensities, strict=True):
        assert propensity == 0.0 or one.gain - SCALE * one.deviation > 0.0


@given(options(st.just("cautious")), draws)
def test_caution_takes_the_greatest_increment(given: list[Option], at: float) -> None:
    ranked = rank(given, 0.0, at)
    worth = [one.increment for one in given if one.gain - SCALE * one.deviation > 0.0 and one.increment > 0.0]
    assert (ranked.index is None) == (not worth)
    assert ranked.index is None or given[ranked.index].increment == max(worth)


@given(options(st.just("full")), draws)
def test_without_doubt_thompson_takes_the_greatest_increment(given: list[Option], at: float) -> None:
    certain = [structs.replace(one, sd=0.0, silence_sd=0.0) for one in given]
    ranked = rank(certain, 0.0, at)
    worth = [one.increment for one in certain if one.gain > 1e-9 and one.increment > 1e-9]
    if ranked.index is None:
        assert not worth
    elif worth:
        assert certain[ranked.index].increment == pytest.approx(max(worth), abs=1e-8)


def test_thompson_wins_as_often_as_independent_draws_say() -> None:
    """Two actions and silence with doubt: shares against 200,000 draws of a generator."""
    given = [Option(-2.5, 0.6, -2.7, 0.2), Option(-2.9, 1.2, -2.7, 0.2, cost=0.005)]
    rng = np.random.default_rng(1)
    drawn = {one.mean: one.mean + SCALE * one.sd * rng.normal(size=200_000) for one in given}
    silence = -2.7 + SCALE * 0.2 * rng.normal(size=200_000)
    odds = [1 / (1 + np.exp(-drawn[one.mean])) - 1 / (1 + np.exp(-silence)) - one.cost for one in given]
    best = np.array([np.zeros(200_000), *odds]).argmax(axis=0)
    for index, propensity in enumerate(rank(given, 0.0, 0.0).propensities):
        assert propensity == pytest.approx((best == index + 1).mean(), abs=0.06)


def test_more_options_than_columns_are_ranked() -> None:
    given = [Option(-3.0, 0.3, -3.0, 0.1) for _ in range(300)]
    ranked = rank(given, 0.05, 0.5)
    assert len(ranked.propensities) == 300
    assert sum(ranked.propensities) <= 1.0


def test_nothing_to_choose_from_is_silence() -> None:
    assert (rank([], 0.05, 0.5).index, rank([], 0.05, 0.01).index) == (None, None)


def test_an_increment_is_what_the_formula_says() -> None:
    one = Option(-2.0, 0.0, -3.0, 0.0, 40.0, 50.0, 0.3, 2.0)
    assert one.gain == pytest.approx(40 * sigmoid(-2) - 50 * sigmoid(-3) - 0.3)
    assert one.increment == pytest.approx(2 * (40 * sigmoid(-2) - 50 * sigmoid(-3)) - 0.3)
