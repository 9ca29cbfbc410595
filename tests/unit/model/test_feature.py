"""Features: declared transforms, absence as a level of its own, nothing that learns."""

from __future__ import annotations

from math import inf, log1p, nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyloop.model.arm import MOST_FEATURES
from journeyloop.model.feature import STANDARD, Feature, packed, unpacked, vector, width

NUMBER = Feature(("profile", "n"), log=True, scale=2.0, clip=3.0)
PRESENT = Feature(("profile", "n"), scale=10.0, present=True)
CATEGORY = Feature(("profile", "c"), "category", buckets=3)
HOUR = Feature(("signal", "hour"), "hour")
HOURS = 3_600_000

anything = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.integers())


def slots(feature: Feature, value: Any, now: int = 0) -> list[float]:
    return feature.slots({"profile": {feature.path[-1]: value}}, now)


def test_a_number_is_transformed_scaled_and_clipped() -> None:
    assert slots(NUMBER, 5) == [log1p(5) / 2.0, 0.0]
    assert slots(NUMBER, 1e9) == [3.0, 0.0]
    assert slots(NUMBER, -7) == [0.0, 0.0]
    assert slots(PRESENT, -25.0) == [-2.5]
    assert slots(PRESENT, -1e200) == [-3.0]


@pytest.mark.parametrize("value", ["5", None, [1], nan, inf, -inf, 10**400, -(10**400)])
def test_what_is_no_number_is_missing(value: Any) -> None:
    assert slots(NUMBER, value) == [0.0, 1.0]
    assert slots(PRESENT, value) == [0.0]


def test_missing_is_a_level_of_its_own() -> None:
    assert NUMBER.slots({}, 0) == [0.0, 1.0] != slots(NUMBER, 0)
    assert CATEGORY.slots({}, 0) == [0.0, 0.0, 0.0, 1.0]


@pytest.mark.parametrize("value", [None, True, 2.5, [], {"a": 1}])
def test_a_category_of_the_wrong_type_is_missing(value: Any) -> None:
    assert slots(CATEGORY, value) == [0.0, 0.0, 0.0, 1.0]


def test_the_hash_of_a_category_is_stable_and_its_own() -> None:
    """The same in every process and version: arms were learned with it."""
    found = [slots(CATEGORY, country).index(1.0) for country in ("DE", "FR", "GB", "IT", "US")]
    assert found == PINNED
    other = Feature(("profile", "d"), "category", buckets=3)
    assert [slots(other, country).index(1.0) for country in ("DE", "FR", "GB", "IT", "US")] != found
    assert slots(CATEGORY, 7) == slots(CATEGORY, "7")


PINNED = [0, 2, 0, 1, 2]


def test_the_hour_goes_round() -> None:
    midnight, six, noon = (HOUR.slots({}, hour * HOURS) for hour in (0, 6, 12))
    assert midnight == pytest.approx([0.0, 1.0])
    assert six == pytest.approx([1.0, 0.0])
    assert noon == pytest.approx([0.0, -1.0])
    assert HOUR.slots({}, 24 * HOURS) == midnight


@given(anything, anything)
def test_the_vector_has_its_width_and_is_finite_whatever_it_is_made_of(number: Any, category: Any) -> None:
    features = (NUMBER, PRESENT, CATEGORY, HOUR)
    x = vector(features, {"profile": {"n": number, "c": category}}, 1)
    assert len(x) == width(features) == 1 + 2 + 1 + 4 + 2
    assert x[0] == 1.0
    assert np.isfinite(x).all()
    assert np.abs(x).max() <= 3.0
    assert (unpacked(packed(x)) == x).all()


def test_the_standard_features_fit() -> None:
    assert width(STANDARD) == len(vector(STANDARD, {}, 0)) == MOST_FEATURES
