"""In a town whose truth is known the model comes to say it, and the moment finds those whose chance is high."""

from __future__ import annotations

from functools import cache

from journeyloop.model.arm import BORN_AT
from journeyloop.model.prediction import LEAST_GOALS
from tests.property.rig import moment, plan_of
from tests.simulation.propensity import Town, auc, bins

DETECT = "{propensity: Order Completed, within: 24h, crosses: 0.3}"
PEOPLE, LEARNING, WATCHING = 300, 40, 10


@cache
def town() -> Town:
    """Forty days to learn, ten to look."""
    found = Town(plan_of(moment("warm", detect=DETECT)), PEOPLE, seed=20_26)
    found.live(LEARNING)
    found.watching = True
    found.live(WATCHING)
    return found


def test_it_predicts_what_is_true() -> None:
    assert town().seen > 2_000
    assert len(town().scored) > 1_000
    for predicted, true in bins(town().scored, 10):
        assert abs(predicted - true) < 0.06


def test_it_ranks_by_what_is_true() -> None:
    scores = [predicted for predicted, _, _ in town().scored]
    assert auc(scores, [true >= 0.3 for _, true, _ in town().scored]) > 0.95
    assert auc(scores, [ordered for _, _, ordered in town().scored]) > 0.7


def test_it_fires_for_those_whose_chance_is_high_and_never_before_it_knows() -> None:
    fired = town().signals
    assert len(fired) > 500
    assert sum(chance >= 0.25 for _, chance, _ in fired) / len(fired) > 0.9
    assert min(seen for _, _, seen in fired) >= BORN_AT
    assert town().rig.memory.arms[town().prediction.name].reached[0] > LEAST_GOALS


def test_the_log_says_what_the_state_says() -> None:
    assert town().rig.replayed().differences == []
