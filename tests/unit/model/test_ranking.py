"""The choice among options and silence: only what adds something, whatever the operator's weight."""

from __future__ import annotations

from math import isclose

from hypothesis import given, settings
from hypothesis import strategies as st

from journeyloop.model.ranking import Option, rank

ODDS = st.floats(-6, 3)
SDS = st.floats(0, 2)
MONEY = st.floats(0, 100)


@st.composite
def options(draw: st.DrawFn, mode: str | None = None) -> Option:
    return Option(
        draw(ODDS), draw(SDS), draw(ODDS), draw(SDS), draw(st.floats(-20, 100)), draw(MONEY), draw(MONEY),
        draw(st.floats(0, 50)), mode or draw(st.sampled_from(["full", "cautious"])), draw(st.integers(0, 3)),
    )  # fmt: skip


@given(st.lists(options("cautious"), max_size=6), st.floats(0, 1, exclude_max=True))
def test_a_weight_never_turns_a_loss_into_a_gain(among: list[Option], draw: float) -> None:
    """What wins by rank adds something with its weight and without it."""
    chosen = rank(among, 0.0, draw)
    if chosen.index is not None:
        winner = among[chosen.index]
        assert winner.gain > 0.0
        assert winner.increment > 0.0
        assert winner.increment == max(one.increment for one in among if one.admitted)


@given(options("full"), st.floats(0, 50), st.floats(0, 1, exclude_max=True))
def test_nor_for_any_row_of_thompsons_draws(one: Option, weight: float, draw: float) -> None:
    """Where the option loses without a weight, it is not chosen with any."""
    one.weight = 1.0
    plain = rank([one], 0.0, draw)
    one.weight = weight
    if plain.index is None:
        assert rank([one], 0.0, draw).index is None
    assert rank([one], 0.0, draw).propensities[0] <= plain.propensities[0]


@given(options())
def test_a_weight_of_zero_is_never_chosen_by_rank(one: Option) -> None:
    one.weight = 0.0
    assert rank([one], 0.0, 0.5).index is None
    assert rank([one], 0.1, 0.05).propensities == [0.05], "the floor of exploration stays"


@given(st.lists(options(), max_size=6), st.floats(0, 1), st.floats(0, 1, exclude_max=True))
def test_propensities_are_probabilities_with_their_floor(among: list[Option], explore: float, draw: float) -> None:
    ranked = rank(among, explore, draw)
    assert sum(ranked.propensities) <= 1.0 + 1e-9
    assert all(one >= explore / (len(among) + 1) - 1e-12 for one in ranked.propensities)
    silence = 1.0 - sum(ranked.propensities)
    assert silence >= explore / (len(among) + 1) - 1e-9
    if ranked.index is not None:
        assert ranked.propensities[ranked.index] > 0.0


@settings(max_examples=10)
@given(st.lists(options(), min_size=1, max_size=4), st.floats(0, 0.5))
def test_the_share_of_draws_is_the_propensity(among: list[Option], explore: float) -> None:
    points = 1_000
    counts = [0] * (len(among) + 1)
    for point in range(points):
        index = rank(among, explore, (point + 0.5) / points).index
        counts[len(among) if index is None else index] += 1
    for count, propensity in zip(counts, rank(among, explore, 0.5).propensities, strict=False):
        assert isclose(count / points, propensity, abs_tol=0.02)
