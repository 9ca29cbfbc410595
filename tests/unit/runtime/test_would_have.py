"""What another policy would have blocked of what was sent: by rule, over what would have remained; nothing changes."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from journeyloop.model.inputs import ConsentStated, Delivered
from journeyloop.runtime.contacted import contacted
from journeyloop.runtime.would_have import would_have
from tests.property.rig import DAY, HOUR, MINUTE, POLICY, Rig, action, moment, plan_of

NOON = 1_782_900_000_000  # 2026-07-01, noon in Berlin
CHANNELS = ("email", "push")
BERLIN = {"timezone": "Europe/Berlin"}


def plan(policy: str = "", purposes: str = ""):  # type: ignore[no-untyped-def]
    moments = [
        moment(one, topic="cart", detect=f"{{event: For {one}}}", actions=f"[{action(channel=one)}]")
        for one in CHANNELS
    ]
    made = plan_of(*moments, policy=policy)
    texts = {**made.texts, "policy.yaml": (purposes or POLICY) + policy}
    return replace(made, channels=dict.fromkeys(CHANNELS, "anybody"), texts=texts)


def shop(policy: str = "") -> Rig:
    return Rig(plan(policy), start=NOON)


def sent(rig: Rig, *channels: str, who: str = "a1", apart: int = 10 * MINUTE) -> None:
    for channel in channels:
        rig.track(f"For {channel}", who, context=BERLIN)
        for one in rig.find(who).header.deliveries:
            rig.apply(Delivered(rig.find(who).header.person, one.decision, "sent"))
        rig.pass_time(apart)


def judged(rig: Rig, policy: str = "", days: int = 7, of: Any = None) -> dict[str, Any]:
    before = rig.state()
    with rig.store.read() as reader:
        told = would_have(reader, of or plan(policy), rig.now, days)
    assert rig.state() == before
    return told


HOURLY = "caps: [{per: person, at_most: 1, within: 1h}]\n"


def test_a_cap_is_recomputed_over_what_would_have_remained() -> None:
    """Four messages twenty minutes apart: with one an hour the first and the fourth remain, not the first alone."""
    rig = shop()
    sent(rig, "email", "push", "email", "push", apart=20 * MINUTE)
    told = judged(rig, HOURLY)
    assert (told["contacts"], told["would_block"]["contacts"], told["would_block"]["people"]) == (4, 2, 1)
    [rule] = told["rules"]
    assert (rule["rule"], rule["contacts"]) == ("cap: 1 per person in 1h", 2)
    assert (rule["moments"], rule["channels"]) == ({"push": 1, "email": 1}, {"push": 1, "email": 1})
    assert rule["examples"] == [made.id.hex() for made in rig.made[1:3]]


def test_what_other_tools_sent_takes_room_and_is_not_judged() -> None:
    rig = shop()
    rig.track("Email Delivered", context=BERLIN)
    sent(rig, "push")
    told = judged(rig, HOURLY)
    assert (told["contacts"], told["would_block"]["contacts"]) == (1, 1)


def test_caps_look_back_beyond_the_days_asked_for() -> None:
    rig = shop()
    sent(rig, "email")
    rig.pass_time(DAY)
    sent(rig, "push")
    policy = "caps: [{per: person, at_most: 1, within: 3d}]\n"
    assert judged(rig, policy, days=1)["would_block"]["contacts"] == 1
    assert judged(rig, policy, days=1)["contacts"] == 1


def test_quiet_hours_are_those_of_the_place() -> None:
    rig = shop()
    rig.pass_time(11 * HOUR)
    sent(rig, "email")
    rig.track("For push", "a2", context={"timezone": "America/New_York"})
    rig.apply(Delivered(rig.find("a2").header.person, rig.made[-1].id, "sent"))
    told = judged(rig, 'quiet_hours: {from: "21:00", to: "08:00"}\n')
    assert [(rule["rule"], rule["channels"]) for rule in told["rules"]] == [("quiet_hours", {"email": 1})]


def test_consent_that_a_policy_would_ask_for() -> None:
    """Given or not, by channel; an opt-out since does not reach back."""
    rig = shop()
    who = ("anonymous_id", "a1")
    sent(rig, "email", "push")
    strict = plan()
    purposes = {name: replace(one, consent_required=True) for name, one in strict.policy.purposes.items()}
    strict = replace(strict, policy=replace(strict.policy, purposes=purposes))
    assert [rule["rule"] for rule in judged(rig, of=strict)["rules"]] == ["consent: service not given"]
    rig.apply(ConsentStated(who, {"service": False}, rig.now, "server"))
    assert judged(rig, of=strict)["would_block"]["contacts"] == 0
    sent(rig, "email")
    assert judged(rig)["contacts"] == 2, "what was not sent is not judged"


def test_a_refusal_of_one_channel_holds_for_it() -> None:
    rig = shop()
    rig.apply(ConsentStated(("anonymous_id", "a1"), {"service/email": False}, rig.now, "server"))
    sent(rig, "push", "email")
    assert judged(rig)["contacts"] == 1
    assert judged(rig)["silences"] == {"by_policy": 1, "would_be_allowed": 0, "rules": {}}


def test_silences_by_rules_that_are_dropped_are_counted() -> None:
    rig = shop(HOURLY)
    sent(rig, "email", "push", "push")
    told = judged(rig)
    assert told["silences"] == {"by_policy": 2, "would_be_allowed": 2, "rules": {"cap: 1 per person in 1h": 2}}
    assert judged(rig, HOURLY)["silences"] == {"by_policy": 2, "would_be_allowed": 0, "rules": {}}
    looser = "caps: [{per: person, at_most: 2, within: 1h}]\n"
    assert judged(rig, looser)["silences"]["would_be_allowed"] == 2, "a silence allowed takes no room"


def test_a_moment_that_is_gone_cannot_be_judged() -> None:
    rig = shop()
    sent(rig, "email")
    other = plan_of(moment("other"), policy=HOURLY)
    assert judged(rig, of=other)["not_judged"] == {"moment_removed": 1}


def test_two_who_became_one_are_one_person() -> None:
    rig = shop()
    sent(rig, "email", who="a1")
    rig.track("For push", "", user_id="u1", anonymous_id=None, context=BERLIN)
    rig.apply(Delivered(rig.find("u1", "user_id").header.person, rig.made[-1].id, "sent"))
    assert judged(rig, HOURLY)["would_block"]["contacts"] == 0
    rig.track("Identify", "a1", user_id="u1")
    told = judged(rig, HOURLY)
    assert (told["would_block"]["contacts"], told["would_block"]["people"]) == (1, 1)


# --- how often --------------------------------------------------------------------------------------------------------


def counted(rig: Rig, days: int = 7) -> dict[str, Any]:
    with rig.store.read() as reader:
        return contacted(reader, rig.plan, rig.now, days)


def test_people_by_how_often_they_were_contacted() -> None:
    rig = shop()
    rig.track("Page", "nobody")
    rig.track("Page", "robot", context={"userAgent": "Googlebot/2.1"})
    sent(rig, "email", who="once")
    sent(rig, "email", "push", "email", "push", "push", who="often")
    rig.track("Push Notification Received", "once")
    told = counted(rig)
    assert (told["people"], told["contacts"]) == (3, {"ours": 6, "theirs": 1})
    assert told["all"] == {"0": 1, "1": 0, "2": 1, "3": 0, "4+": 1}
    assert told["channels"]["email"] == {"0": 1, "1": 1, "2": 1, "3": 0, "4+": 0}
    assert told["channels"]["push"] == {"0": 1, "1": 1, "2": 0, "3": 1, "4+": 0}


def test_what_waits_is_no_contact_and_what_is_long_ago_none_any_more() -> None:
    rig = shop()
    rig.track("For email", context=BERLIN)
    assert counted(rig)["all"]["0"] == 1
    rig.apply(Delivered(rig.find().header.person, rig.made[-1].id, "sent"))
    rig.pass_time(HOUR)
    sent(rig, "push")
    assert counted(rig)["all"]["2"] == 1
    rig.pass_time(7 * DAY)
    assert counted(rig)["all"] == {"0": 1, "1": 0, "2": 0, "3": 0, "4+": 0}


@pytest.mark.parametrize("merged", [False, True])
def test_who_became_part_of_somebody_is_not_counted_twice(merged: bool) -> None:
    rig = shop()
    sent(rig, "email", who="a1")
    rig.track("Page", "", user_id="u1", anonymous_id=None)
    if merged:
        rig.track("Identify", "a1", user_id="u1")
    told = counted(rig)
    assert (told["people"], told["all"]["1"]) == (1 if merged else 2, 1)
