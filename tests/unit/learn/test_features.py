"""Declared features from the file to the arms: changed they start anew, unchanged the arms stay."""

from __future__ import annotations

from journeyloop.model.feature import unpacked
from journeyloop.model.plan import Plan
from tests.property.learned import know
from tests.property.rig import HOUR, Rig, moment, plan_of

AUDIENCES = "traits: {points: {type: number}}\n"


def plan(features: str, title: str = "A") -> Plan:
    """Its action cannot be sent, so that silence learns of every signal."""
    silent = "[{action: hello, channel: email, content: {title: Hello}}]"
    learn = f"{{mode: cautious, features: {features}}}"
    return plan_of(moment(title=title, learn=learn, actions=silent), audiences=AUDIENCES)


def test_what_is_declared_is_what_the_decision_keeps() -> None:
    rig = Rig(plan("[{of: profile.points, scale: 10}, {of: event.properties.need, as: number}]"))
    rig.track("Identify", traits={"points": 5})
    rig.track("Asked For", properties={"need": 2})
    rig.track("Asked For", properties={"need": "two"})
    first, second = (unpacked(one.rows[0].x).tolist() for one in rig.made)
    assert first == [1.0, 0.5, 0.0, 2.0, 0.0]
    assert second == [1.0, 0.5, 0.0, 0.0, 1.0], "text in place of a number is missing"


def test_the_same_features_keep_the_arms_and_others_begin_anew() -> None:
    rig = Rig(plan("[profile.points]"))
    know(rig, "now", silence=[-1.0], hello=[3.0])
    rig.track("Asked For", "v1")
    assert rig.made[-1].rows[0].learned
    rig.change(plan("[profile.points]", title="Another title"))
    rig.track("Asked For", "v2")
    assert rig.made[-1].rows[0].learned
    rig.change(plan("[profile.points, hour]"))
    rig.track("Asked For", "v3")
    row = rig.made[-1].rows[0]
    assert (row.learned, len(unpacked(row.x))) == (False, 5)
    rig.pass_time(HOUR)
    arms = rig.memory.arms["now"]
    assert arms.meaning == rig.plan.moments["now"].learning.meaning
    assert (arms.width, arms.born) == (5, False)


def test_a_window_that_opened_under_other_features_teaches_nothing() -> None:
    rig = Rig(plan("[profile.points]"))
    rig.track("Asked For", "v1")
    rig.change(plan("[hour]"))
    rig.pass_time(HOUR)
    assert rig.counts("now")["left out: goal changed"] == 1
    assert "now" not in rig.memory.arms
    assert rig.replayed().different == 0
