"""The ratio of the arms: its Bayes factor is the integral, it alarms when people are lost and not otherwise."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyloop.learn.ratio import ALARM, PRIOR, ratio_alarm, ratio_factor


def integrated(treated: int, held_out: int, share: float) -> float:
    """The definition: the likelihood averaged over a Beta prior around the share, against that of the share."""
    theta = (np.arange(200_000) + 0.5) / 200_000
    prior = (PRIOR * share - 1) * np.log(theta) + (PRIOR * (1 - share) - 1) * np.log1p(-theta)
    likelihood = treated * np.log(theta) + held_out * np.log1p(-theta)
    top, weight = (prior + likelihood).max(), prior.max()
    ratio = np.exp(prior + likelihood - top).sum() / np.exp(prior - weight).sum()
    return float(log(ratio) + top - weight - treated * log(share) - held_out * log(1 - share))


@given(st.integers(0, 20_000), st.integers(0, 5_000), st.floats(0.1, 0.9))
def test_the_factor_is_the_integral(treated: int, held_out: int, share: float) -> None:
    assert ratio_factor(treated, held_out, share) == pytest.approx(integrated(treated, held_out, share), abs=0.01)


def test_nobody_says_nothing() -> None:
    assert ratio_factor(0, 0, 0.9) == pytest.approx(0.0)
    assert ratio_alarm(0, 0, 0.9) is None


@pytest.mark.parametrize(("treated", "held_out", "alarms"), [(9_000, 1_000, False), (9_000, 1_100, False),
                                                             (9_000, 1_200, True), (9_000, 800, True)])  # fmt: skip
def test_lost_people_are_noticed(treated: int, held_out: int, alarms: bool) -> None:
    found = ratio_alarm(treated, held_out, 0.9)
    assert (found is not None) is alarms
    assert found is None or found >= ALARM


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_without_a_holdout_there_is_no_ratio(share: float) -> None:
    assert ratio_alarm(1_000, 10, share) is None
