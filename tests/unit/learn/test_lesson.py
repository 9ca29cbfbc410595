"""Rows wait in order until silence knows enough, or until there are as many as the moment asks for."""

from __future__ import annotations

import numpy as np
import pytest

from journeyloop.learn import learn
from journeyloop.model.arm import BORN_AT, SILENCE, Arms, bear, unborn
from journeyloop.model.credits import Lesson
from journeyloop.model.feature import packed, unpacked

WIDTH = 4


def lessons(count: int, actions: tuple[str, ...], every: int = 1, meaning: str = "goal") -> list[Lesson]:
    rng = np.random.default_rng(7)
    xs = rng.normal(size=(count, WIDTH)).astype(np.float32)
    return [
        Lesson("m", actions[row % len(actions)], packed(x), bool(rng.random() < 0.2), meaning, every)
        for row, x in enumerate(xs)
    ]


def taught(told: list[Lesson]) -> Arms:
    arms: Arms | None = None
    for lesson in told:
        arms, _ = learn(arms, lesson)
    assert arms is not None
    return arms


def test_actions_wait_until_silence_knows_enough_and_then_learn_in_order() -> None:
    before = lessons(60, ("a", "b"))
    arms = taught(before + lessons(BORN_AT - 1, (SILENCE,)))
    assert (arms.names, [len(rows) for rows in arms.waiting.values()]) == ([SILENCE], [30, 30, 0])
    [last] = lessons(1, (SILENCE,))
    arms, changed = learn(arms, last)
    assert changed == {SILENCE, "a", "b"}
    assert (arms.names, arms.seen) == ([SILENCE, "a", "b"], [BORN_AT, 30, 30])
    by_hand = taught([*lessons(BORN_AT - 1, (SILENCE,)), last])
    bear(by_hand, ["a", "b"])
    for lesson in before:
        by_hand.learn(by_hand.names.index(lesson.action), unpacked(lesson.x), float(lesson.reached))
    assert np.array_equal(arms.means, by_hand.means)
    assert np.array_equal(arms.covariances, by_hand.covariances)


@pytest.mark.parametrize("every", [2, 7, 50])
def test_learning_every_n_is_learning_the_same_rows_later(every: int) -> None:
    told = lessons(BORN_AT + 50 - BORN_AT % 50, (SILENCE,), every) + lessons(350, ("a",), every)
    once = [Lesson(one.moment, one.action, one.x, one.reached, one.meaning) for one in told]
    arms, expected = taught(told), taught(once)
    rest = [len(rows) for rows in arms.waiting.values()]
    assert arms.seen == [seen - left for seen, left in zip(expected.seen, rest, strict=True)]
    if not any(rest):
        assert np.array_equal(arms.means, expected.means)
        assert np.array_equal(arms.covariances, expected.covariances)


def test_another_goal_or_other_features_begin_anew() -> None:
    arms = taught(lessons(300, (SILENCE,)))
    arms, _ = learn(arms, lessons(1, (SILENCE,), meaning="another goal")[0])
    assert (arms.meaning, arms.seen) == ("another goal", [1])


def test_a_row_of_another_width_is_left_out() -> None:
    arms = taught(lessons(300, (SILENCE,)))
    odd = Lesson("m", SILENCE, packed(np.ones(WIDTH + 1, np.float32)), True, "goal")
    after, changed = learn(arms, odd)
    assert (after, changed, arms.seen) == (arms, set(), [300])


def test_the_same_lessons_make_the_same_arms_to_the_last_bit() -> None:
    told = lessons(900, (SILENCE, "a", "b"))
    one, other = taught(told), taught(told)
    assert np.array_equal(one.means, other.means)
    assert np.array_equal(one.covariances, other.covariances)


@pytest.mark.filterwarnings("ignore:invalid value")
def test_a_row_that_is_not_finite_teaches_nothing() -> None:
    arms = taught(lessons(300, (SILENCE,)))
    before = arms.means.copy()
    bad = np.array([1.0, np.nan, 0.0, 0.0], np.float32)
    arms, _ = learn(arms, Lesson("m", SILENCE, packed(bad), True, "goal"))
    assert np.array_equal(arms.means, before)
    assert (arms.seen, arms.waiting[SILENCE]) == ([300], [])


def test_a_new_action_is_born_with_its_first_row() -> None:
    arms = taught(lessons(300, (SILENCE, "a")) + lessons(300, (SILENCE,)))
    arms, changed = learn(arms, lessons(1, ("late",))[0])
    assert arms.names == [SILENCE, "a", "late"]
    assert (arms.seen[-1], "late" in changed) == (1, True)


def test_unborn_is_only_silence() -> None:
    arms = unborn("goal", 3)
    assert (arms.names, arms.born, arms.width) == ([SILENCE], False, 3)
