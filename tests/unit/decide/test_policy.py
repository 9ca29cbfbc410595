"""The contact policy of one decision: consent, caps, limits, freshness, rests, pauses; each refusal with its reason."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from journeyloop.model.inputs import ConsentStated, Delivered, Outcome, Paused, TabOpened
from tests.property.rig import DAY, HOUR, MINUTE, SECOND, Rig, action, moment, plan_of

CAP = "caps: [{per: person, at_most: 1, within: 1h}]\n"


def rig_with(policy: str = "", audiences: str = "", **changes: str) -> Rig:
    return Rig(plan_of(moment(**changes), policy=policy, audiences=audiences))


def asked(rig: Rig, **fields: Any) -> str:
    """What became of one more signal: the action, or the reason for silence."""
    rig.track("Asked For", **fields)
    last = rig.made[-1]
    assert last.at == rig.now
    return last.chosen[1] if last.chosen else last.reason


def opened(rig: Rig) -> None:
    rig.apply(TabOpened(("anonymous_id", "a1"), rig.memory.singles.epoch))


def word(rig: Rig, state: str) -> None:
    """The channel's word on the last message."""
    rig.apply(Delivered(rig.find().header.person, rig.made[-1].id, state))


# --- consent ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("context", "verdict"),
    [
        ({}, "consent: marketing not given"),
        ({"consent": {}}, "consent: marketing refused"),
        ({"consent": {"categoryPreferences": {}}}, "consent: marketing refused"),
        ({"consent": {"categoryPreferences": None}}, "consent: marketing refused"),
        ({"consent": {"categoryPreferences": {"other": True}}}, "consent: marketing refused"),
        ({"consent": {"categoryPreferences": {"marketing": "yes"}}}, "consent: marketing refused"),
        ({"consent": {"categoryPreferences": {"marketing": False}}}, "consent: marketing refused"),
        ({"consent": {"categoryPreferences": {"marketing": True}}}, "hello"),
        ({"consent": "garbage"}, "consent: marketing not given"),
    ],
)
def test_what_a_consent_object_means(context: dict[str, Any], verdict: str) -> None:
    assert asked(rig_with(purpose="marketing"), context=context) == verdict


def test_a_service_message_needs_no_consent_but_hears_a_refusal() -> None:
    rig = rig_with()
    rig.apply(ConsentStated(("anonymous_id", "a1"), {"service": False}, rig.now, "server"))
    assert asked(rig) == "consent: service refused"


def test_an_unsubscription_refuses_every_purpose_that_needs_consent() -> None:
    rig = rig_with(purpose="marketing")
    rig.track("Unsubscribed")
    assert asked(rig) == "consent: marketing refused"


# --- caps -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("end", "released"), [("suppressed", True), ("failed", True), ("sent", False), ("unknown", False)]
)
def test_a_reservation_is_released_if_nothing_can_have_arrived(end: str, released: bool) -> None:
    rig = rig_with(CAP)
    opened(rig)
    assert asked(rig) == "hello"
    word(rig, end)
    rig.pass_time(MINUTE)
    assert asked(rig) == ("hello" if released else "cap: 1 per person in 1h")


def test_an_expired_message_releases_its_reservation() -> None:
    rig = rig_with(CAP)
    assert asked(rig) == "hello"
    rig.pass_time(5 * MINUTE)
    assert rig.delivery().state == "expired"
    assert asked(rig) == "hello"


def test_the_window_rolls() -> None:
    rig = rig_with("caps: [{per: person, at_most: 2, within: 1h}]\n")
    opened(rig)
    for wait, expected in ((0, "hello"), (40 * MINUTE, "hello"), (19 * MINUTE, "cap"), (MINUTE, "hello"), (0, "cap")):
        rig.pass_time(wait)
        assert asked(rig).startswith(expected)
        word(rig, "sent")


@pytest.mark.parametrize(("cap", "stops"), [("topic: now", True), ("topic: other", False), ("channel: email", False)])
def test_a_cap_counts_what_it_names(cap: str, stops: bool) -> None:
    rig = rig_with(f"caps: [{{per: person, {cap}, at_most: 1, within: 1h}}]\n")
    opened(rig)
    asked(rig)
    word(rig, "sent")
    assert asked(rig).startswith("cap") is stops


def test_a_cap_of_zero_is_none_at_all() -> None:
    assert asked(rig_with("caps: [{per: person, at_most: 0, within: 1h}]\n")) == "cap: 0 per person in 1h"


# --- what else can speak against it -----------------------------------------------------------------------------------


def test_the_limit_of_an_action() -> None:
    rig = rig_with(actions=f"[{action('gift', ', limit: 1 per 7d')}, {action('word')}]")
    opened(rig)
    assert asked(rig) == "gift"
    word(rig, "sent")
    rig.pass_time(HOUR)
    assert asked(rig) == "word"
    word(rig, "sent")
    rig.pass_time(7 * DAY)
    assert asked(rig) == "gift"


@pytest.mark.parametrize(("age", "verdict"), [(DAY, "hello"), (DAY + SECOND, "stale_context: tier")])
def test_fresh_asks_for_a_recent_trait(age: int, verdict: str) -> None:
    rig = rig_with(audiences="traits: {tier: {type: string}}\n", fresh="{traits.tier: 1d}")
    assert asked(rig) == "stale_context: tier"
    rig.track("Identify", traits={"tier": "gold"})
    rig.pass_time(age)
    assert asked(rig) == verdict


def test_a_dismissed_topic_rests_for_a_day() -> None:
    rig = rig_with()
    opened(rig)
    asked(rig)
    rig.apply(Outcome(rig.find().header.person, rig.made[-1].id, "dismissed"))
    rig.pass_time(DAY - 1)
    assert asked(rig) == "resting: now"
    rig.pass_time(1)
    assert asked(rig) == "hello"


@pytest.mark.parametrize("scope", ["all", "moment:now", "channel:onpage"])
def test_a_pause(scope: str) -> None:
    rig = rig_with()
    rig.apply(Paused(scope, True))
    assert asked(rig) == f"paused: {scope}"
    rig.apply(Paused(scope, False))
    assert asked(rig) == "hello"


def test_one_message_at_a_time() -> None:
    rig = rig_with()
    asked(rig)
    assert asked(rig) == "occupied: onpage"


def test_a_channel_that_is_not_there() -> None:
    rig = rig_with(actions="[{action: mail, channel: email, content: {title: Hi}}]")
    assert asked(rig) == "channel_unavailable: email"


def test_the_condition_of_an_action() -> None:
    rig = rig_with(actions=f"[{action('big', ', where: event.properties.total > 10.0')}]")
    assert asked(rig) == "missing: event.properties.total"
    assert asked(rig, properties={"total": 5.0}) == "false: event.properties.total > 10.0"
    assert asked(rig, properties={"total": "much"}) == "type: event.properties.total > 10.0"
    assert asked(rig, properties={"total": 50.0}) == "big"


@pytest.mark.parametrize(
    ("narrow", "other", "same"),
    [
        ("moment: one", "two", "one"),
        ("topic: cart", "two", "three"),
        ("channel: onpage", "mail", "three"),
        ("topic: cart, channel: onpage", "mail", "three"),
        ("moment: one, topic: news", "one", ""),
        ("", "", "mail"),
    ],
)
def test_a_cap_counts_all_that_it_does_not_narrow(narrow: str, other: str, same: str) -> None:
    """After one message of `one`: `other` may follow, `same` may not."""
    rows = {
        "one": ("cart", "onpage"),
        "two": ("news", "onpage"),
        "three": ("cart", "onpage"),
        "mail": ("cart", "email"),
    }
    moments = [
        moment(name, topic=topic, detect=f"{{event: For {name}}}", actions=f"[{action(channel=channel)}]")
        for name, (topic, channel) in rows.items()
    ]
    cap = f"caps: [{{per: person, at_most: 1, within: 1h{', ' if narrow else ''}{narrow}}}]\n"
    plan = plan_of(*moments, policy=cap)
    rig = Rig(replace(plan, channels=dict.fromkeys(("onpage", "email"), "anybody")))
    rig.track("For one")
    word(rig, "sent")
    if other:
        rig.track(f"For {other}")
        assert rig.made[-1].chosen == (other, "hello")
        word(rig, "failed")
    if same:
        rig.track(f"For {same}")
        assert rig.made[-1].reason.startswith("cap: 1 per person")


def test_every_cap_is_looked_at_again_before_a_message_leaves() -> None:
    """The first has room, the second was filled meanwhile."""
    caps = "caps: [{per: person, at_most: 9, within: 1h}, {per: person, topic: cart, at_most: 1, within: 1h}]\n"
    rig = rig_with(caps, topic="cart")
    assert asked(rig) == "hello"
    rig.track("Email Sent", properties={"topic": "cart"})
    opened(rig)
    assert (rig.delivery().state, rig.delivery().reason) == ("suppressed", "cap: 1 per person and cart in 1h")
