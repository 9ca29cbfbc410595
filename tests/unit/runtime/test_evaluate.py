"""Another policy on this store's decisions: the truth of a known world is found, or it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from msgspec import structs, to_builtins

from journeyloop.model.decision import Verdict
from journeyloop.runtime.alternative import Alternative, Words
from journeyloop.runtime.evaluate import Compared, Evaluation, evaluate
from journeyloop.runtime.evaluate_words import in_words
from tests.property.rig import MINUTE, Rig, action, moment, plan_of
from tests.unit.runtime.logged import WORTH, Logged

UNCHANGED = Alternative("change")


@pytest.fixture(scope="module")
def log() -> Logged:
    return Logged()


def goal(found: Evaluation) -> Compared:
    assert not found.refused, found.refused
    assert found.goal is not None
    return found.goal


def truth(log: Logged, name: str) -> float:
    return float(np.mean([log.rate(name, x) for x, _ in log.truths]))


def test_always_one_action(log: Logged) -> None:
    found = log.evaluated(Alternative("always", "help"))
    own = goal(found).policy
    assert own.low <= truth(log, "help") <= own.high
    assert found.chosen["help"][0] == 1.0
    assert own.estimate == pytest.approx(truth(log, "help"), abs=0.03)


def test_always_silence(log: Logged) -> None:
    found = log.evaluated(Alternative("always", ""))
    own = goal(found).policy
    assert own.low <= truth(log, "") <= own.high
    assert found.chosen["silence"] == (1.0, pytest.approx(found.chosen["silence"][1]))


def test_an_action_that_was_not_eligible_stays_so(log: Logged) -> None:
    found = log.evaluated(Alternative("always", "gift"))
    assert found.chosen["gift"][0] == pytest.approx(0.8, abs=0.02)
    assert found.chosen["silence"][0] == pytest.approx(0.2, abs=0.02)
    mixed = 0.8 * truth(log, "gift") + 0.2 * truth(log, "")
    assert goal(found).policy.low <= mixed <= goal(found).policy.high


def test_what_ran_is_worth_what_came_of_it(log: Logged) -> None:
    found = log.evaluated(UNCHANGED)
    compared = goal(found)
    assert found.effective == pytest.approx(found.windows)
    assert compared.difference.low < 0.0 < compared.difference.high
    assert abs(compared.difference.estimate) < 0.005
    assert compared.ran.estimate == pytest.approx(np.mean([rate for _, rate in log.truths]), abs=0.02)
    for name, (mine, theirs) in found.chosen.items():
        assert mine == pytest.approx(theirs, abs=0.02), name


def test_other_words_of_the_operator_are_ranked_as_the_server_ranks(log: Logged) -> None:
    dear = log.evaluated(Alternative("change", words={"help": Words(cost=50.0), "gift": Words(gives=0.0)}))
    assert dear.chosen["help"][0] == pytest.approx(0.4 * (0.8 / 3 + 0.2 / 2), abs=0.005), "only the floor"
    assert dear.chosen["gift"][0] > dear.chosen["gift"][1] + 0.1
    assert dear.value is not None and dear.value.policy.low <= dear.value.policy.high


def test_the_value_is_after_gifts_and_costs(log: Logged) -> None:
    own = log.evaluated(Alternative("always", "help")).value
    assert own is not None
    assert own.policy.low <= WORTH * truth(log, "help") - 0.5 <= own.policy.high
    gift = log.evaluated(Alternative("always", "gift")).value
    assert gift is not None
    expected = 0.8 * (WORTH - 4.0) * truth(log, "gift") + 0.2 * WORTH * truth(log, "")
    assert gift.policy.low <= expected <= gift.policy.high


def test_a_learner_is_taught_by_the_first_half_and_judged_by_the_second(log: Logged) -> None:
    found = log.evaluated(Alternative("learn", mode="cautious", explore=0.05))
    assert 0 < found.trained_on < found.windows + found.trained_on <= log.rows
    best = np.mean([max(log.rate(name, x) for name in ("", "help")) for x, _ in log.truths])
    own = goal(found)
    assert own.policy.estimate == pytest.approx(best, abs=0.05)
    assert own.policy.estimate > own.ran.estimate


def test_the_interval_covers_the_truth_and_is_no_wider_than_it_must(log: Logged) -> None:
    covered = []
    for seed in range(20):
        world = Logged(rows=2_500, seed=seed)
        own = goal(world.evaluated(Alternative("uniform"))).policy
        rates = [
            np.mean([world.rate(name, x) for name in ("", "help", "gift")]) * 0.8
            + np.mean([world.rate(name, x) for name in ("", "help")]) * 0.2
            for x, _ in world.truths
        ]
        covered.append(own.low <= np.mean(rates) <= own.high)
    assert sum(covered) >= 19


# --- what takes no part -----------------------------------------------------------------------------------------------


def test_windows_that_take_no_part_are_counted() -> None:
    def mark(number: int, made: Any, resolved: Any) -> None:
        if number < 10:
            made.features = {}  # erased
        elif number < 30:
            made.rows[0].arm = "mixed"
        elif number < 60:
            made.rows.append(structs.replace(made.rows[0], moment="other"))
            made.candidates.append(Verdict("other", "call", "onpage", "eligible", 0.3))
        elif number < 100:
            made.rows[0].mode = "fixed"
        elif number < 140:
            made.rows[0].arm = "holdout"

    log = Logged(rows=3_000, change=mark)
    found = log.evaluated(UNCHANGED)
    assert found.left_out == {"erased": 10, "mixed": 20, "shared": 30, "without_chance": 40, "held_out": 40}
    assert found.windows == 3_000 - 140
    words = in_words(to_builtins(found))
    assert "Left out: 10 of erased people, 20 of people with two arms, 30 where another moment could be chosen" in words


def test_a_window_is_not_left_out_by_what_was_chosen() -> None:
    """Where another moment could not be chosen, its presence says nothing."""

    def mark(number: int, made: Any, resolved: Any) -> None:
        made.rows.append(structs.replace(made.rows[0], moment="other"))
        made.candidates.append(Verdict("other", "call", "onpage", "no consent", 0.0))

    assert Logged(rows=1_500, change=mark).evaluated(UNCHANGED).left_out == {}


def test_people_who_turned_out_to_be_one_are_one(log: Logged) -> None:
    rig = Logged(rows=1_500)
    rig.track("Page", anonymous_id="a1")
    rig.track("Page", user_id="u1", anonymous_id="a2")
    first, second = rig.find("a1").header.person, rig.find("a2").header.person
    rig.rewrite(0, person=first)
    rig.rewrite(1, person=second)
    before = rig.evaluated(UNCHANGED).people
    rig.track("Login", user_id="u1", anonymous_id="a1")
    assert rig.find("a1").header.person == rig.find("a2").header.person
    assert rig.evaluated(UNCHANGED).people == before - 1


def test_what_the_kernel_wrote_can_be_read() -> None:
    """Not a store made up for this: people, signals, the holdout and the close of windows."""
    two = f"[{action('a')}, {action('b')}]"
    rig = Rig(plan_of(moment(actions=two, learn="{mode: full, explore: 10%}", holdout="20%")))
    for number in range(300):
        rig.track("Asked For", f"a{number}")
        if number % 3 == 0:
            rig.track("Order Completed", f"a{number}")
    rig.pass_time(31 * MINUTE)
    rig.track("Asked For", "late")  # its window is open
    with rig.store.read() as reader:
        found = evaluate(reader, rig.plans.__getitem__, "now", UNCHANGED)
    assert set(found.left_out) == {"held_out"} and 30 < found.left_out["held_out"] < 90
    assert found.windows == found.people == 300 - found.left_out["held_out"]
    assert found.effective == pytest.approx(found.windows)
    assert {name: mine for name, (mine, _) in found.chosen.items()} == pytest.approx(
        {"silence": 1 / 3, "a": 1 / 3, "b": 1 / 3}
    )
    assert found.refused.startswith(f"only {found.windows} effective windows")


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_too_few_effective_windows() -> None:
    found = Logged(rows=1_500).evaluated(Alternative("always", "help"))
    assert 0 < found.effective < 1_000
    assert found.refused.startswith(f"only {found.effective:,.0f} effective windows of 1,500")
    assert found.goal is None and found.value is None


def test_what_was_never_left_to_chance() -> None:
    log = Logged(rows=2_000, mode="cautious", explore=0.0)
    found = log.evaluated(Alternative("always", "gift"))
    assert found.unsupported > 0.1
    assert found.refused.startswith(f"{100 * found.unsupported:.1f} % of what this policy would choose has no support")
    assert not log.evaluated(UNCHANGED).refused


def test_rules_leave_nothing_to_chance() -> None:
    found = Logged(rows=50, mode="fixed").evaluated(Alternative("uniform"))
    assert found.refused == (
        "no window of now can be used: 50 decided by rule, without chance. Only `cautious` and `full` leave to chance"
    )


def test_a_probability_that_was_not_recorded() -> None:
    def forget(number: int, made: Any, resolved: Any) -> None:
        if number < 20:
            for one in made.candidates:
                one.propensity = 0.0

    found = Logged(rows=2_000, change=forget).evaluated(UNCHANGED)
    assert 0 < found.left_out["unrecorded"] <= 20


def test_no_window_has_closed() -> None:
    rig = Logged(rows=0)
    assert rig.evaluated(UNCHANGED).refused == "no window of now has closed yet"
    assert rig.evaluated(Alternative("learn", mode="full", explore=0.1)).refused == "no window of now has closed yet"
    assert rig.evaluated(Alternative("always", "help")).refused == "no window of now has closed yet"


def test_an_action_that_never_was_a_candidate(log: Logged) -> None:
    for other in (Alternative("always", "call"), Alternative("change", words={"call": Words(weight=2.0)})):
        assert log.evaluated(other).refused == "no decision of now had a candidate call: there are help, gift"


# --- words ------------------------------------------------------------------------------------------------------------


def test_in_words(log: Logged) -> None:
    words = in_words(to_builtins(log.evaluated(Alternative("always", "help")))).splitlines()
    assert words[0].startswith("Goal reached   ") and "under what ran" in words[0] and " points" in words[0]
    assert words[1].startswith("Value ") and " EUR per window" in words[1]
    assert words[2].startswith(("It brings", "No difference"))
    assert any(line.startswith("It would choose silence 0 % (ran") and "help 100 %" in line for line in words)
    assert any("8,000 windows of 2," in line for line in words)
    assert any("self-normalised" in line for line in words)
