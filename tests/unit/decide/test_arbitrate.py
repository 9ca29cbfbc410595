"""Modes, exploration and the holdout: frequencies are what the log says they are."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyloop.decide import arbitrate
from journeyloop.decide.holdout import arm_of, draw
from journeyloop.interpret import found
from journeyloop.interpret.merge import merge_arms
from journeyloop.model.board import Board
from journeyloop.model.decision import SignalRow, Verdict
from journeyloop.model.frame import Frame
from journeyloop.model.identifier import keyed_hash
from tests.property.rig import SECRET, Rig, T, action, moment, plan_of

CHI_SQUARE_999 = {1: 10.83, 2: 13.82, 3: 16.27}
"""Critical values at 0.001, by degrees of freedom."""


def row(name: str, mode: str) -> SignalRow:
    return SignalRow(name, 0, "treated", mode, 0.05, 1)


def candidate(of: str, name: str, verdict: str = "eligible") -> Verdict:
    return Verdict(of, name, "onpage", verdict)


# --- modes ------------------------------------------------------------------------------------------------------------


def test_fixed_takes_the_first_that_may_be_sent() -> None:
    candidates = [candidate("m", "a", "cap"), candidate("m", "b"), candidate("m", "c")]
    choice = arbitrate([row("m", "fixed")], candidates, 0.99)
    assert (choice.index, choice.propensities) == (1, [0.0, 1.0, 0.0])


def test_a_rule_goes_before_an_experiment_and_that_before_a_shadow() -> None:
    rows = [row("s", "shadow"), row("c", "cautious"), row("f", "fixed")]
    candidates = [candidate("s", "1"), candidate("c", "2"), candidate("f", "3")]
    assert arbitrate(rows, candidates, 0.0).index == 2
    assert arbitrate(rows[:2], candidates[:2], 0.0).index == 1
    assert arbitrate(rows[:1], candidates[:1], 0.0).index == 0


def test_shadow_decides_and_sends_nothing() -> None:
    rig = Rig(plan_of(moment(learn="{mode: shadow}")))
    rig.track("Asked For")
    [decision] = rig.decisions()
    assert (decision.state, decision.chosen) == ("shadow", ("now", "hello"))
    assert rig.deliveries() == {}
    assert rig.find().header.contacts == []


def test_nothing_eligible_is_silence_with_the_first_reason() -> None:
    choice = arbitrate([row("m", "full")], [candidate("m", "a", "other_placement"), candidate("m", "b", "cap: 1")], 0.0)
    assert (choice.index, choice.reason) == (None, "cap: 1")


@pytest.mark.parametrize("mode", ["cautious", "full"])
@given(flags=st.lists(st.booleans(), min_size=1, max_size=6), at=st.floats(0, 1, exclude_max=True))
def test_exploration_is_uniform_over_the_eligible_and_silence(mode: str, flags: list[bool], at: float) -> None:
    candidates = [candidate("m", str(number), "eligible" if one else "cap") for number, one in enumerate(flags)]
    choice = arbitrate([row("m", mode)], candidates, at)
    options = sum(flags) + 1
    assert choice.propensities == [1 / options if one and sum(flags) else 0.0 for one in flags]
    assert choice.index is None or flags[choice.index]


@pytest.mark.parametrize("actions", [1, 2, 3])
def test_choices_are_as_frequent_as_the_log_says(actions: int) -> None:
    """6,000 people under one secret: chi-square of what was chosen against the logged propensities."""
    names = [f"a{number}" for number in range(actions)]
    rig = Rig(plan_of(moment(learn="{mode: cautious}", actions=f"[{', '.join(map(action, names))}]")))
    rig.apply(*[rig.event("Asked For", f"person-{number}") for number in range(6_000)])
    expected: Counter[str] = Counter()
    chosen: Counter[str] = Counter()
    for decision in rig.decisions():
        for one in decision.candidates:
            expected[one.action] += one.propensity  # type: ignore[assignment]
        expected["silence"] += 1 - sum(one.propensity for one in decision.candidates)  # type: ignore[assignment]
        chosen[decision.chosen[1] if decision.chosen else "silence"] += 1
    assert sum(expected.values()) == pytest.approx(6_000)
    assert sum((chosen[one] - expected[one]) ** 2 / expected[one] for one in expected) < CHI_SQUARE_999[actions]


# --- holdout ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.05, 0.1, 0.5])
def test_the_share_held_out_is_the_nominal_one(share: float) -> None:
    """20,000 people: within four standard errors; and two holdouts are drawn independently."""
    people = [keyed_hash(SECRET, "person", str(number)) for number in range(20_000)]
    one = [draw(SECRET, "*", person) < share for person in people]
    other = [draw(SECRET, "now", person) < share for person in people]
    error = 4 * (share * (1 - share) / 20_000) ** 0.5
    assert sum(one) / 20_000 == pytest.approx(share, abs=error)
    both = sum(a and b for a, b in zip(one, other, strict=True)) / 20_000
    assert both == pytest.approx(share**2, abs=4 * (share**2 * (1 - share**2) / 20_000) ** 0.5)


def test_the_arm_is_stored_at_the_first_signal_and_outlives_a_new_share() -> None:
    plan = plan_of(moment(holdout="99%"))
    frame = Frame(T, plan, Board(), SECRET, 1, T)
    customer = found(b"p" * 16, T)
    assert customer.header.arms == {}
    first = arm_of(customer, plan.moments["now"], frame)
    changed = plan_of(moment(holdout="0%" if first == "holdout" else "100%"))
    assert arm_of(customer, changed.moments["now"], frame) == first
    assert customer.header.arms == {"*": "treated", "now": first}


@pytest.mark.parametrize(
    ("mine", "theirs", "merged"),
    [
        (None, "treated", "treated"), ("holdout", None, "holdout"), ("treated", "treated", "treated"),
        ("holdout", "holdout", "holdout"), ("treated", "holdout", "mixed"), ("holdout", "treated", "mixed"),
        ("mixed", "treated", "mixed"), (None, "mixed", "mixed"), ("mixed", "mixed", "mixed"),
    ],
)  # fmt: skip
def test_arms_that_meet(mine: str | None, theirs: str | None, merged: str) -> None:
    arms = [{} if arm is None else {"now": arm} for arm in (mine, theirs)]
    assert merge_arms(*arms) == {"now": merged}


def test_unequal_arms_are_held_out_and_left_out_of_the_counts() -> None:
    rig = Rig(plan_of(moment(holdout="50%")))
    arms = {}
    for number in range(40):
        rig.track("Asked For", f"v{number}")
        arms.setdefault(rig.find(f"v{number}").header.arms["now"], f"v{number}")
    for arm in ("treated", "holdout"):
        rig.track("Identify", arms[arm], user_id="u1")
    before = rig.counts("now")
    rig.track("Asked For", "v", user_id="u1")
    after = rig.counts("now")
    assert rig.decisions()[-1].rows[0].arm == "mixed" or rig.find("u1", "user_id").header.arms["now"] == "mixed"
    assert {key: after[key] - before.get(key, 0) for key in after if after[key] != before.get(key, 0)} == {
        "signals": 1, "signals: mixed": 1, "silent: held out: mixed": 1,
    }  # fmt: skip


def test_the_universal_holdout_holds_for_asks_too() -> None:
    rig = Rig(plan_of(moment(), policy="holdout: 100%\n"))
    rig.track("Asked For")
    assert rig.decisions()[0].reason == "held out: holdout: universal"
    assert rig.counts("now")["held_out"] == 1
