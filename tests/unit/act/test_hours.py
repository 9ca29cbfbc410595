"""Quiet and opening hours over the life of a message: judged for the time of the send, and again at its start."""

from __future__ import annotations

from datetime import datetime

from journeyloop.model.effects import Send
from journeyloop.model.inputs import TabOpened
from tests.property.rig import HOUR, MINUTE, Rig, action, moment, plan_of

BERLIN = {"timezone": "Europe/Berlin"}
QUIET = 'quiet_hours: {from: "21:00", to: "08:00"}\n'
GOAL = "{event: Order Completed, within: 2d}"


def at(text: str) -> int:
    return int(datetime.fromisoformat(f"2026-07-01T{text}+02:00").timestamp() * 1000)


def shop(*actions: str, when: str, policy: str = QUIET, **changes: str) -> Rig:
    changes = {"goal": GOAL} | changes
    return Rig(plan_of(moment(actions=f"[{', '.join(actions)}]", **changes), policy=policy), start=at(when))


def asked(rig: Rig) -> str:
    rig.track("Asked For", context=BERLIN)
    last = rig.made[-1]
    return last.chosen[1] if last.chosen else last.reason


def opened(rig: Rig) -> None:
    rig.apply(TabOpened(("anonymous_id", "a1"), rig.memory.singles.epoch))


def test_a_signal_at_night_is_silent_and_counted_by_its_reason() -> None:
    rig = shop(action(), when="22:00:00")
    assert asked(rig) == "quiet_hours: until 08:00 Europe/Berlin"
    assert rig.counts("now")["silent: quiet_hours"] == 1
    assert rig.replayed().different == 0


def test_what_was_decided_before_is_not_sent_in_them() -> None:
    rig = shop(action(), when="20:58:00")
    assert asked(rig) == "hello"
    rig.pass_time(3 * MINUTE)
    opened(rig)
    assert (rig.delivery().state, rig.delivery().reason) == ("suppressed", "quiet_hours: until 08:00 Europe/Berlin")
    assert rig.emitted(Send) == []


def test_a_message_is_planned_for_after_them() -> None:
    rig = shop(action("now"), action("morning", ", after: next 09:00"), action("soon", ", after: 1h"), when="22:00:00")
    assert asked(rig) == "morning"
    assert [one.verdict.partition(":")[0] for one in rig.made[-1].candidates] == [
        "quiet_hours", "eligible", "quiet_hours",
    ]  # fmt: skip
    rig.pass_time(11 * HOUR)
    opened(rig)
    assert rig.delivery().state == "intent"


def test_they_are_for_their_channels() -> None:
    rig = shop(action(), when="22:00:00", policy=QUIET.replace("}", ", channels: [sms, push, email]}"))
    assert asked(rig) == "hello"


def test_an_action_outside_its_opening_hours_is_no_candidate() -> None:
    call, mail = action("call", ', open: "09:00-18:00"'), action("tomorrow", ', after: next 09:30, open: "09:00-18:00"')
    rig = shop(call, when="17:58:00", policy="")
    assert asked(rig) == "call"
    rig.pass_time(3 * MINUTE)
    opened(rig)
    assert rig.delivery().reason == "closed: until 09:00 Europe/Berlin"
    assert asked(rig) == "closed: until 09:00 Europe/Berlin"
    assert asked(shop(call, mail, when="18:00:00", policy="")) == "tomorrow"


def test_a_desk_has_its_own_clock() -> None:
    rig = shop(action("call", ', open: "09:00-18:00 Asia/Tokyo"'), when="12:00:00", policy="")
    assert asked(rig) == "closed: until 09:00 Asia/Tokyo"
