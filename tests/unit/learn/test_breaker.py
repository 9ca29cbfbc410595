"""The breaker: the first contact too many pauses everything, for everybody, until somebody resumes it."""

from __future__ import annotations

from journeyloop.model.inputs import Delivered, Paused, TabOpened
from tests.property.rig import MINUTE, SECOND, Rig, moment, plan_of

PER_MINUTE = "breaker: {contacts_per_minute: 5}\n"
SHARE = "breaker: {share_of_signals: 60%}\n"


def shop(policy: str, **changes: str) -> Rig:
    return Rig(plan_of(moment(**changes), policy=policy))


def contacted(rig: Rig, who: str) -> str:
    """Somebody else, with a tab, who comes to the moment: what becomes of it."""
    rig.apply(TabOpened(("anonymous_id", who), rig.memory.singles.epoch))
    rig.track("Asked For", who)
    made = rig.made[-1]
    if made.chosen:
        rig.apply(Delivered(rig.find(who).header.person, made.id, "sent"))
    return made.chosen[1] if made.chosen else made.reason


def test_more_contacts_than_allowed_within_a_minute() -> None:
    rig = shop(PER_MINUTE)
    found = []
    for number in range(8):
        found.append(contacted(rig, f"p{number}"))
        rig.pass_time(SECOND)
    assert found == ["hello"] * 6 + ["paused: breaker"] * 2
    assert rig.memory.board.tripped == "6 contacts within a minute, more than 5"
    rig.pass_time(90 * MINUTE)
    assert contacted(rig, "later") == "paused: breaker", "it does not close by itself"
    rig.restart()
    assert contacted(rig, "after a restart") == "paused: breaker"
    rig.apply(Paused("all", False))
    assert contacted(rig, "another pause") == "paused: breaker"
    assert rig.replayed().different == 0


def test_a_person_resumes_and_it_counts_anew() -> None:
    rig = shop(PER_MINUTE)
    for number in range(7):
        contacted(rig, f"p{number}")
    rig.apply(Paused("breaker", False))
    assert rig.memory.board.tripped == ""
    assert [contacted(rig, f"q{number}") for number in range(7)] == ["hello"] * 6 + ["paused: breaker"]


def test_a_minute_rolls() -> None:
    rig = shop(PER_MINUTE)
    for number in range(40):
        assert contacted(rig, f"p{number}") == "hello"
        rig.pass_time(13 * SECOND)


def test_what_is_pending_does_not_leave() -> None:
    rig = shop(PER_MINUTE)
    rig.track("Asked For", "waiting")
    for number in range(6):
        contacted(rig, f"p{number}")
    rig.apply(TabOpened(("anonymous_id", "waiting"), 1))
    [waiting] = [one for one in rig.deliveries().values() if one.state == "suppressed"]
    assert waiting.reason == "paused: breaker"


def test_planned_messages_count_when_they_are_sent() -> None:
    actions = "[{action: later, channel: onpage, after: 1h, content: {title: Hi}}]"
    rig = shop(PER_MINUTE, actions=actions, goal="{event: Order Completed, within: 1d}")
    for number in range(9):
        rig.apply(TabOpened(("anonymous_id", f"p{number}"), 1))
        rig.track("Asked For", f"p{number}")
    assert rig.memory.board.tripped == ""
    rig.pass_time(61 * MINUTE)
    assert rig.memory.board.tripped == "6 contacts within a minute, more than 5"
    states = [one.state for one in rig.deliveries().values()]
    assert (states.count("intent"), states.count("suppressed")) == (6, 3)


def test_a_share_of_many_signals() -> None:
    rig = shop(SHARE)
    found = [contacted(rig, f"p{number}") for number in range(101)]
    assert found == ["hello"] * 100 + ["paused: breaker"], "99 signals say nothing"
    assert rig.memory.board.tripped == "100 of 100 signals within a minute led to a contact, more than 60%"


def test_silence_and_the_held_out_are_signals_too() -> None:
    rig = shop(SHARE, holdout="50%")
    found = [contacted(rig, f"p{number}") for number in range(300)]
    assert 100 < found.count("hello") < 200
    assert rig.memory.board.paused == frozenset()


def test_without_one_nothing_is_counted() -> None:
    rig = shop("")
    contacted(rig, "a1")
    assert rig.memory.board.pulse.seconds == {}
