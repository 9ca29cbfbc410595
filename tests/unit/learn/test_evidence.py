"""The evidence: its running sums are the definition's, it holds at every look, and it finds what is there."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyloop.learn.evidence import add, join, psi, uplift
from journeyloop.model.board import Evidence
from journeyloop.model.credits import Credit, Joined
from journeyloop.model.decision import Row

scores = st.floats(-20, 20)


def credit(
    person: dict[str, list[float]], who: str, score: float, *, treated: bool = True, goal: bool = False
) -> Credit:
    own = person.setdefault(who, [])
    made = Credit("m", treated, goal, score, sum(own), len(own))
    own.append(score)
    return made


def spread(people: dict[str, list[float]]) -> float:
    """The definition: sum over persons of (S_c - n_c mean)^2."""
    rows = [score for own in people.values() for score in own]
    mean = sum(rows) / len(rows)
    return sum((sum(own) - len(own) * mean) ** 2 for own in people.values())


def kept(evidence: Evidence) -> float:
    mean = evidence.total / evidence.rows
    return evidence.squares - 2 * mean * evidence.cross + mean * mean * evidence.sizes


@given(st.lists(st.tuples(st.sampled_from("abcde"), scores), min_size=2, max_size=40), st.data())
def test_the_five_numbers_are_the_clustered_variance_through_merges(
    rows: list[tuple[str, float]], data: st.DataObject
) -> None:
    evidence, people = Evidence(), dict[str, list[float]]()
    for who, score in rows:
        add(evidence, credit(people, who, score))
    assert kept(evidence) == pytest.approx(spread(people), abs=1e-6)
    if len(people) > 1:
        one, two = data.draw(st.permutations(sorted(people)))[:2]
        join(evidence, Joined("m", sum(people[one]), len(people[one]), sum(people[two]), len(people[two])))
        people[one] += people.pop(two)
        assert kept(evidence) == pytest.approx(spread(people), abs=1e-6)


def simulate(seed: int, rows: int, base: float, lift: float, share: float) -> tuple[Evidence, bool]:
    """A moment of one person per row; whether the interval ever excluded zero once it may be relied on."""
    chance, evidence, alarmed = random.Random(seed), Evidence(), False
    for number in range(rows):
        treated = chance.random() < share
        goal = chance.random() < base + (lift if treated else 0.0)
        row = Row(b"", "m", None, "treated" if treated else "holdout", 0, 0, goal_at=int(goal), share=share)
        row.mean_treated, row.mean_holdout = evidence.treated.mean(), evidence.holdout.mean()
        add(evidence, credit({}, str(number), psi(row), treated=treated, goal=goal))
        found = uplift(evidence)
        if found is not None and found.enough and not found.low <= 0.0 <= found.high:
            alarmed = True
    return evidence, alarmed


def test_no_effect_is_rarely_called_one_though_looked_at_after_every_row() -> None:
    alarms = sum(simulate(seed, 1_000, 0.3, 0.0, 0.5)[1] for seed in range(200))
    assert alarms / 200 <= 0.06


def test_an_effect_is_found_and_covered() -> None:
    evidence, alarmed = simulate(7, 6_000, 0.2, 0.1, 0.8)
    found = uplift(evidence)
    assert found is not None
    assert alarmed
    assert found.low <= 0.1 <= found.high
    assert found.estimate == pytest.approx(0.1, abs=0.03)


def test_few_rows_are_not_enough() -> None:
    found = uplift(simulate(1, 150, 0.3, 0.0, 0.5)[0])
    assert found is not None
    assert not found.enough
    assert uplift(Evidence()) is None
