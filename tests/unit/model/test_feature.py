"""The numbers an arm sees: transforms, what is missing, and values of another type than declared."""

from __future__ import annotations

from typing import Any

import pytest

from journeyloop.model.arm import MOST_FEATURES
from journeyloop.model.feature import STANDARD, Feature, packed, unpacked, vector, width

POINTS = Feature(("profile", "points"), scale=2.0, clip=3.0)
TIER = Feature(("profile", "tier"), "category", buckets=4)


def slots(feature: Feature, value: Any) -> list[float]:
    name = feature.path[1]
    return feature.slots({"profile": {} if value is None else {name: value}}, 0)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3, [1.5, 0.0]), (100.0, [3.0, 0.0]), (-100, [-3.0, 0.0]), (True, [0.5, 0.0]), (None, [0.0, 1.0])],
)
def test_a_number_is_scaled_and_clipped(value: Any, expected: list[float]) -> None:
    assert slots(POINTS, value) == expected


@pytest.mark.parametrize("value", ["12", "many", [1], {"a": 1}, float("nan"), float("inf")])
def test_a_number_that_arrives_as_something_else_is_missing(value: Any) -> None:
    """A feature that changes its type says nothing rather than something wrong."""
    assert slots(POINTS, value) == [0.0, 1.0]


@pytest.mark.parametrize("value", [True, 1.5, ["gold"], None])
def test_a_category_that_arrives_as_something_else_is_missing(value: Any) -> None:
    assert slots(TIER, value) == [0.0] * 4 + [1.0]


def test_a_category_has_one_slot_of_its_own() -> None:
    assert sorted(slots(TIER, "gold")) == [0.0] * 4 + [1.0]
    assert slots(TIER, "gold") == slots(TIER, "gold")
    assert slots(TIER, "gold")[-1] == 0.0


def test_the_standard_ones_fit_and_a_vector_survives_its_storage() -> None:
    assert width(STANDARD) <= MOST_FEATURES
    x = vector(STANDARD, {"profile": {"cart_value": 80.0, "country": "DE"}, "signal": {"confidence": 0.5}}, 1_000)
    assert len(x) == width(STANDARD)
    assert unpacked(packed(x)).tolist() == x.tolist()
