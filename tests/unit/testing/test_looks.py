"""The evidence bench's arrays say at every look what the code that runs in the loop says."""

from __future__ import annotations

import numpy as np
import pytest

from journeyloop.testing.bench import policies
from journeyloop.testing.bench.evidence import agree, srm_false_alarm
from journeyloop.testing.bench.looks import Looks, World, ever, first_rows


@pytest.mark.parametrize(
    "world",
    [
        World(0.3, 0.5, 1_500, lift=0.15),
        World(0.3, 0.5, 1_500, lift=-0.15, signals=4),
        World(0.3, 0.8, 2_500, lift=0.2, spend=True),
        World(0.5, 0.2, 2_000, lift=-0.4),
        World(0.4, 0.5, 2_000, signals=7, spend=True),
    ],
)
def test_every_look_is_the_loops_own(world: World) -> None:
    assert agree(world) == 3 * (world.rows - 1)


def test_the_signals_of_a_person_are_not_so_many_people() -> None:
    """Ignoring who is who makes the interval too narrow: with it the alarms are few."""
    world = World(0.3, 0.5, 2_000, signals=20)
    excluded, worse = ever(world, 300, 1, Looks.excludes, Looks.worsens)
    assert excluded <= 0.05
    assert worse <= 0.06


def test_an_effect_is_seen_and_when() -> None:
    first = first_rows(World(0.3, 0.5, 3_000, lift=0.2), 50, 1, Looks.finds, Looks.harms)
    assert np.isfinite(first[0]).all()
    assert not np.isfinite(first[1]).any()


def test_an_honest_draw_rarely_alarms() -> None:
    assert srm_false_alarm(300, 2_000, 0.9) <= 0.01


def test_a_policy_is_estimated_near_its_truth() -> None:
    error, context = policies.errors(2, 1)
    assert set(error) == {"means", "forecasts", "off_policy"}
    assert all(0.0 < one < 10.0 for one in error.values())
    assert 0.03 < context["base_rate"] < 0.06
