"""Several moments for one person: one choice, by what each adds, with probabilities that are what the log says."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyloop.decide import arbitrate
from journeyloop.model.decision import SignalRow, Verdict
from journeyloop.model.inputs import TabOpened
from journeyloop.runtime import records
from journeyloop.runtime.replay import repeats
from tests.property.learned import know
from tests.property.rig import Rig, action, moment, plan_of

PEOPLE = 6_000
REFUSED = ("cap: 1 per person in 1h", "held out: holdout", "other_placement")


@st.composite
def situations(draw: st.DrawFn) -> tuple[list[SignalRow], list[Verdict]]:
    """Up to three moments of any mode, born or not, with up to three actions each, some refused, some compared."""
    rows, candidates = [], []
    for number in range(draw(st.integers(1, 3))):
        mode = draw(st.sampled_from(["shadow", "fixed", "cautious", "full"]))
        row = SignalRow(f"m{number}", 0, "treated", mode, draw(st.sampled_from([0.0, 0.05, 0.5])), 1)
        row.learned, row.silence, row.silence_sd = draw(st.booleans()), draw(st.floats(-4, 1)), draw(st.floats(0, 1))
        rows.append(row)
        names = [f"a{at}" for at in range(draw(st.integers(1, 3)))]
        for name in names:
            verdict = Verdict(row.moment, name, "onpage", draw(st.sampled_from(["eligible", "eligible", *REFUSED])))
            verdict.mean, verdict.sd, verdict.value = draw(st.floats(-4, 2)), draw(st.floats(0, 1)), 1.0
            verdict.weight, verdict.cost = draw(st.sampled_from([0.0, 1.0, 3.0])), draw(st.sampled_from([0.0, 0.1]))
            candidates.append(verdict)
        if len(names) > 1 and draw(st.booleans()):
            candidates[-1].versus = names[0]
    return rows, candidates


@given(situations(), st.floats(0, 1, exclude_max=True))
def test_the_candidates_and_silence_share_all_probability(
    situation: tuple[list[SignalRow], list[Verdict]], draw: float
) -> None:
    rows, candidates = situation
    choice = arbitrate(rows, candidates, draw)
    assert all(0.0 <= one <= 1.0 for one in choice.propensities)
    assert sum(choice.propensities) <= 1.0 + 1e-9
    for one, propensity in zip(candidates, choice.propensities, strict=True):
        assert one.verdict == "eligible" or propensity == 0.0
    if choice.index is None:
        assert sum(choice.propensities) < 1.0
    else:
        assert candidates[choice.index].verdict == "eligible"
        assert choice.propensities[choice.index] > 0.0
    assert arbitrate(rows, candidates, draw) == choice


@given(situations(), st.floats(0, 1, exclude_max=True))
def test_rules_go_before_what_is_learned_and_that_before_shadows(
    situation: tuple[list[SignalRow], list[Verdict]], draw: float
) -> None:
    rows, candidates = situation
    modes = {row.moment: row.mode for row in rows}
    eligible = {modes[one.moment] for one in candidates if one.verdict == "eligible"}
    choice = arbitrate(rows, candidates, draw)
    chosen = None if choice.index is None else modes[candidates[choice.index].moment]
    if "fixed" in eligible:
        assert chosen == "fixed"
    elif eligible & {"cautious", "full"}:
        assert chosen in (None, "cautious", "full")
    else:
        assert chosen == ("shadow" if eligible else None)


def meeting(mode: str, *, born: tuple[str, ...], holdout: str = "0%") -> Rig:
    """Everybody raises two moments at once."""
    learn = f"{{mode: {mode}, explore: 10%, features: [profile.events]}}"
    two = f"[{action('a')}, {action('b')}]"
    rig = Rig(plan_of(moment("one", actions=two, learn=learn, holdout=holdout), moment("two", learn=learn)))
    for name in born:
        actions = {"a": [0.2], "b": [0.15]} if name == "one" else {"hello": [0.1]}
        know(rig, name, silence=[-1.5], sd=0.5, **actions)
    rig.apply(*[rig.event("Asked For", f"person-{number}") for number in range(PEOPLE)])
    return rig


@pytest.mark.parametrize("mode", ["cautious", "full"])
@pytest.mark.parametrize("born", [("one", "two"), ("one",), ()], ids=["both born", "one not born", "none born"])
def test_frequencies_match_the_log(mode: str, born: tuple[str, ...]) -> None:
    """By what was logged, each option was chosen as often as expected, within four standard deviations."""
    rig = meeting(mode, born=born)
    expected: defaultdict[str, float] = defaultdict(float)
    spread: defaultdict[str, float] = defaultdict(float)
    chosen = Counter("/".join(one.chosen) if one.chosen else "silence" for one in rig.made)
    for decision in rig.made:
        told = {f"{one.moment}/{one.action}": one.propensity for one in decision.candidates}
        told["silence"] = 1.0 - sum(told.values())
        assert told["silence"] >= 0.0
        for name, propensity in told.items():
            expected[name] += propensity
            spread[name] += propensity * (1.0 - propensity)
        assert repeats(records.decode_decision(records.encode_decision(decision)))
    assert len(rig.made) == PEOPLE, "one decision for both moments"
    for name, wanted in expected.items():
        assert abs(chosen[name] - wanted) <= 4.0 * spread[name] ** 0.5 + 1e-6, (name, chosen, dict(expected))


def test_who_a_moment_holds_out_it_never_contacts_and_another_may() -> None:
    rig = meeting("cautious", born=("one", "two"), holdout="50%")
    contacted = Counter(
        (one.rows[0].arm, one.chosen[0] if one.chosen else "") for one in rig.made if one.rows[0].moment == "one"
    )
    assert contacted["holdout", "one"] == 0
    assert contacted["holdout", "two"] > 1_000
    assert contacted["treated", "one"] > 1_000


def test_one_action_at_a_time() -> None:
    """Two moments that become true together, and one more while the first message waits."""
    rig = Rig(plan_of(moment("one"), moment("two"), moment("three", detect="{event: Later}")))
    rig.track("Asked For")
    rig.track("Later")
    assert [one.chosen for one in rig.made] == [("one", "hello"), None]
    assert rig.made[-1].reason == "occupied: onpage"
    rig.apply(TabOpened(("anonymous_id", "a1"), 1))
    assert [one.state for one in rig.deliveries().values()] == ["intent"]
