"""The verdict on a moment: each word, its sentence, how long it will take; and noise that is not taken for intent."""

from __future__ import annotations

import random

import pytest

from journeyloop.learn.evidence import add, score
from journeyloop.learn.harm import GOAL, harm_in, harm_of
from journeyloop.learn.verdict import FINDS, HARMS, NEVER_DAYS, NO_HOLDOUT, PAUSED, STATIC, UNKNOWN, Finding, verdict
from journeyloop.model.board import VALUE, Evidence, Tally, guard_measure
from journeyloop.model.credits import Credit
from journeyloop.testing.bench.evidence import noise_finds
from journeyloop.testing.bench.looks import World

REFUNDED = guard_measure("Order Refunded")


def evidence_of(treated: tuple[int, int], holdout: tuple[int, int], amounts: tuple[float, float] = (1, 1)) -> Evidence:
    """(rows, goals) of both arms, shuffled; what a goal came to in each."""
    share = treated[0] / (treated[0] + holdout[0])
    arms = [(True, n < treated[1]) for n in range(treated[0])] + [(False, n < holdout[1]) for n in range(holdout[0])]
    random.Random(1).shuffle(arms)
    evidence = Evidence()
    for was, goal in arms:
        y = (amounts[0] if was else amounts[1]) * goal
        psi = score(y, was, share, evidence.treated.mean(), evidence.holdout.mean())
        add(evidence, Credit("m", was, goal, psi, 0.0, 0, y=y))
    return evidence


SAME = ((9_000, 3_600), (1_000, 400))
UNSURE = ((1_800, 720), (200, 80))


def found(evidence: Evidence, held_out: float = 0.1, rows_per_day: float = 100.0, **measures: Evidence) -> Finding:
    return verdict(Tally(evidence=evidence, measures=measures), held_out, rows_per_day)


def test_a_moment_that_helps_finds_intent() -> None:
    said = found(evidence_of((9_000, 5_400), (1_000, 400)))
    assert said.word == FINDS
    assert said.sentence.startswith("More reach the goal because of it: +20.")
    assert said.sentence.endswith("60.0 % of 9,000 treated, 40.0 % of 1,000 held out.")
    assert said.days_left is None
    assert said.goal is not None
    assert said.goal.low > 0


@pytest.mark.parametrize(("harmed", "word"), [("", HARMS), (GOAL, PAUSED)])
def test_a_moment_that_costs_conversions_harms(harmed: str, word: str) -> None:
    tally = Tally(evidence=evidence_of((9_000, 1_800), (1_000, 400)), harmed=harmed)
    said = verdict(tally, 0.1, 100.0)
    assert (said.word, said.harmed) == (word, GOAL)
    assert said.sentence.startswith("Fewer reach the goal because of it: -20.")


@pytest.mark.parametrize("harmed", [GOAL, VALUE, "Order Refunded"])
def test_a_pause_for_harm_stands_though_the_figures_go_back(harmed: str) -> None:
    said = verdict(Tally(evidence=evidence_of(*SAME), harmed=harmed), 0.1, 100.0)
    assert (said.word, said.harmed) == (PAUSED, harmed)


def test_more_conversions_that_lose_money_are_harm() -> None:
    """A discount that sells more and gives away too much."""
    counts = ((9_000, 5_400), (1_000, 400))
    said = found(evidence_of(*counts), value=evidence_of(*counts, amounts=(2.0, 10.0)))
    assert (said.word, said.harmed) == (HARMS, VALUE)
    assert said.sentence.startswith("It earns less than doing nothing would: -2.")


def test_more_money_is_intent_though_no_more_convert() -> None:
    said = found(evidence_of(*SAME), value=evidence_of(*SAME, amounts=(20.0, 10.0)))
    assert said.word == FINDS
    assert said.sentence.startswith("It earns more, though not surely more reach the goal: +4.")


def test_a_guard_that_got_worse_is_harm() -> None:
    guards = {REFUNDED: evidence_of((9_000, 5_400), (1_000, 400))}
    said = found(evidence_of((9_000, 5_400), (1_000, 400)), **guards)
    assert (said.word, said.harmed) == (HARMS, "Order Refunded")
    assert said.sentence.startswith("More Order Refunded because of it: +20.")


def test_a_guard_that_got_better_is_none() -> None:
    guards = {REFUNDED: evidence_of((9_000, 1_800), (1_000, 400))}
    assert found(evidence_of(*UNSURE), **guards).word == UNKNOWN


def test_all_that_is_watched_makes_harm_harder_to_claim() -> None:
    """It shares the error rate: at some number the same figures are harm no more."""
    tally = Tally(evidence=evidence_of((9_000, 3_000), (1_000, 420)))
    assert harm_of(tally) == GOAL
    assert harm_of(tally, watched=1_000_000) == ""


def test_what_speed_is_worth_is_nobodys_harm() -> None:
    """A comparator is measured like all else, and is neither goal nor guard."""
    assert harm_in("versus/next_day", evidence_of((9_000, 1_800), (1_000, 400))) == ""


def test_a_small_effect_is_static() -> None:
    said = found(evidence_of((45_000, 18_000), (5_000, 2_000)))
    assert said.word == STATIC
    assert said.sentence.startswith("What it does is small if anything, +")
    assert "+8.0 points would be worth having" in said.sentence


def test_what_is_worth_having_may_be_said() -> None:
    tally = Tally(evidence=evidence_of((45_000, 18_000), (5_000, 2_000)))
    assert verdict(tally, 0.1, 100.0, worth=0.01).word == UNKNOWN


def test_not_yet_known_says_how_long() -> None:
    """The faster the traffic, the sooner; and then it is known, if the estimate stays as it is."""
    slow, fast = (found(evidence_of(*UNSURE), rows_per_day=rows) for rows in (10.0, 100.0))
    assert slow.word == fast.word == UNKNOWN
    assert slow.days_left is not None
    assert fast.days_left is not None
    assert fast.days_left <= slow.days_left / 9
    assert f"About {slow.days_left} days more" in slow.sentence
    times = (2_000 + 10 * slow.days_left) / 2_000
    treated, holdout = ((round(rows * times), round(goals * times)) for rows, goals in UNSURE)
    assert found(evidence_of(treated, holdout)).word == STATIC


def test_no_difference_is_named_before_there_is_enough_to_compare() -> None:
    said = found(evidence_of((113, 54), (17, 9)))
    assert said.sentence.startswith("So far 47.8 % of 113 treated, 52.9 % of 17 held out. About ")


@pytest.mark.parametrize("rows_per_day", [0.5, 0.01])
def test_at_this_traffic_never(rows_per_day: float) -> None:
    said = found(evidence_of((900, 36), (100, 4)), rows_per_day=rows_per_day)
    assert (said.word, said.days_left) == (UNKNOWN, None)
    assert said.sentence.endswith("At this traffic never, or not within a year.")
    assert NEVER_DAYS == 365


@pytest.mark.parametrize(
    ("evidence", "rows_per_day", "end"),
    [
        (Evidence(), 10.0, "No windows have closed yet."),
        (evidence_of((900, 36), (100, 0)), 10.0, "Too few have reached the goal to say how long it will take."),
        (evidence_of((900, 36), (100, 4)), 0.0, "No signals come in."),
    ],
)
def test_no_figure_is_made_up(evidence: Evidence, rows_per_day: float, end: str) -> None:
    said = found(evidence, rows_per_day=rows_per_day)
    assert (said.word, said.days_left) == (UNKNOWN, None)
    assert said.sentence.endswith(end)


@pytest.mark.parametrize(("held_out", "why"), [(0.0, "Nobody is held out"), (1.0, "Everybody is held out")])
def test_without_a_holdout_nothing_can_be_known(held_out: float, why: str) -> None:
    said = found(Evidence(), held_out=held_out)
    assert (said.word, said.days_left) == (NO_HOLDOUT, None)
    assert said.sentence.startswith(why)


def test_what_was_known_stays_known_when_the_holdout_ends() -> None:
    assert found(evidence_of((9_000, 5_400), (1_000, 400)), held_out=0.0).word == FINDS


@pytest.mark.slow
def test_noise_finds_intent_no_more_often_than_alpha() -> None:
    """2,000 moments that do nothing, looked at after every outcome, by their goal or its value."""
    assert noise_finds(2_000, World(0.3, 0.5, 2_000, spend=True)) <= 0.05
    assert noise_finds(2_000, World(0.04, 0.9, 10_000, spend=True)) <= 0.05
