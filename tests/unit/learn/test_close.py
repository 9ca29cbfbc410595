"""The close of a window: who teaches which arm, what the evidence takes, and what a changed plan leaves out."""

from __future__ import annotations

from typing import Any

import pytest

from journeyloop.learn.taught import LESSONS_PER_DAY
from journeyloop.model.arm import SILENCE
from journeyloop.model.feature import unpacked
from journeyloop.model.inputs import Delivered, Outcome, Paused, TabOpened
from tests.property.rig import DAY, HOUR, MINUTE, Rig, action, moment, plan_of

FULL = "{mode: full}"
HALF = "50%"
VALUED = "{event: Order Completed, within: 30m, value: event.properties.revenue}"
REVOKED = ", revoked_by: {event: Order Refunded, within: 3d}}"
REVOCABLE = VALUED.replace("}", REVOKED)


def rig_of(*moments: str, policy: str = "") -> Rig:
    return Rig(plan_of(*(moments or (moment(learn=FULL),)), policy=policy))


def asked(rig: Rig, who: str = "a1", name: str = "Asked For") -> Any:
    """The decision on a new signal of somebody with an open tab."""
    rig.apply(TabOpened(("anonymous_id", who), rig.memory.singles.epoch))
    rig.track(name, who)
    return rig.made[-1]


def seek(rig: Rig, arm: str, start: int = 0) -> str:
    """Somebody whose signal falls into this arm."""
    for number in range(start, start + 200):
        asked(rig, who := f"x{number}")
        if rig.made[-1].rows[0].arm.startswith(arm):
            return who
    raise AssertionError(arm)


def lessons(rig: Rig, name: str = "now") -> dict[str, int]:
    """How many rows each arm has learned or holds."""
    arms = rig.arms().get(name)
    if arms is None:
        return {}
    seen = dict(zip(arms.names, arms.seen, strict=True))
    return {
        one: count for one in {*seen, *arms.waiting} if (count := seen.get(one, 0) + len(arms.waiting.get(one, ())))
    }


def contacted(rig: Rig, start: int = 0) -> str:
    """Somebody who is contacted: an unborn moment chooses evenly between its action and silence."""
    for number in range(start, start + 100):
        if asked(rig, f"c{number}").chosen:
            return f"c{number}"
    raise AssertionError


# --- who teaches which arm --------------------------------------------------------------------------------------------


def test_each_window_teaches_the_arm_of_what_was_done_and_only_at_its_close() -> None:
    rig = rig_of()
    who = contacted(rig)
    rig.apply(Delivered(rig.made[-1].person, rig.made[-1].id, "sent"))
    rig.track("Order Completed", who)
    assert lessons(rig) == {}
    rig.pass_time(HOUR)
    silent = len(rig.made) - 1
    assert lessons(rig) == {"hello": 1} | ({SILENCE: silent} if silent else {})
    [row] = map(unpacked, rig.arms()["now"].waiting["hello"])
    assert (row[-1], row[0]) == (1.0, 1.0)


@pytest.mark.parametrize("end", ["failed", "suppressed", "expired"])
def test_what_never_arrived_teaches_no_arm(end: str) -> None:
    rig = rig_of()
    contacted(rig)
    if end == "expired":
        rig.apply(Paused("all", True))
        rig.apply(Paused("all", False))
    else:
        rig.apply(Delivered(rig.made[-1].person, rig.made[-1].id, end))
    rig.pass_time(HOUR)
    assert "hello" not in lessons(rig)
    assert rig.counts("now")["outcome: void"] == 1


@pytest.mark.parametrize("how", ["held out", "universal", "shadow", "nothing eligible"])
def test_who_was_not_contacted_teaches_silence(how: str) -> None:
    changes = {
        "held out": {"holdout": "100%", "learn": FULL},
        "universal": {"learn": FULL},
        "shadow": {"learn": "{mode: shadow}"},
        "nothing eligible": {"learn": FULL, "actions": "[{action: mail, channel: email, content: {title: Hi}}]"},
    }[how]
    rig = rig_of(moment(**changes), policy="holdout: 100%\n" if how == "universal" else "")
    asked(rig)
    rig.pass_time(HOUR)
    assert lessons(rig) == {SILENCE: 1}


def test_an_outranked_moment_is_void_and_silence_teaches_every_moment() -> None:
    rig = rig_of(moment("first"), moment("other", learn=FULL))
    asked(rig)
    rig.pass_time(HOUR)
    assert lessons(rig, "other") == {}
    assert rig.counts("other")["outcome: void"] == 1
    quiet = {"learn": FULL, "actions": "[{action: mail, channel: email, content: {title: Hi}}]"}
    rig = rig_of(moment("first", **quiet), moment("other", **quiet))
    asked(rig)
    rig.pass_time(HOUR)
    assert lessons(rig, "first") == lessons(rig, "other") == {SILENCE: 1}


def test_a_frozen_moment_learns_nothing() -> None:
    rig = rig_of(moment(learn="{mode: full, freeze: true}"))
    asked(rig)
    rig.pass_time(HOUR)
    assert lessons(rig) == {}


def test_one_person_teaches_so_many_rows_a_day_and_no_more() -> None:
    rig = rig_of(moment(holdout="100%", learn=FULL))
    rig.now -= rig.now % DAY - HOUR
    for _ in range(LESSONS_PER_DAY + 3):
        asked(rig)
    rig.pass_time(HOUR)
    assert lessons(rig) == {SILENCE: LESSONS_PER_DAY}
    assert rig.counts("now")["lessons: too many of one person"] == 3
    asked(rig, "somebody else")
    rig.pass_time(HOUR)
    assert lessons(rig) == {SILENCE: LESSONS_PER_DAY + 1}
    rig.pass_time(DAY)
    asked(rig)
    rig.pass_time(HOUR)
    assert lessons(rig) == {SILENCE: LESSONS_PER_DAY + 2}


def test_mixed_arms_are_left_out_of_the_evidence() -> None:
    rig = rig_of(moment(holdout=HALF))
    treated, held = seek(rig, "treated"), seek(rig, "holdout", 300)
    rig.track("Identify", treated, user_id="u")
    rig.track("Identify", held, user_id="u")
    rig.pass_time(HOUR)
    rows = rig.tally("now").evidence.rows
    assert rig.counts("now")["resolved: mixed"] == 2
    assert rows == len(rig.made) - 2


# --- the value, in both arms alike ------------------------------------------------------------------------------------


def known(rig: Rig, revenue: float = 50.0) -> None:
    """Enough goals to know what one is worth."""
    for number in range(20):
        asked(rig, f"w{number}")
        rig.track("Order Completed", f"w{number}", properties={"revenue": revenue})
    rig.pass_time(HOUR)


def test_every_row_waits_for_its_value_alike_goal_or_not() -> None:
    """Counting rows without a goal earlier than those with one would show less value in the arm that has more of it."""
    rig = rig_of(moment(goal=REVOCABLE, holdout=HALF))
    known(rig)
    for number in range(10):
        asked(rig, f"y{number}")
    rig.track("Order Completed", "y0", properties={"revenue": 70.0})
    rig.pass_time(HOUR)
    before = rig.tally("now").measured("value").rows
    rig.pass_time(3 * DAY - 2 * HOUR)
    assert rig.tally("now").measured("value").rows == before == 0
    assert rig.tally("now").evidence.rows == 30
    assert rig.find("y1").header.pending[0].settled
    assert rig.find("y1").header.deliveries == []
    rig.pass_time(3 * HOUR)
    value = rig.tally("now").measured("value")
    assert (value.rows, value.treated.total + value.holdout.total) == (30, 20 * 50.0 + 70.0)
    assert rig.find("y1").header.pending == []


@pytest.mark.parametrize("wait", [MINUTE, 2 * DAY])
def test_a_refund_takes_the_value_back_and_the_outcome_says_so(wait: int) -> None:
    rig = rig_of(moment(goal=REVOCABLE, holdout=HALF))
    known(rig)
    decision = asked(rig, "y")
    rig.track("Order Completed", "y", properties={"revenue": 70.0})
    rig.pass_time(wait)
    rig.track("Order Refunded", "y")
    rig.pass_time(4 * DAY)
    value = rig.tally("now").measured("value")
    assert value.treated.total + value.holdout.total == 20 * 50.0
    assert value.treated.goals + value.holdout.goals == 20
    [outcome] = [one for one in rig.outcomes() if one.decision == decision.id]
    assert (outcome.value, outcome.goal_at > 0) == (0.0, True)


def test_until_it_is_known_what_a_goal_is_worth_no_value_is_compared() -> None:
    rig = rig_of(moment(goal=VALUED, holdout=HALF))
    asked(rig)
    rig.track("Order Completed", properties={"revenue": 1e9})
    rig.pass_time(HOUR)
    assert rig.tally("now").measured("value").rows == 0
    assert rig.counts("now")["left out: worth not known"] == 1


def test_one_order_of_a_billion_counts_as_much_as_the_bound() -> None:
    rig = rig_of(moment(goal=VALUED, holdout=HALF))
    known(rig)
    known(rig)
    before = rig.tally("now").measured("value")
    asked(rig, "rich")
    rig.track("Order Completed", "rich", properties={"revenue": 1e9})
    rig.pass_time(HOUR)
    value = rig.tally("now").measured("value")
    gained = value.treated.total + value.holdout.total - before.treated.total - before.holdout.total
    assert gained == 20 * 50.0
    assert rig.counts("now")["bounded"] == 1
    assert rig.memory.board.level("now").worth == pytest.approx((40 * 50.0 + 20 * 50.0) / 41)


@pytest.mark.parametrize("value", [float("nan"), "12", True, None, [1]])
def test_a_goal_that_names_no_number_is_worth_nothing(value: Any) -> None:
    rig = rig_of(moment(goal=VALUED, holdout=HALF))
    asked(rig)
    rig.track("Order Completed", properties={"revenue": value})
    rig.pass_time(HOUR)
    [outcome] = rig.outcomes()
    assert (outcome.outcome, outcome.value) == ("converted", 0.0)


@pytest.mark.parametrize(("value", "kept"), [(float("inf"), 1e9), (-float("inf"), -1e9), (10**18, 1e9)])
def test_no_amount_is_larger_than_a_billion(value: Any, kept: float) -> None:
    rig = rig_of(moment(goal=VALUED))
    asked(rig)
    rig.track("Order Completed", properties={"revenue": value})
    assert rig.find().header.pending[0].goal_value == kept


# --- the plan changes while a window is open --------------------------------------------------------------------------

CHANGES: dict[str, tuple[dict[str, str], str]] = {
    "goal": ({"goal": "{event: Signed Up, within: 30m}"}, "goal changed"),
    "window": ({"goal": "{event: Order Completed, within: 40m}"}, "goal changed"),
    "worth": ({"goal": VALUED}, "goal changed"),
    "guard": ({"guard": "[Unsubscribed]"}, "goal changed"),
}


@pytest.mark.parametrize("change", [*CHANGES, "removed"])
def test_a_window_is_not_judged_by_another_goal(change: str) -> None:
    rig = rig_of(moment(holdout=HALF, learn=FULL))
    asked(rig)
    changes, reason = CHANGES.get(change, ({}, "moment removed"))
    rig.change(plan_of(moment("else" if change == "removed" else "now", holdout=HALF, learn=FULL, **changes)))
    rig.track("Order Completed")
    rig.pass_time(HOUR)
    assert rig.counts("now")[f"left out: {reason}"] == 1
    assert rig.counts("now")["outcome: void"] == 1
    assert (rig.tally("now").evidence.rows, lessons(rig)) == (0, {})
    assert rig.find().header.pending == []
    assert [one.outcome for one in rig.outcomes()] == ["void"]


def test_a_change_of_words_leaves_open_windows_alone() -> None:
    rig = rig_of(moment(holdout=HALF, learn=FULL))
    asked(rig)
    rig.change(plan_of(moment(holdout=HALF, learn=FULL, title="Better words")))
    rig.track("Order Completed")
    rig.pass_time(HOUR)
    counts = rig.counts("now")
    assert (rig.tally("now").evidence.rows, "outcome: void" in counts) == (1, False)
    assert rig.outcomes()[0].outcome == "converted"


def test_an_action_removed_meanwhile_teaches_nothing_and_the_evidence_goes_on() -> None:
    rig = rig_of(moment(holdout="1%", learn=FULL))
    contacted(rig)
    rig.apply(Delivered(rig.made[-1].person, rig.made[-1].id, "sent"))
    rig.change(plan_of(moment(holdout="1%", learn=FULL, actions=f"[{action('other')}]")))
    rig.pass_time(HOUR)
    assert set(lessons(rig)) <= {SILENCE}
    assert rig.counts("now")["lessons: action removed"] == 1
    assert rig.tally("now").evidence.rows == len(rig.made)


# --- what comes too late, twice or from nowhere -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Delivered, Outcome])
def test_a_word_on_an_unknown_decision_changes_nothing(kind: type) -> None:
    rig = rig_of()
    asked(rig)
    before = {table: rows for table, rows in rig.state().items() if table not in ("log", "people")}
    rig.apply(kind(rig.made[-1].person, b"?" * 16, "sent" if kind is Delivered else "clicked"))
    assert {table: rows for table, rows in rig.state().items() if table not in ("log", "people")} == before
    assert rig.replayed().differences == []


def test_an_outcome_after_the_window_and_a_second_one_teach_nothing() -> None:
    rig = rig_of()
    contacted(rig)
    decision = rig.made[-1]
    for _ in range(2):
        rig.apply(Outcome(decision.person, decision.id, "clicked"))
    assert rig.counts("now")["clicked"] == 1
    rig.pass_time(HOUR)
    learned, evidence = lessons(rig), rig.outcomes()
    rig.apply(Outcome(decision.person, decision.id, "dismissed"))
    rig.track("Order Completed", f"c{len(rig.made) - 1}")
    rig.pass_time(HOUR)
    assert (lessons(rig), rig.outcomes()) == (learned, evidence)
