"""A comparator: a coin decides between two actions, the log says how probable each was, and the two are compared."""

from __future__ import annotations

from collections import Counter

import pytest

from journeyloop.decide import arbitrate
from journeyloop.model.board import versus_measure
from journeyloop.model.decision import SignalRow, Verdict
from journeyloop.model.inputs import Delivered, TabOpened
from journeyloop.runtime import records
from journeyloop.runtime.replay import repeats
from tests.property.learned import know
from tests.property.rig import DAY, HOUR, MINUTE, Rig, action, moment, plan_of

HEADS, TAILS = 0.25, 0.25 + 2.0**-40
NOW_OR_TOMORROW = f"[{action('fast', ', versus: slow')}, {action('slow', ', after: 1h')}, {action('third')}]"
GOAL = "{event: Order Completed, within: 2h}"


def candidates(*verdicts: str, versus: str = "b") -> list[Verdict]:
    found = [Verdict("m", name, "onpage", verdict) for name, verdict in zip("abc", verdicts, strict=False)]
    found[0].versus = versus
    return found


def row(mode: str) -> SignalRow:
    return SignalRow("m", 0, "treated", mode, 0.05, 1)


@pytest.mark.parametrize(("draw", "chosen", "against"), [(HEADS, 0, "b"), (TAILS, 1, "a")])
def test_the_coin_of_a_rule(draw: float, chosen: int, against: str) -> None:
    choice = arbitrate([row("fixed")], candidates("eligible", "eligible"), draw)
    assert (choice.index, choice.versus, choice.propensities) == (chosen, against, [0.5, 0.5])
    assert choice.reason == f"the first eligible action, as written, by a coin against {against}"


@pytest.mark.parametrize("draw", [HEADS, TAILS])
def test_without_its_comparator_there_is_no_coin(draw: float) -> None:
    choice = arbitrate([row("fixed")], candidates("eligible", "cap: 1"), draw)
    assert (choice.index, choice.versus, choice.propensities) == (0, "", [1.0, 0.0])
    choice = arbitrate([row("fixed")], candidates("cap: 1", "eligible"), draw)
    assert (choice.index, choice.versus, choice.propensities) == (1, "", [0.0, 1.0])


def test_a_shadow_throws_none() -> None:
    choice = arbitrate([row("shadow")], candidates("eligible", "eligible"), TAILS)
    assert (choice.index, choice.versus) == (0, "")


def test_an_action_of_another_moment_is_no_comparator() -> None:
    found = candidates("eligible", "eligible")
    found[1].moment = "other"
    rows = [row("fixed"), SignalRow("other", 0, "treated", "fixed", 0.05, 1)]
    assert arbitrate(rows, found, TAILS).index == 0


def test_the_comparator_is_an_ordinary_candidate_too() -> None:
    """Three to choose from by chance: a quarter each; half of the first one's goes to its comparator."""
    choice = arbitrate([row("full")], candidates("eligible", "eligible", "eligible"), 0.9)
    assert choice.propensities == [0.125, 0.375, 0.25]


@pytest.mark.parametrize("mode", ["fixed", "cautious", "full"])
def test_choices_are_as_frequent_as_the_log_says(mode: str) -> None:
    rig = Rig(plan_of(moment(learn=f"{{mode: {mode}}}", actions=NOW_OR_TOMORROW, goal=GOAL)))
    if mode != "fixed":
        know(rig, "now", silence=[-2.0], fast=[0.0], slow=[-0.5], third=[-0.4], sd=0.3)
    rig.apply(*[rig.event("Asked For", f"person-{number}") for number in range(4_000)])
    expected: Counter[str] = Counter()
    chosen = Counter(one.chosen[1] if one.chosen else "silence" for one in rig.made)
    for decision in rig.made:
        assert repeats(records.decode_decision(records.encode_decision(decision)))
        for one in decision.candidates:
            expected[one.action] += one.propensity  # type: ignore[assignment]
    expected["silence"] = 4_000 - sum(expected.values())
    for name, wanted in expected.items():
        assert abs(chosen[name] - wanted) < 4.0 * (max(wanted, 1.0)) ** 0.5, (name, chosen, expected)
    assert {(one.chosen[1], one.versus) for one in rig.made if one.chosen and one.versus} == {
        ("fast", "slow"), ("slow", "fast"),
    }  # fmt: skip


def test_the_comparison_is_of_what_the_coin_intended() -> None:
    """Half convert with the fast one, none with the slow one; a message that is never delivered counts all the same."""
    rig = Rig(plan_of(moment(actions=NOW_OR_TOMORROW, goal=GOAL, expires="2m")))
    for number in range(400):
        who = f"p{number}"
        rig.apply(TabOpened(("anonymous_id", who), 1))
        rig.track("Asked For", who)
        decision = rig.made[-1]
        assert decision.chosen is not None
        fast = decision.chosen[1] == "fast"
        if fast:
            rig.apply(Delivered(decision.person, decision.id, "sent" if number % 3 else "failed"))
        if fast and number % 2:
            rig.track("Order Completed", who)
    rig.pass_time(DAY)
    with rig.store.read() as reader:
        raw = reader.get("moments", b"now")
    assert raw is not None
    tally = records.decode_tally(raw)
    evidence = tally.measures[versus_measure("fast")]
    sides = Counter(one.chosen[1] for one in rig.made if one.chosen)
    assert (evidence.treated.rows, evidence.holdout.rows) == (sides["fast"], sides["slow"])
    assert evidence.holdout.goals == 0
    assert 0.3 < evidence.total / evidence.rows < 0.7
    assert tally.evidence.rows == 0, "without a holdout nothing is compared with silence"
    assert rig.replayed().different == 0


def test_the_means_are_those_of_the_signal() -> None:
    rig = Rig(plan_of(moment(actions=NOW_OR_TOMORROW, goal=GOAL)))
    rig.track("Asked For")
    [pending] = rig.find().header.pending
    assert (pending.versus, pending.versus_means) == ("fast", (0.0, 0.0))
    rig.pass_time(2 * HOUR + MINUTE)
    assert rig.find().header.pending == []
    assert "now/versus/fast" in rig.find().header.scores
