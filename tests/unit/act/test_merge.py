"""Two people turn out to be one while a message is on its way: it must be allowed for both."""

from __future__ import annotations

import pytest

from journeyloop.decide.holdout import draw
from journeyloop.model.effects import Recall, Send, Stopped
from journeyloop.model.identifier import keyed_hash
from journeyloop.model.inputs import Delivered, TabOpened
from tests.property.rig import ALLOWED, HOUR, MINUTE, REFUSED, SECOND, SECRET, Rig, moment, plan_of

MARKETING = moment(purpose="marketing")


def waiting(policy: str = "", **changes: str) -> Rig:
    """A visitor `a1` with a message that is due: consent was given, no tab is open."""
    rig = Rig(plan_of(moment(purpose="marketing", **changes), policy=policy))
    rig.track("Asked For", context=ALLOWED)
    assert rig.delivery().state == "due"
    return rig


def opened(rig: Rig, who: str = "a1") -> None:
    rig.apply(TabOpened(("anonymous_id", who), rig.memory.singles.epoch))


def test_an_opt_out_of_the_other_side_stops_what_is_due() -> None:
    rig = waiting()
    rig.track("Page", user_id="u1", who="a2", context=REFUSED)
    rig.track("Identify", user_id="u1")
    opened(rig)
    assert (rig.delivery().state, rig.delivery().reason) == ("suppressed", "consent: marketing refused")


def test_an_opt_out_of_the_other_side_recalls_what_is_on_its_way() -> None:
    rig = waiting()
    opened(rig)
    assert rig.delivery().state == "intent"
    rig.track("Page", user_id="u1", who="a2", context=REFUSED)
    rig.track("Identify", user_id="u1")
    assert rig.delivery().recalled == "consent: marketing refused"
    assert [one.decision for one in rig.emitted(Recall)] == [rig.delivery().decision]


def person_in(arm: str, name: str, kind: str = "anonymous_id") -> str:
    """Somebody whose arm under a holdout of 50% is this one."""
    for number in range(100):
        who = f"{kind}-{number}"
        held = draw(SECRET, name, keyed_hash(SECRET, "person", kind, who)) < 0.5
        if held == (arm == "holdout"):
            return who
    raise AssertionError("a coin that always falls on one side")


def test_unequal_arms_hold_back_what_is_due() -> None:
    rig = Rig(plan_of(moment("now", holdout="50%")))
    visitor, user = person_in("treated", "now"), person_in("holdout", "now", "user_id")
    rig.track("Asked For", visitor)
    rig.track("Asked For", "b", user_id=user)
    assert rig.delivery().state == "due"
    rig.track("Identify", visitor, user_id=user)
    opened(rig, visitor)
    assert (rig.delivery().state, rig.delivery().reason) == ("suppressed", "held out: mixed")


def test_two_reservations_that_meet_are_cut_to_the_cap() -> None:
    rig = waiting("caps: [{per: person, at_most: 1, within: 1h}]\n")
    rig.track("Asked For", "a2", user_id="u1", context=ALLOWED)
    assert [one.state for one in rig.deliveries().values()] == ["due", "due"]
    rig.track("Identify", user_id="u1")
    opened(rig)
    states = sorted((one.state, one.reason) for one in rig.deliveries().values())
    assert states == [("intent", ""), ("suppressed", "cap: 1 per person in 1h")]


def test_a_visitor_with_a_tab_brings_it_to_a_user_whose_message_waits() -> None:
    rig = Rig(plan_of(MARKETING))
    rig.track("Asked For", "a2", user_id="u1", context=ALLOWED)
    opened(rig, "a1")
    rig.track("Identify", "a1", user_id="u1")
    assert rig.delivery().state == "intent"
    assert [one.anonymous_ids for one in rig.emitted(Send)] == [["a2", "a1"]]


def test_dwell_is_not_gained_by_merging_with_somebody_who_stayed_long() -> None:
    rig = Rig(plan_of(moment(confirm="{dwell: 20s}")))
    opened(rig, "old")
    rig.pass_time(HOUR)
    rig.track("Page", "old", user_id="u1")
    rig.track("Asked For", "new")
    rig.pass_time(5 * SECOND)
    rig.track("Identify", "new", user_id="u1")
    [armed] = rig.find("new").header.armed
    presence = rig.find("new").header.presence
    assert presence.until(rig.now, 1) - armed.present_total == 0


@pytest.mark.parametrize("within", ["10m", "1h"])
def test_a_cap_counts_from_the_send(within: str) -> None:
    """Decided at 0, sent four minutes later: the next may be sent a whole window after that, not earlier."""
    length = {"10m": 10 * MINUTE, "1h": HOUR}[within]
    rig = waiting(f"caps: [{{per: person, at_most: 1, within: {within}}}]\n")
    rig.pass_time(4 * MINUTE)
    opened(rig)
    rig.apply(Delivered(rig.find().header.person, rig.delivery().decision, "sent"))
    rig.pass_time(length - 2 * MINUTE)
    rig.track("Asked For")
    assert rig.decisions()[-1].reason == f"cap: 1 per person in {within}"
    rig.pass_time(2 * MINUTE)
    rig.track("Asked For")
    assert rig.decisions()[-1].chosen == ("now", "hello")


def test_a_merge_tells_nobody_that_consent_was_stated_again() -> None:
    rig = waiting()
    rig.track("Identify", user_id="u1")
    assert rig.emitted(Stopped) == []
