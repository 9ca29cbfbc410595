"""One amount decides nothing: each counts up to 20 times the median, whenever it came."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyloop.learn.worth import FEW, TIMES, Kept, average, bound, bounded, keep

amounts = st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=60)


def kept(*values: float) -> Kept:
    made: Kept = {}
    for value in values:
        keep(made, value)
    return made


def test_few_amounts_say_nothing_about_the_next() -> None:
    assert bound(kept(*[50.0] * (FEW - 1))) == 0.0
    assert bound(kept(*[50.0] * FEW)) == TIMES * 50.0
    assert bound({}) == average({}) == 0.0


@pytest.mark.parametrize("first", [True, False])
def test_an_order_of_a_billion_counts_twenty_times_the_median_even_if_it_came_first(first: bool) -> None:
    ordinary = [float(40 + number % 20) for number in range(99)]
    found = kept(*([1e9, *ordinary] if first else [*ordinary, 1e9]))
    assert bound(found) == pytest.approx(TIMES * 50.0, rel=0.15)
    assert average(found) == pytest.approx((sum(ordinary) + bound(found)) / 100)


def test_without_outliers_the_average_is_the_mean() -> None:
    values = [10.0, 20.0, 0.0, -5.0, 80.0] * 10
    assert average(kept(*values)) == pytest.approx(sum(values) / len(values))


def test_free_orders_do_not_hide_the_others() -> None:
    assert bound(kept(*[0.0] * 1_000, *[30.0] * FEW)) == TIMES * 30.0
    assert bound(kept(*[0.0] * 1_000)) == 0.0


@given(amounts)
def test_order_does_not_matter_and_size_is_bounded(values: list[float]) -> None:
    one, other = kept(*values), kept(*sorted(values))
    assert one.keys() == other.keys()
    assert bound(one) == pytest.approx(bound(other))
    assert len(one) <= 2 * 4 * 61 + 1


@given(amounts, st.floats(0.0, 1e9))
def test_the_average_is_within_the_bound(values: list[float], more: float) -> None:
    found = kept(*values, *[more] * FEW)
    if limit := bound(found):
        assert abs(average(found)) <= limit * (1 + 1e-9)


def test_extreme_amounts_have_a_bucket() -> None:
    assert len(kept(5e-324, 1e-300, 1e300, -1e300)) == 4
    assert bounded(inf, 5.0) == 5.0
