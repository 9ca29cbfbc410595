"""What the arms know reaches verdicts and rows; what they were not learned for does not; a written mode is kept."""

from __future__ import annotations

import pytest

from journeyloop.model.arm import Arms, bear, unborn
from journeyloop.model.decision import Decision
from tests.property.rig import Rig, action, moment, plan_of

TWO = f"[{action('one', ', cost: 0.1')}, {action('two', ', gives: 0.5, weight: 2')}]"


def known(rig: Rig, names: tuple[str, ...] = ("one",)) -> Arms:
    learning = rig.plan.moments["now"].learning
    arms = unborn(learning.meaning, 24)
    arms.seen = [500]
    arms.means[0, 0] = -1.0
    bear(arms, names)
    arms.means[1:, 0] = 1.0
    rig.memory.arms["now"] = arms
    return arms


def decided(learn: str = "{mode: cautious}", **changes: str) -> tuple[Rig, Decision]:
    rig = Rig(plan_of(moment(learn=learn, actions=TWO, **changes)))
    known(rig)
    rig.track("Asked For")
    return rig, rig.made[-1]


def test_verdicts_say_what_was_expected() -> None:
    _, decision = decided()
    [row], (one, two) = decision.rows, decision.candidates
    assert (row.learned, row.silence, row.worth, row.mode) == (True, -1.0, 1.0, "cautious")
    assert (one.mean, one.cost, one.value, one.weight) == (1.0, 0.1, 1.0, 1.0)
    assert (two.mean, two.value, two.weight) == (row.silence, 0.5, 2.0)
    assert two.sd == pytest.approx(one.sd)
    assert one.sd > 0.0
    assert one.increment > 0.0 > two.increment
    assert decision.chosen in (("now", "one"), ("now", "two"), None)
    assert sum(one.propensity for one in decision.candidates) < 1.0


def test_arms_of_another_meaning_say_nothing() -> None:
    rig = Rig(plan_of(moment(learn="{mode: cautious}", actions=TWO)))
    known(rig).meaning = "another"
    rig.track("Asked For")
    assert not rig.made[-1].rows[0].learned
    assert [one.mean for one in rig.made[-1].candidates] == [0.0, 0.0]
    assert rig.made[-1].reason.startswith("explored")


@pytest.mark.parametrize(("written", "expected"), [
    ("{mode: cautious}", "full"), ("{mode: full}", "full"), ("{mode: fixed}", "fixed"), ("{mode: shadow}", "shadow"),
    ("{mode: cautious, promote: false}", "cautious"),
])  # fmt: skip
def test_the_mode_that_was_earned_holds_where_it_may_move(written: str, expected: str) -> None:
    """An operator who writes shadow stops the sending, whatever the moment had earned."""
    rig = Rig(plan_of(moment(learn=written)))
    rig.track("Asked For")
    rig.memory.tallies["now"].mode = "full"
    rig.track("Asked For", "somebody else")
    rig.memory = rig.reopened()
    rig.track("Asked For", "another")
    assert rig.made[-1].rows[0].mode == expected
