"""`why` at every stage: which clause, which timer, which gate, which rule; for it fired and for it did not."""

from __future__ import annotations

from typing import Any

import pytest

from journeyloop.model.inputs import Delivered, TabOpened
from journeyloop.runtime import reads
from journeyloop.runtime.explain import why
from tests.property.rig import ALLOWED, MINUTE, SECOND, Rig, action, moment, plan_of

WHERE = "event.properties.step >= 3 && event.properties.kind == 'x'"
ABSENCE = f"{{event: Asked For, where: {WHERE}, absent: [Order Completed], for: 3m}}"
GOOD = {"step": 3, "kind": "x"}


def rig_with(policy: str = "", **changes: str) -> Rig:
    return Rig(plan_of(moment(**changes), policy=policy))


def told(rig: Rig, who: str = "a1") -> dict[str, Any]:
    with rig.store.read() as reader:
        customer = reads.find_customer(reader, rig.secret, ("anonymous_id", who))
        return why(reader, rig.plan, rig.plan.moments["now"], customer, rig.now)


def test_nobody_by_that_name() -> None:
    assert told(rig_with())["stage"] == "unknown_person"


def test_nothing_to_look_at_yet() -> None:
    rig = rig_with()
    rig.track("Product Viewed")
    assert told(rig)["stage"] == "not_seen"
    assert "Asked For" in told(rig)["answer"]


@pytest.mark.parametrize(
    ("properties", "results", "reason"),
    [
        ({"step": 2, "kind": "x"}, ["false", "true"], "false: event.properties.step >= 3"),
        ({"kind": "x"}, ["missing", "true"], "missing: event.properties.step"),
        ({"step": "three", "kind": "x"}, ["type", "true"], "type: event.properties.step >= 3"),
        ({"step": 3, "kind": "y"}, ["true", "false"], "false: event.properties.kind == 'x'"),
        ({}, ["missing", "missing"], "missing: event.properties.step"),
    ],
)
def test_a_clause_that_does_not_hold(properties: dict[str, Any], results: list[str], reason: str) -> None:
    rig = rig_with(detect=ABSENCE)
    rig.track("Asked For", properties=properties)
    found = told(rig)
    assert (found["stage"], found["reason"]) == ("clause", reason)
    assert [one["result"] for one in found["clauses"]] == results
    assert found["clauses"][0]["read"] == {"event.properties.step": properties.get("step")}
    assert found["fired"] is False
    assert reason in found["answer"]


def test_armed_with_its_timer() -> None:
    rig = rig_with(detect=ABSENCE)
    rig.track("Asked For", properties=GOOD)
    rig.pass_time(MINUTE)
    found = told(rig)
    assert found["stage"] == "armed"
    assert [one["in_ms"] for one in found["timer"]] == [2 * MINUTE]


def test_cancelled_by_what_happened() -> None:
    rig = rig_with(detect=ABSENCE)
    rig.track("Asked For", properties=GOOD)
    rig.track("Order Completed")
    assert (told(rig)["stage"], told(rig)["reason"], told(rig)["timer"]) == ("cancelled", "Order Completed", [])


def test_late() -> None:
    rig = rig_with(detect=ABSENCE)
    rig.track("Asked For", properties=GOOD, ago=10 * MINUTE)
    assert told(rig)["stage"] == "late"


def test_gated() -> None:
    rig = rig_with(confirm="{dwell: 20s}")
    rig.track("Asked For")
    rig.pass_time(20 * SECOND)
    found = told(rig)
    assert (found["stage"], found["reason"]) == ("gated", "presence_unknown")
    assert found["gate"]["dwell_ms"] == 20 * SECOND
    assert found["presence"].startswith("unknown")


SILENCES = [
    ({"purpose": "marketing"}, "", "consent: marketing not given"),
    ({"holdout": "100%"}, "", "held out: holdout"),
    ({}, "holdout: 100%\n", "held out: holdout: universal"),
    ({}, "caps: [{per: person, at_most: 0, within: 1h}]\n", "cap: 0 per person in 1h"),
    ({"actions": f"[{action('a', ', where: profile.orders > 3')}]"}, "", "false: profile.orders > 3"),
]


@pytest.mark.parametrize(("changes", "policy", "reason"), SILENCES)
def test_it_fired_and_stayed_silent(changes: dict[str, str], policy: str, reason: str) -> None:
    rig = rig_with(policy, **changes)
    rig.track("Asked For")
    found = told(rig)
    assert (found["stage"], found["fired"]) == ("signal", True)
    assert found["answer"] == f"It fired and stayed silent: {reason}."
    assert found["decision"]["candidates"][0]["verdict"] == reason


def test_silence_that_was_chosen_is_not_laid_on_an_action_that_was_refused() -> None:
    actions = f"[{action('a', ', where: profile.orders > 3')}, {action('b')}]"
    rig = rig_with(actions=actions, learn="{mode: full}")
    for number in range(20):
        rig.track("Asked For", f"a{number}")
    quiet = next(number for number, made in enumerate(rig.made) if made.chosen is None)
    assert told(rig, f"a{quiet}")["answer"] == "It fired and stayed silent: explored: silence."


@pytest.mark.parametrize("state", ["sent", "suppressed", "failed", "unknown"])
def test_it_fired_and_acted(state: str) -> None:
    rig = rig_with()
    rig.apply(TabOpened(("anonymous_id", "a1"), 1))
    rig.track("Asked For", context=ALLOWED)
    rig.apply(Delivered(rig.find().header.person, rig.made[0].id, state, "because"))
    assert told(rig)["answer"] == f"It fired and chose hello: {state} (because)."


def test_the_answer_follows_the_person_through_a_merge() -> None:
    rig = rig_with()
    rig.track("Asked For")
    rig.track("Identify", user_id="u1")
    assert told(rig)["decision"]["id"] == rig.made[0].id.hex()
