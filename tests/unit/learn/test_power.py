"""What can be learned and when: what is planned is what happens."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeyloop.learn.power import LATE_DAYS, advise, rows_needed, rows_until, smallest_effect
from journeyloop.testing.bench.looks import World, chunks, look


@pytest.mark.parametrize(("base", "effect", "share"), [(0.2, 0.1, 0.8), (0.2, -0.1, 0.8), (0.3, 0.15, 0.5),
                                                       (0.04, 0.04, 0.9)])  # fmt: skip
def test_after_the_rows_planned_four_in_five_runs_have_found_it(base: float, effect: float, share: float) -> None:
    """By then, not only at then: the runs that saw it earlier make it a few more."""
    rows = rows_needed(effect, base, share)
    assert rows is not None
    world = World(base, share, rows, lift=effect)
    found = [look(drawn, world) for drawn in chunks(world, 400, 3)]
    seen = [(one.finds() if effect > 0 else one.harms()) for one in found]
    assert 0.72 <= sum(int(one[:, -1].sum()) for one in seen) / 400 <= 0.92
    assert 0.74 <= sum(int(one.any(1).sum()) for one in seen) / 400 <= 0.95


@given(st.floats(0.01, 0.5), st.floats(0.1, 0.9), st.integers(2_000, 10**6))
@settings(max_examples=30)
def test_the_smallest_effect_needs_just_these_rows(base: float, share: float, rows: int) -> None:
    effect = smallest_effect(base, rows, share)
    if effect < inf:
        needed = rows_needed(effect, base, share)
        assert needed is not None
        assert needed <= rows
        fewer = rows_needed(effect * 0.99, base, share)
        assert fewer is None or fewer >= rows - 1


def test_a_larger_effect_needs_fewer_rows_and_harm_fewer_than_gain() -> None:
    small, large, harm = (rows_needed(effect, 0.04, 0.9) for effect in (0.01, 0.02, -0.02))
    assert small is not None
    assert large is not None
    assert harm is not None
    assert harm < large < small


@pytest.mark.parametrize(
    ("effect", "base", "share"),
    [(0.0, 0.04, 0.9), (0.1, 0.04, 1.0), (0.1, 0.04, 0.0), (0.1, 0.0, 0.9), (0.99, 0.04, 0.9), (-0.1, 0.04, 0.9)],
)
def test_what_cannot_be_shown_never_is(effect: float, base: float, share: float) -> None:
    assert rows_needed(effect, base, share) is None


def test_nothing_shows_in_a_handful_of_rows() -> None:
    assert smallest_effect(0.04, 50, 0.9) == inf
    assert smallest_effect(0.04, 0, 0.9) == inf


def test_rows_until_the_interval_is_that_narrow() -> None:
    rows = rows_until(0.6, 0.01)
    wide = rows_until(0.6, 0.02)
    assert rows is not None
    assert wide is not None
    assert rows > wide
    assert rows_until(0.6, 0.0) is None


# --- advice -----------------------------------------------------------------------------------------------------------


def test_much_traffic_needs_a_small_holdout() -> None:
    shares = [advise(0.04, signals).share for signals in (100_000, 5_000, 1_000)]
    assert shares == sorted(shares)
    assert shares[0] == 0.05
    said = advise(0.04, 5_000)
    assert said.learnable
    assert said.days is not None
    assert said.words == (
        f"Hold out 10%: an effect of +0.80 points (on 4.0 %) or more shows within {said.days} days, four times in five."
    )


def test_a_large_effect_may_still_show_where_one_worth_having_does_not() -> None:
    said = advise(0.04, 150)
    assert (said.learnable, said.share, said.days) == (True, 0.5, LATE_DAYS)
    assert 0.008 < said.effect <= 0.016


def test_what_is_useful_may_be_said() -> None:
    assert not advise(0.04, 100).learnable
    said = advise(0.04, 100, useful=0.03)
    assert said.learnable
    assert said.effect == 0.03


def test_small_traffic_cannot_learn() -> None:
    said = advise(0.04, 20)
    assert (said.learnable, said.share) == (False, 0.0)
    assert said.words.startswith("You cannot learn this here, use `fixed`: with 20 signals a day")
    assert said.days == 546, "docs/concepts.md says a year and a half"


@pytest.mark.parametrize(("base", "signals"), [(0.0, 1_000.0), (0.04, 0.0), (1.0, 1_000.0), (0.04, -3.0)])
def test_no_goal_or_no_signal_is_an_answer_too(base: float, signals: float) -> None:
    said = advise(base, signals)
    assert (said.learnable, said.days) == (False, None)
    assert "use `fixed`" in said.words
