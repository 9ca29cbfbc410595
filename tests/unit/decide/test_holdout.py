"""Each person is counted once in the arm they were drawn into, so that the ratio of the arms can be watched."""

from __future__ import annotations

import pytest

from journeyloop.learn.ratio import ratio_alarm
from journeyloop.runtime.measured import customers
from tests.property.rig import Rig, moment, plan_of


def drawn(rig: Rig) -> list[tuple[float, float, float]]:
    return [(one["share"], one["treated"], one["holdout"]) for one in customers(rig.tally("now"))]


def crowd(rig: Rig, *who: str) -> None:
    rig.apply(*[rig.event("Asked For", one) for one in who])


def test_people_are_counted_once_however_often_they_signal() -> None:
    rig = Rig(plan_of(moment(holdout="20%"), policy="holdout: 10%\n"))
    people = [f"p{number}" for number in range(300)]
    for _ in range(3):
        crowd(rig, *people)
    [(share, treated, holdout)] = drawn(rig)
    assert (share, treated + holdout) == (0.72, 300)
    assert ratio_alarm(int(treated), int(holdout), share) is None
    assert {row.arm.partition(":")[0] for one in rig.made for row in one.rows} == {"treated", "holdout"}


def test_another_share_has_another_ratio() -> None:
    rig = Rig(plan_of(moment(holdout="20%")))
    crowd(rig, "a", "b")
    rig.change(plan_of(moment(holdout="50%")))
    crowd(rig, "a", "b", "c")
    assert [(share, treated + holdout) for share, treated, holdout in drawn(rig)] == [(0.5, 1), (0.8, 2)]


@pytest.mark.parametrize("holdout", ["0%", "100%"])
def test_where_nothing_is_drawn_there_is_no_ratio(holdout: str) -> None:
    rig = Rig(plan_of(moment(holdout=holdout)))
    crowd(rig, "a")
    assert drawn(rig) == []


def test_a_thousand_logins_raise_no_alarm() -> None:
    """A merge draws nothing and takes nothing back. Counting people who are left instead, pairs with equal arms once
    and the unequal ones not at all, would lean to the larger arm: at 20 % held out only 6 % of such pairs are.
    """
    rig = Rig(plan_of(moment(holdout="20%")))
    for number in range(1_000):
        crowd(rig, f"phone{number}", f"desk{number}")
        rig.apply(*[rig.event("Identify", one, user_id=f"u{number}") for one in (f"phone{number}", f"desk{number}")])
    [(share, treated, holdout)] = drawn(rig)
    assert treated + holdout == 2_000
    assert ratio_alarm(int(treated), int(holdout), share) is None
    arms = [rig.find(f"u{number}", "user_id").header.arms["now"] for number in range(1_000)]
    assert ratio_alarm(arms.count("treated"), arms.count("holdout"), share) is not None


def test_who_joins_somebody_drawn_is_not_drawn_again() -> None:
    rig = Rig(plan_of(moment(holdout="20%")))
    crowd(rig, "a")
    rig.track("Identify", "a", user_id="u")
    rig.track("Identify", "b", user_id="u")
    crowd(rig, "b")
    [(_, treated, holdout)] = drawn(rig)
    assert treated + holdout == 1
