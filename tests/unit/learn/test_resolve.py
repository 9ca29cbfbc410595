"""Windows open at the signal for everybody, resolve once at their close, and count what was intended."""

from __future__ import annotations

from typing import Any

import pytest

from journeyloop.model.inputs import Delivered, Paused, TabOpened
from tests.property.rig import ALLOWED, HOUR, MINUTE, REFUSED, SECOND, Rig, moment, plan_of


def signalled(who: str = "a1", tab: bool = True, **changes: str) -> Rig:
    rig = Rig(plan_of(moment(**changes)))
    if tab:
        rig.apply(TabOpened(("anonymous_id", who), 1))
    rig.track("Asked For", who, context=ALLOWED)
    return rig


def word(rig: Rig, state: str) -> None:
    rig.apply(Delivered(rig.find().header.person, rig.made[-1].id, state))


def outcome(rig: Rig) -> dict[str, int]:
    return {key: count for key, count in rig.counts("now").items() if key.startswith(("outcome", "resolved", "conver"))}


@pytest.mark.parametrize(("wait", "converted"), [(30 * MINUTE, True), (30 * MINUTE + 1, False)])
def test_a_goal_counts_within_the_window(wait: int, converted: bool) -> None:
    rig = signalled()
    word(rig, "sent")
    rig.now += wait
    rig.track("Order Completed")
    rig.pass_time(HOUR)
    expected = {"resolved: treated": 1, "outcome: converted" if converted else "outcome: ignored": 1}
    assert outcome(rig) == expected | ({"converted: treated": 1} if converted else {})


def test_a_window_resolves_once_and_counts_one_goal() -> None:
    rig = signalled()
    word(rig, "sent")
    for _ in range(3):
        rig.track("Order Completed")
    rig.pass_time(2 * HOUR)
    assert rig.counts("now")["goals: treated"] == 1
    assert outcome(rig) == {"resolved: treated": 1, "converted: treated": 1, "outcome: converted": 1}
    assert (rig.find().header.pending, rig.find().header.deliveries) == ([], [])


def test_live_goals_count_at_once_and_evidence_at_the_close() -> None:
    rig = signalled()
    rig.track("Order Completed")
    assert rig.counts("now")["goals: treated"] == 1
    assert outcome(rig) == {}


def test_an_order_before_the_signal_is_no_goal() -> None:
    rig = signalled()
    rig.track("Order Completed", ago=5 * SECOND)
    assert "goals: treated" not in rig.counts("now")


def test_the_condition_of_a_goal() -> None:
    """One that does not meet it neither counts nor takes the message back."""
    rig = signalled(goal="{event: Order Completed, within: 30m, where: event.properties.total > 10.0}")
    rig.track("Order Completed", properties={"total": 5.0})
    assert "goals: treated" not in rig.counts("now")
    assert rig.delivery().recalled == ""
    rig.track("Order Completed", properties={"total": 50.0})
    assert rig.counts("now")["goals: treated"] == 1
    assert rig.delivery().recalled == "goal: Order Completed"


def test_the_held_out_have_windows_too() -> None:
    rig = signalled(holdout="100%")
    rig.track("Order Completed")
    rig.pass_time(HOUR)
    counts = rig.counts("now")
    assert (counts["held_out"], counts["goals: holdout"], counts["converted: holdout"]) == (1, 1, 1)
    assert rig.deliveries() == {}


def test_the_silent_have_windows_too() -> None:
    rig = signalled(actions="[{action: mail, channel: email, content: {title: Hi}}]")
    rig.track("Order Completed")
    rig.pass_time(HOUR)
    assert rig.counts("now")["silent: channel_unavailable: email"] == 1
    assert outcome(rig) == {"resolved: treated": 1, "converted: treated": 1, "outcome: converted": 1}


@pytest.mark.parametrize("end", ["suppressed", "failed"])
def test_a_message_that_never_left_is_void(end: str) -> None:
    rig = signalled()
    word(rig, end)
    rig.pass_time(HOUR)
    assert outcome(rig) == {"resolved: treated": 1, "outcome: void": 1}


@pytest.mark.parametrize("expires", ["5m", "30m"])
def test_an_expired_message_is_void_even_if_it_expires_with_its_window(expires: str) -> None:
    rig = signalled(tab=False, expires=expires)
    rig.pass_time(HOUR)
    assert rig.delivery().state == "expired"
    assert outcome(rig) == {"resolved: treated": 1, "outcome: void": 1}
    assert rig.find().header.deliveries == []


@pytest.mark.parametrize("end", ["sent", "unknown"])
def test_a_message_that_may_have_arrived_is_not_void(end: str) -> None:
    rig = signalled()
    word(rig, end)
    rig.pass_time(HOUR)
    assert outcome(rig) == {"resolved: treated": 1, "outcome: ignored": 1}


# --- recall: what arrives first stops the message ---------------------------------------------------------------------

STOPS: dict[str, Any] = {
    "goal: Order Completed": lambda rig: rig.track("Order Completed"),
    "cancelled: Live Chat Started": lambda rig: rig.track("Live Chat Started"),
    "consent: withdrawn": lambda rig: rig.track("Page", context=REFUSED),
}


@pytest.mark.parametrize("reason", STOPS)
def test_what_is_due_is_suppressed(reason: str) -> None:
    rig = signalled(tab=False, purpose="marketing", cancel_on="[Live Chat Started]")
    STOPS[reason](rig)
    assert (rig.delivery().state, rig.delivery().reason) == ("suppressed", reason)
    assert rig.find().header.contacts == []


@pytest.mark.parametrize("reason", STOPS)
@pytest.mark.parametrize("sent", [False, True])
def test_what_may_have_left_is_recalled(reason: str, sent: bool) -> None:
    rig = signalled(purpose="marketing", cancel_on="[Live Chat Started]")
    if sent:
        word(rig, "sent")
    STOPS[reason](rig)
    delivery = rig.delivery()
    assert (delivery.state, delivery.recalled) == ("sent" if sent else "intent", reason)
    assert [type(one).__name__ for one in rig.effects].count("Recall") == 1
    STOPS[reason](rig)
    assert [type(one).__name__ for one in rig.effects].count("Recall") == 0


def test_the_first_word_on_a_recall_is_the_channels() -> None:
    rig = signalled()
    rig.track("Order Completed")
    word(rig, "suppressed")
    assert rig.delivery().state == "suppressed"


def test_a_pause_stops_what_waits() -> None:
    rig = signalled(tab=False)
    rig.apply(Paused("all", True))
    rig.apply(TabOpened(("anonymous_id", "a1"), 1))
    assert (rig.delivery().state, rig.delivery().reason) == ("suppressed", "paused: all")
