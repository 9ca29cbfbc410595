"""Messages of other tools: each counts once, at the time of its event, in the caps that cover it; ours never again."""

from __future__ import annotations

from itertools import permutations

import pytest

from journeyloop.interpret.reported import MOST
from journeyloop.model.identifier import PERSON
from journeyloop.model.inputs import Delivered, TabOpened, Unmerge
from journeyloop.model.reported import KNOWN, SENT
from tests.property.rig import DAY, HOUR, MINUTE, Rig, T, action, moment, plan_of

CAP = "caps:\n  - {per: person, topic: cart, at_most: 1, within: 1h}\n"
CAMPAIGN = "reported: [{event: Campaign Sent, channel: email, topic: properties.about.topic, id: properties.mail}]\n"


def shop(policy: str = CAP) -> Rig:
    return Rig(plan_of(moment(topic="cart"), policy=policy))


def told(rig: Rig, name: str = "Email Delivered", ago: int = 0, who: str = "a1", **properties: object) -> None:
    rig.track(name, who, ago, properties=properties)


def asked(rig: Rig, who: str = "a1") -> str:
    rig.track("Asked For", who)
    last = rig.made[-1]
    return last.chosen[1] if last.chosen else last.reason


@pytest.mark.parametrize("name", sorted(set(KNOWN) - {SENT}))
def test_a_message_of_another_tool_fills_a_cap(name: str) -> None:
    rig = shop()
    told(rig, name, topic="cart", message_id="m1")
    assert asked(rig) == "cap: 1 per person and cart in 1h"
    [contact] = rig.find().header.contacts
    assert (contact.moment, contact.topic, contact.channel) == ("", "cart", KNOWN[name].channel)
    assert rig.replayed().different == 0


def test_one_about_something_else_does_not() -> None:
    rig = shop()
    told(rig, topic="newsletter")
    told(rig)
    assert asked(rig) == "hello"


@pytest.mark.parametrize("order", list(permutations([("Email Sent", 5), ("Email Delivered", 3), ("Email Sent", 4)])))
def test_sent_and_delivered_are_one_message_at_its_first_time(order: tuple[tuple[str, int], ...]) -> None:
    rig = shop()
    for name, ago in order:
        told(rig, name, ago * MINUTE, email_id="m1", topic="cart")
    [contact] = rig.find().header.contacts
    assert contact.at == rig.now - 5 * MINUTE


def test_messages_without_an_id_are_told_apart_by_their_events() -> None:
    rig = shop()
    told(rig, topic="cart")
    told(rig, topic="cart")
    assert len(rig.find().header.contacts) == 2


def test_a_late_report_counts_in_its_own_window() -> None:
    rig = shop()
    told(rig, ago=59 * MINUTE, topic="cart")
    assert asked(rig) == "cap: 1 per person and cart in 1h"
    rig.pass_time(MINUTE)
    assert asked(rig) == "hello"


def test_what_is_older_than_every_window_is_not_kept() -> None:
    rig = shop()
    told(rig, ago=8 * DAY, topic="cart")
    assert rig.find().header.contacts == []


def test_our_own_message_counts_once() -> None:
    """The provider tells of it before our own word, and after; a browser may not say that a message was ours."""
    rig = shop("caps:\n  - {per: person, at_most: 2, within: 1h}\n")
    rig.track("Asked For")
    ours = rig.made[-1].id.hex()
    told(rig, "Email Sent", decision_id=ours, message_id="m1")
    rig.apply(TabOpened(("anonymous_id", "a1"), 1), Delivered(rig.find().header.person, rig.made[-1].id, "sent"))
    told(rig, decision_id=ours, message_id="m1")
    assert [one.moment for one in rig.find().header.contacts] == ["now"]
    told(rig, decision_id="ab" * 16, message_id="m2")
    assert [one.moment for one in rig.find().header.contacts] == ["now", ""]
    rig.track("Email Sent", properties={"decision_id": "cd" * 16}, source="server")
    assert len(rig.find().header.contacts) == 2


def test_events_of_ones_own_are_mapped() -> None:
    rig = shop(CAP + CAMPAIGN)
    told(rig, "Campaign Sent", about={"topic": "cart"}, mail=7)
    told(rig, "Campaign Sent", about={"topic": "cart"}, mail=7)
    [contact] = rig.find().header.contacts
    assert (contact.channel, contact.topic) == ("email", "cart")
    told(rig, topic="cart", message_id="m")
    assert len(rig.find().header.contacts) == 2


def test_only_a_trusted_door_names_a_channel_itself() -> None:
    rig = shop()
    told(rig, SENT, channel="email", topic="cart")
    assert rig.find().header.contacts == []
    rig.track(SENT, properties={"channel": "email", "topic": "cart"}, source="server")
    assert [one.channel for one in rig.find().header.contacts] == ["email"]


@pytest.mark.parametrize("wrong", [None, 7.5, True, ["cart"], {"a": 1}, "x" * 201])
def test_what_is_no_text_is_no_topic(wrong: object) -> None:
    rig = shop()
    told(rig, topic=wrong, message_id=wrong)
    assert [one.topic for one in rig.find().header.contacts] == [""]


def test_a_record_does_not_grow_without_end() -> None:
    rig = shop()
    for number in range(MOST + 20):
        told(rig, "Push Notification Received", message_id=str(number))
    assert len(rig.find().header.contacts) == MOST


def test_two_who_are_one_have_had_a_message_once() -> None:
    rig = shop("caps:\n  - {per: person, at_most: 2, within: 1h}\n")
    told(rig, "Email Sent", MINUTE, who="a1", message_id="m1", topic="cart")
    rig.track("Email Delivered", "", properties={"message_id": "m1"}, user_id="u1", anonymous_id=None, source="server")
    rig.track("Identify", "a1", user_id="u1")
    [contact] = rig.find("u1", "user_id").header.contacts
    assert (contact.at, contact.topic) == (T - MINUTE, "cart")
    assert rig.replayed().different == 0


def test_told_apart_each_keeps_what_was_sent_to_them() -> None:
    rig = shop("caps:\n  - {per: person, at_most: 9, within: 7d}\n")
    told(rig, who="a1", message_id="m1", topic="cart")
    absorbed = rig.find("a1").header.person
    rig.track("Email Sent", "", properties={"message_id": "m2"}, user_id="u1", anonymous_id=None)
    rig.now += HOUR
    rig.track("Identify", "a1", user_id="u1")
    one = rig.find("u1", "user_id").header
    assert len(one.contacts) == 2
    gone = next(past.person for past in one.absorbed)
    assert gone == absorbed
    rig.apply(Unmerge(one.person, gone))
    stays, leaves = (rig.find(who.hex(), PERSON).header.contacts for who in (one.person, gone))
    assert [[one.topic for one in kept] for kept in (stays, leaves)] == [[""], ["cart"]]
    assert rig.replayed().different == 0


def test_an_action_of_ours_waits_for_the_room_again() -> None:
    """Decided while there was room; told of a message meanwhile; looked at again before it leaves."""
    rig = Rig(plan_of(moment(topic="cart", actions=f"[{action()}]"), policy=CAP))
    rig.track("Asked For")
    told(rig, topic="cart")
    rig.apply(TabOpened(("anonymous_id", "a1"), 1))
    assert (rig.delivery().state, rig.delivery().reason) == ("suppressed", "cap: 1 per person and cart in 1h")
