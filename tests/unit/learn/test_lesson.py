"""Lessons: silence first, then the arms are born and learn what waited; N at a time; anew for another goal."""

from __future__ import annotations

import numpy as np
import pytest

from journeyloop.learn import learn
from journeyloop.learn.lesson import MOST_WAITING
from journeyloop.model.arm import BORN_AT, SILENCE, Arms, unborn
from journeyloop.model.credits import Lesson
from journeyloop.model.feature import packed

D = 4
CHANCE = np.random.default_rng(5)
XS = np.column_stack([np.ones(4_000), CHANCE.normal(size=(4_000, D - 1))]).astype(np.float32)


def lesson(number: int, action: str = SILENCE, reached: bool = False, meaning: str = "m", every: int = 1) -> Lesson:
    return Lesson("now", action, packed(XS[number]), reached, meaning, every)


def taught(*lessons: Lesson, arms: Arms | None = None) -> Arms:
    for one in lessons:
        arms, _ = learn(arms, one)
    assert arms is not None
    return arms


def silence(count: int, every: int = 1) -> list[Lesson]:
    return [lesson(number, every=every, reached=number % 20 == 0) for number in range(count)]


def test_the_arms_are_born_when_silence_has_seen_enough_and_learn_what_waited_in_order() -> None:
    waited = [lesson(1_000 + number, "a", number % 3 == 0) for number in range(30)]
    arms = taught(*waited, *silence(BORN_AT - 1))
    assert (arms.names, len(arms.waiting["a"]), arms.born) == ([SILENCE], 30, False)
    arms, changed = learn(arms, lesson(BORN_AT - 1))
    assert (arms.names, arms.seen, arms.waiting["a"], changed) == ([SILENCE, "a"], [BORN_AT, 30], [], {SILENCE, "a"})
    born = taught(*silence(BORN_AT - 1), lesson(BORN_AT - 1))
    again = taught(*waited, arms=born)
    assert (again.means[1] == arms.means[1]).all()
    assert (again.covariances[1] == arms.covariances[1]).all()


def test_after_that_each_row_is_learned_at_once_and_a_new_action_is_born_from_silence() -> None:
    arms = taught(*silence(BORN_AT))
    arms, changed = learn(arms, lesson(2_000, "late", reached=True))
    assert (arms.names, arms.seen, changed) == ([SILENCE, "late"], [BORN_AT, 1], {"late"})


def test_every_so_many_rows_give_the_same_arm_later() -> None:
    one, other = taught(*silence(7)), taught(*silence(7, every=5))
    assert (one.seen, other.seen, len(other.waiting[SILENCE])) == ([7], [5], 2)
    assert (taught(*silence(5)).means == other.means).all()


def test_an_action_waits_for_its_own_rows_too() -> None:
    arms = taught(*silence(BORN_AT), *[lesson(3_000 + number, "a", every=10) for number in range(9)])
    assert arms.names == [SILENCE]
    arms = taught(lesson(3_009, "a", every=10), arms=arms)
    assert arms.seen == [BORN_AT, 10]


def test_another_meaning_begins_anew() -> None:
    arms = taught(*silence(BORN_AT), lesson(2_000, "a"))
    anew, changed = learn(arms, lesson(2_001, meaning="other"))
    assert anew is not arms
    assert (anew.names, anew.seen, changed, anew.meaning) == ([SILENCE], [1], {SILENCE}, "other")


def test_a_row_of_another_width_changes_nothing() -> None:
    arms = taught(*silence(3))
    before = arms.means.copy()
    same, changed = learn(arms, Lesson("now", SILENCE, packed(np.ones(D + 1, np.float32)), True, "m"))
    assert (same is arms, changed, arms.seen) == (True, set(), [3])
    assert (arms.means == before).all()


def test_what_waits_is_bounded_and_the_oldest_are_forgotten() -> None:
    arms = taught(*[lesson(number, "a") for number in range(MOST_WAITING + 5)])
    assert len(arms.waiting["a"]) == MOST_WAITING
    assert arms.waiting["a"][0].startswith(packed(XS[5]))


def test_whoever_learns_more_at_a_time_than_would_wait_learns_all_the_same() -> None:
    every = MOST_WAITING + 50
    assert taught(*silence(every - 1, every)).seen == [0]
    assert taught(*silence(every, every)).seen == [every]


@pytest.mark.parametrize("order", [["b", "a"], ["a", "b"]])
def test_arms_stand_by_name_in_whatever_order_they_came(order: list[str]) -> None:
    arms = taught(*[lesson(number, name) for number, name in enumerate(order)], *silence(BORN_AT), arms=unborn("m", D))
    assert arms.names == [SILENCE, "a", "b"]


@pytest.mark.parametrize("every", [2, 5, 50])
def test_learning_every_n_is_learning_the_same_rows_later(every: int) -> None:
    def told(size: int) -> list[Lesson]:
        tried = [lesson(1_000 + number, "a", number % 4 == 0, every=size) for number in range(300)]
        return silence(BORN_AT, size) + tried

    one, other = taught(*told(1)), taught(*told(every))
    assert one.seen == other.seen == [BORN_AT, 300]
    assert (one.means == other.means).all()
    assert (one.covariances == other.covariances).all()


def test_the_same_lessons_make_the_same_arms_to_the_last_bit() -> None:
    told = [*silence(BORN_AT), *[lesson(number, "ab"[number % 2], number % 7 == 0) for number in range(500)]]
    one, other = taught(*told), taught(*told)
    assert (one.means == other.means).all()
    assert (one.covariances == other.covariances).all()


def test_a_row_that_is_not_finite_teaches_nothing() -> None:
    arms = taught(*silence(BORN_AT))
    before = arms.means.copy()
    with np.errstate(invalid="ignore"):
        arms, _ = learn(arms, Lesson("now", SILENCE, packed(np.full(D, np.nan, np.float32)), True, "m"))
    assert (arms.means == before).all()
    assert (arms.seen, arms.waiting[SILENCE]) == ([BORN_AT], [])
