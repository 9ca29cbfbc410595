"""A suggestion waits until an agent asks, is handed over once, and is learned from once; a brief is for everybody."""

from __future__ import annotations

from typing import Any

import pytest

from journeyloop.model.effects import Queued, Recall
from journeyloop.model.inputs import Asked, Held, Outcome, Paused
from tests.property.rig import DAY, HOUR, MINUTE, REFUSED, Rig, moment, plan_of

DESK = '[channels.agent]\nkind = "desk"\n'
CALL = "{action: call_back, channel: agent, content: {title: Offer to call back, avoid: the price}}"
TELL = 'also: [{brief: agent, text: "Failed for {{ event.properties.amount }}, cart {{ profile.cart_value }}"}]\n'
FAILED = {"properties": {"amount": 50.0}}


def rig_of(*moments: str, policy: str = "", settings: str = DESK) -> Rig:
    return Rig(plan_of(*moments, policy=policy, settings=settings))


def failed(**changes: str) -> str:
    plain = {"detect": "{event: Payment Failed}", "actions": f"[{CALL}]", "holdout": "0%"}
    return moment("failed", TELL, **plain | changes)


def ask(rig: Rig, name: str = "ask") -> None:
    rig.apply(Asked(("anonymous_id", "a1"), "agent", f"{name}{rig.now}", desk=True))


def answer(rig: Rig, outcome: str, **more: Any) -> None:
    customer = rig.find()
    rig.apply(Outcome(customer.header.person, rig.delivery().decision, outcome, **more))


def state(rig: Rig) -> tuple[str, str]:
    return rig.delivery().state, rig.delivery().reason


# --- the suggestion -------------------------------------------------------------------------------------------------


def test_it_waits_for_an_agent_and_is_no_courier_s() -> None:
    rig = rig_of(failed())
    rig.track("Payment Failed", **FAILED)
    assert rig.emitted(Queued) == [] and rig.values("outbox") == []
    assert state(rig)[0] == "due"
    rig.apply(Asked(("anonymous_id", "a1"), "agent", "a page", browser=True))
    assert state(rig)[0] == "due"
    ask(rig)
    assert state(rig) == ("sent", "an agent asked")
    assert rig.replayed().different == 0


def test_asking_twice_is_one_contact() -> None:
    rig = rig_of(failed())
    rig.track("Payment Failed", **FAILED)
    for name in ("one", "two", "three"):
        ask(rig, name)
        rig.pass_time(MINUTE)
    assert len(rig.deliveries()) == len(rig.find().header.contacts) == 1
    assert rig.counts("failed")["sent"] == 1


def test_without_an_agent_it_expires_and_leaves_the_room_it_held() -> None:
    rig = rig_of(failed())
    rig.track("Payment Failed", **FAILED)
    rig.pass_time(5 * MINUTE)
    assert state(rig)[0] == "expired"
    assert rig.find().header.contacts == []
    ask(rig)
    assert state(rig)[0] == "expired"


REFUSALS = {
    "hold: failed until": lambda rig: rig.apply(Held(("anonymous_id", "a1"), ["failed"], rig.now + DAY)),
    "paused": lambda rig: rig.apply(Paused("channel:agent", True)),
    "cap: 0 per person and agent": lambda rig: rig.change(
        plan_of(failed(), settings=DESK, policy="caps: [{per: person, channel: agent, at_most: 0, within: 1h}]\n")
    ),
    "quiet_hours": lambda rig: rig.change(
        plan_of(failed(), settings=DESK, policy='quiet_hours: {from: "00:00", to: "23:59", channels: [agent]}\n')
    ),
}


@pytest.mark.parametrize("reason", REFUSALS)
def test_everything_is_looked_at_again_at_hand_over(reason: str) -> None:
    rig = rig_of(failed())
    rig.track("Payment Failed", **FAILED)
    REFUSALS[reason](rig)
    ask(rig)
    assert state(rig)[0] == "suppressed"
    assert state(rig)[1].startswith(reason)


def test_a_refused_consent_is_no_suggestion() -> None:
    rig = rig_of(failed(purpose="marketing"))
    rig.track("Payment Failed", context=REFUSED, **FAILED)
    assert (rig.made[-1].chosen, rig.made[-1].reason) == (None, "consent: marketing refused")
    ask(rig)
    assert rig.deliveries() == {}


def test_a_goal_takes_it_off_the_desk_and_no_browser_hears_of_it() -> None:
    rig = rig_of(failed())
    rig.track("Payment Failed", **FAILED)
    ask(rig)
    rig.track("Order Completed")
    assert (rig.delivery().state, rig.delivery().recalled) == ("sent", "goal: Order Completed")
    assert rig.emitted(Recall) == []


def test_if_nothing_waits_the_moments_that_answer_agents_are_asked() -> None:
    offer = moment("offer", detect="{ask: agent}", actions="[{action: thank, channel: agent, content: {title: Thank}}]")
    rig = rig_of(failed(), offer)
    rig.track("Page")
    ask(rig)
    assert [(one.moment, one.state) for one in rig.deliveries().values()] == [("offer", "sent")]
    ask(rig, "again")
    assert len(rig.deliveries()) == 1


def test_what_waits_comes_before_what_could_be_asked() -> None:
    offer = moment("offer", detect="{ask: agent}", actions="[{action: thank, channel: agent, content: {title: Thank}}]")
    rig = rig_of(failed(), offer)
    rig.track("Payment Failed", **FAILED)
    ask(rig)
    assert [(one.moment, one.state) for one in rig.deliveries().values()] == [("failed", "sent")]


# --- the answer -----------------------------------------------------------------------------------------------------


def test_an_answer_counts_once() -> None:
    rig = rig_of(failed())
    rig.track("Payment Failed", **FAILED)
    ask(rig)
    for outcome in ("dismissed", "dismissed", "clicked"):
        answer(rig, outcome, reason="already_done", agent="kim")
    counts = rig.counts("failed")
    assert (counts["dismissed"], counts["declined: already_done"], counts.get("clicked", 0)) == (1, 1, 0)
    assert rig.find().header.resting("failed", rig.now)


def test_what_no_agent_was_handed_cannot_be_answered() -> None:
    rig = rig_of(failed())
    rig.track("Payment Failed", **FAILED)
    answer(rig, "clicked")
    assert (state(rig)[0], rig.delivery().clicked) == ("due", 0)


def test_a_moment_may_follow_up_on_a_refusal() -> None:
    detect = "{event: Journeyloop Action Dismissed, where: event.properties.reason == 'not_allowed'}"
    rig = rig_of(failed(), moment("complain", detect=detect))
    rig.track("Payment Failed", **FAILED)
    ask(rig)
    answer(rig, "dismissed", reason="not_allowed")
    assert rig.counts("complain")["signals"] == 1


def test_an_accepted_one_teaches() -> None:
    rig = rig_of(failed(learn="{mode: full}"))
    for number in range(40):
        rig.track("Payment Failed", f"p{number}", **FAILED)
        rig.apply(Asked(("anonymous_id", f"p{number}"), "agent", f"ask{number}", desk=True))
        made = rig.made[-1]
        if made.chosen:
            rig.apply(Outcome(made.person, made.id, "clicked", agent="kim"))
            rig.track("Order Completed", f"p{number}")
    accepted = sum(one.clicked > 0 for one in rig.deliveries().values())
    assert accepted == len(rig.deliveries()) > 10
    rig.pass_time(HOUR)
    learned = rig.arms()["failed"]
    assert "call_back" in {*learned.names, *learned.waiting}
    counts = rig.counts("failed")
    assert (counts["resolved: treated"], counts["converted: treated"], counts["clicked"]) == (40, accepted, accepted)


# --- the brief ------------------------------------------------------------------------------------------------------


def texts(rig: Rig) -> list[str]:
    return [one.text for one in rig.find().sealed.briefs]


def test_who_is_held_out_has_a_brief_and_no_suggestion() -> None:
    rig = rig_of(failed(holdout="100%"))
    rig.track("Payment Failed", **FAILED)
    ask(rig)
    assert texts(rig) == ["Failed for 50.0, cart 0.0"]
    assert rig.deliveries() == {}


def test_shadow_tells_nothing() -> None:
    rig = rig_of(failed(learn="{mode: shadow}"))
    rig.track("Payment Failed", **FAILED)
    assert texts(rig) == []


def test_what_cannot_be_filled_is_left_out() -> None:
    rig = rig_of(failed())
    rig.track("Payment Failed")
    assert texts(rig) == []
    assert len(rig.made) == 1


def test_the_goal_ends_it_and_a_new_signal_takes_its_place() -> None:
    rig = rig_of(failed())
    rig.track("Payment Failed", **FAILED)
    rig.track("Payment Failed", properties={"amount": 60.0})
    assert texts(rig) == ["Failed for 60.0, cart 0.0"]
    rig.track("Order Completed")
    assert texts(rig) == []


def test_a_person_has_the_newest_few() -> None:
    many = [moment(f"m{number}", 'also: [{brief: agent, text: "Hello"}]\n') for number in range(15)]
    rig = rig_of(*many)
    rig.track("Asked For")
    assert len(texts(rig)) == 10


def test_a_brief_follows_its_person_into_a_merge() -> None:
    rig = rig_of(failed())
    rig.track("Payment Failed", "a1", **FAILED)
    rig.track("Identify", "a1", user_id="u1")
    assert [one.text for one in rig.find("u1", "user_id").sealed.briefs] == ["Failed for 50.0, cart 0.0"]


# --- release --------------------------------------------------------------------------------------------------------


def test_a_release_ends_a_hold_at_once() -> None:
    rig = rig_of(failed())
    rig.apply(Held(("anonymous_id", "a1"), ["failed", "service"], rig.now + DAY))
    rig.apply(Held(("anonymous_id", "a1"), [], 0, "resolved", ["failed", "marketing"]))
    assert set(rig.find().header.holds) == {"service"}
    assert rig.replayed().different == 0
