"""The evidence: its running sums are the definition's, it holds at every look, and it finds what is there."""

from __future__ import annotations

import random
from math import inf, log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyloop.learn.evidence import (
    AMOUNTS_NEEDED,
    add,
    boundary,
    boundary_one_sided,
    harms,
    helps,
    join,
    lower,
    score,
    uplift,
    upper,
    worsens,
)
from journeyloop.model.board import Evidence, Group
from journeyloop.model.credits import Credit, Joined

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
    for who, scored in rows:
        add(evidence, credit(people, who, scored))
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
        psi = score(float(goal), treated, share, evidence.treated.mean(), evidence.holdout.mean())
        add(evidence, credit({}, str(number), psi, treated=treated, goal=goal))
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
    assert (upper(Evidence()), lower(Evidence())) == (inf, -inf)
    assert not harms(Evidence())
    assert not worsens(Evidence())


# --- any y ------------------------------------------------------------------------------------------------------------

shares = st.floats(0.05, 0.95)
amounts = st.floats(-1_000, 1_000)


@given(amounts, amounts, shares, amounts, amounts)
def test_a_score_is_right_on_average_whatever_was_forecast(
    y_treated: float, y_holdout: float, share: float, mean_treated: float, mean_holdout: float
) -> None:
    """Over the draw of the arm its mean is what treatment changes for this very row."""
    treated = score(y_treated, True, share, mean_treated, mean_holdout)
    held_out = score(y_holdout, False, share, mean_treated, mean_holdout)
    assert share * treated + (1 - share) * held_out == pytest.approx(y_treated - y_holdout, abs=1e-6)


@given(amounts, amounts, shares)
def test_a_perfect_forecast_leaves_no_chance(y_treated: float, y_holdout: float, share: float) -> None:
    both = {score(y_treated, True, share, y_treated, y_holdout), score(y_holdout, False, share, y_treated, y_holdout)}
    assert both == {y_treated - y_holdout}


# --- bounds -----------------------------------------------------------------------------------------------------------


@given(st.integers(2, 10**7), st.floats(0.001, 0.2))
def test_the_bounds_are_those_of_the_paper(t: int, alpha: float) -> None:
    """Its formulas, written out: (1) with rho tuned to 20,000 rows, and its one-sided sibling at 2 alpha."""
    for given_alpha, bound, inside in (
        (alpha, boundary(t, alpha), lambda root: root / alpha),
        (2 * alpha, boundary_one_sided(t, alpha), lambda root: 1 + root / (2 * alpha)),
    ):
        rho = sqrt((-2 * log(given_alpha) + log(-2 * log(given_alpha) + 1)) / 20_000)
        root = sqrt(t * rho * rho + 1)
        assert bound == pytest.approx(sqrt(2 * root * root / (t * rho) ** 2 * log(inside(root))))


def evidence_of(treated: tuple[int, int], holdout: tuple[int, int]) -> Evidence:
    """(rows, goals) of both arms, shuffled, one row per person."""
    share = treated[0] / (treated[0] + holdout[0])
    arms = [(True, n < treated[1]) for n in range(treated[0])] + [(False, n < holdout[1]) for n in range(holdout[0])]
    random.Random(1).shuffle(arms)
    evidence = Evidence()
    for was, goal in arms:
        found = score(float(goal), was, share, evidence.treated.mean(), evidence.holdout.mean())
        add(evidence, Credit("m", was, goal, found, 0.0, 0))
    return evidence


def test_one_side_is_narrower_than_two() -> None:
    evidence = evidence_of((900, 300), (100, 40))
    found = uplift(evidence)
    assert found is not None
    assert found.low < lower(evidence) < found.estimate < upper(evidence) < found.high


def test_harm_help_and_a_worse_guard() -> None:
    better, worse, same = (evidence_of((9_000, goals), (1_000, 400)) for goals in (6_000, 1_000, 3_600))
    assert [helps(one) for one in (better, worse, same)] == [True, False, False]
    assert [harms(one) for one in (better, worse, same)] == [False, True, False]
    assert [worsens(one) for one in (better, worse, same)] == [True, False, False]


def test_a_moment_that_destroys_every_conversion_is_caught_though_the_treated_arm_has_none() -> None:
    """Few are treated and none of them converts: 25 of their own will never come."""
    evidence = evidence_of((500, 0), (4_500, 1_350))
    found = uplift(evidence)
    assert found is not None
    assert not found.enough
    assert harms(evidence)


def test_a_guard_that_nobody_held_out_trips_is_caught() -> None:
    """Who is not written to does not unsubscribe."""
    evidence = evidence_of((4_500, 1_350), (500, 0))
    assert worsens(evidence)
    assert not helps(evidence)


@pytest.mark.parametrize(("rows", "goals", "caught"), [(100, 25, True), (99, 99, False), (100, 24, False)])
def test_harm_needs_a_hundred_rows_and_twenty_five_goals_of_the_smaller_arm(
    rows: int, goals: int, caught: bool
) -> None:
    evidence = Evidence(20_000, total=-10_000.0, squares=20_000.0, cross=-10_000.0, sizes=20_000)
    evidence.treated, evidence.holdout = Group(20_000 - rows, 0), Group(rows, goals)
    assert harms(evidence) is caught


def test_an_amount_needs_more_goals_than_a_rate() -> None:
    evidence = evidence_of((9_000, 6_000), (100, 40))
    assert helps(evidence)
    assert not helps(evidence, needed=AMOUNTS_NEEDED)
