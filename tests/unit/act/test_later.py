"""A message that is planned for later: it waits, and everything is asked again when its time comes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from journeyloop.model.arm import BORN_AT
from journeyloop.model.effects import Send
from journeyloop.model.inputs import ConsentStated, Delivered, Outcome, Paused, TabOpened
from tests.property.learned import know
from tests.property.rig import DAY, HOUR, MINUTE, SECOND, Rig, T, action, moment, plan_of

GOAL = "{event: Order Completed, within: 2d}"


def shop(*actions: str, policy: str = "", body: str = "", **changes: str) -> Rig:
    changes = {"goal": GOAL, "cancel_on": "[Live Chat Started]", "topic": "now"} | changes
    rig = Rig(plan_of(moment(body=body, actions=f"[{', '.join(actions)}]", **changes), policy=policy))
    rig.apply(TabOpened(("anonymous_id", "a1"), 1))
    return rig


def planned(after: str = "1h", **changes: str) -> Rig:
    rig = shop(action("later", f", after: {after}"), **changes)
    rig.track("Asked For")
    return rig


def sends(rig: Rig) -> int:
    return len(rig.emitted(Send))


def test_it_waits_for_its_time_and_expires_counted_from_there() -> None:
    rig = planned()
    delivery = rig.delivery()
    assert (delivery.state, delivery.not_before, delivery.expires) == ("due", T + HOUR, T + HOUR + 5 * MINUTE)
    assert rig.made[0].not_before == T + HOUR
    rig.pass_time(HOUR - 1)
    assert rig.delivery().state == "due"
    rig.pass_time(1)
    assert (rig.delivery().state, sends(rig)) == ("intent", 1)
    rig.pass_time(6 * MINUTE)
    assert rig.delivery().state == "expired"
    assert rig.replayed().different == 0


def test_a_tab_that_opens_before_its_time_changes_nothing_and_one_after_it_starts_it() -> None:
    rig = shop(action("later", ", after: 1h"))
    rig.track("Asked For", "a2")
    rig.apply(TabOpened(("anonymous_id", "a2"), 1))
    assert rig.delivery().state == "due"
    rig = shop(action("later", ", after: 1h"))
    rig.track("Asked For", "a2")
    rig.pass_time(HOUR + MINUTE)
    assert rig.delivery().state == "due", "nobody is there"
    rig.apply(TabOpened(("anonymous_id", "a2"), 1))
    assert rig.delivery().state == "intent"


def test_the_next_nine_o_clock_is_the_persons_own() -> None:
    rig = shop(action("morning", ", after: next 09:00"))
    for who, zone in (("a1", "Europe/Berlin"), ("a2", None), ("a3", "nowhere")):
        rig.track("Asked For", who, context={"timezone": zone} if zone else {})
    berlin, unknown, nowhere = (one.not_before for one in rig.made)
    assert unknown == nowhere == (T // DAY + 1) * DAY + 9 * HOUR, "T is 22:13 UTC"
    assert berlin == unknown - HOUR


def test_it_survives_a_restart_and_leaves_late_if_it_must() -> None:
    rig = planned()
    rig.sleep(HOUR + MINUTE)
    rig.apply(TabOpened(("anonymous_id", "a1"), 2))
    assert rig.delivery().state == "intent"
    gone = planned()
    gone.sleep(HOUR + 6 * MINUTE)
    gone.apply(TabOpened(("anonymous_id", "a1"), 2))
    assert gone.delivery().state == "expired"


# --- what is asked again ----------------------------------------------------------------------------------------------

PERSON = ("anonymous_id", "a1")
LATER = moment(goal=GOAL, actions=f"[{action('later', ', after: 1h')}]", learn="{mode: fixed}")
STOPPED: dict[str, Callable[[Rig], None]] = {
    "goal: Order Completed": lambda rig: rig.apply(rig.event("Order Completed")),
    "cancelled: Live Chat Started": lambda rig: rig.apply(rig.event("Live Chat Started")),
    "consent: withdrawn": lambda rig: rig.apply(ConsentStated(PERSON, {"service": False}, rig.now, "server")),
    "paused: all": lambda rig: rig.apply(Paused("all", True)),
    "moment_removed": lambda rig: rig.change(plan_of(moment("other"))),
    "action_removed": lambda rig: rig.change(plan_of(moment(goal=GOAL))),
    "shadow: decided, not sent": lambda rig: rig.change(plan_of(LATER.replace("fixed", "shadow"))),
    "quiet_hours: until 08:00 everywhere (zone unknown)": lambda rig: rig.change(
        plan_of(LATER, policy="quiet_hours: {from: 21:00, to: 08:00, channels: [onpage]}\n")
    ),
    "cap: 0 per person in 1h": lambda rig: rig.change(
        plan_of(LATER, policy="caps: [{per: person, at_most: 0, within: 1h}]\n")
    ),
}


@pytest.mark.parametrize("reason", STOPPED)
def test_what_happens_meanwhile_stops_it(reason: str) -> None:
    rig = planned()
    rig.pass_time(MINUTE)
    STOPPED[reason](rig)
    rig.pass_time(DAY)
    assert (rig.delivery().state, rig.delivery().reason) == ("suppressed", reason)
    assert not any(name.startswith(("send/", "expire/")) for name in rig.find().header.timers)


def test_a_topic_that_was_dismissed_meanwhile_rests() -> None:
    rig = shop(action("later", ", after: 1h"))
    rig.track("Asked For")
    rig.change(plan_of(moment(goal=GOAL, topic="now", actions=f"[{action('now')}, {action('later', ', after: 1h')}]")))
    rig.track("Asked For")
    assert rig.made[-1].chosen == ("now", "now"), "one that is planned for later leaves the channel free"
    rig.apply(Delivered(rig.find().header.person, rig.made[-1].id, "sent"))
    rig.apply(Outcome(rig.find().header.person, rig.made[-1].id, "dismissed"))
    rig.pass_time(HOUR)
    assert rig.deliveries()[rig.made[0].id].reason == "resting: now"


def test_two_are_not_planned_for_the_same_time() -> None:
    rig = planned("next 09:00")
    rig.pass_time(MINUTE)
    rig.track("Asked For")
    assert rig.made[-1].reason == "occupied: onpage"


def test_a_planned_message_keeps_its_place_under_a_cap() -> None:
    """The window of a cap is around the time of the message, not of its decision."""
    rig = shop(
        action("later", ", after: 3h, limit: 1 per 1d"), action("now"),
        policy="caps: [{per: person, at_most: 1, within: 1h}]\n",
    )  # fmt: skip
    rig.track("Asked For")
    assert rig.made[-1].chosen == ("now", "later")
    rig.pass_time(MINUTE)
    rig.track("Asked For")
    assert rig.made[-1].chosen == ("now", "now")
    rig.apply(Delivered(rig.find().header.person, rig.made[-1].id, "sent"))
    rig.pass_time(2 * HOUR + MINUTE)
    rig.track("Asked For")
    assert rig.made[-1].reason == "limit: 1 for later"
    assert rig.made[-1].candidates[1].verdict == "cap: 1 per person in 1h"


# --- what the arms learn of it ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "wait", "outcome"),
    [
        ("Order Completed", 30 * MINUTE, "converted"),
        ("Live Chat Started", 30 * MINUTE, "ignored"),
        ("", 30 * MINUTE, "ignored"),
        ("Order Completed", HOUR + MINUTE, "converted"),
    ],
)
def test_to_wait_is_part_of_the_choice(what: str, wait: int, outcome: str) -> None:
    """Who converts while it waits converted with it; if nobody could be reached at its time, who did not did not."""
    rig = shop(action("later", ", after: 1h"))
    rig.track("Asked For", "a2")
    rig.pass_time(wait)
    if what:
        rig.track(what, "a2")
    rig.pass_time(3 * DAY)
    assert {key for key in rig.counts("now") if key.startswith("outcome")} == {f"outcome: {outcome}"}


def test_a_delay_that_does_nothing_learns_what_silence_learns() -> None:
    """Few are there when the time comes. Were only those taught who are, and all who had converted before, the delayed
    action would seem to convert 10 of 18."""
    rig = shop(action("later", ", after: 1h"), learn="{mode: full}")
    know(rig, "now", later=[0.0])
    rig.memory.arms["now"].seen[:] = [BORN_AT, 0]
    people = [f"p{number}" for number in range(200)]
    for number, who in enumerate(people):
        rig.track("Asked For", who)
        if number % 10 == 0:
            rig.track("Order Completed", who)
    chosen = {one.person for one in rig.made if one.chosen}
    rig.pass_time(HOUR - MINUTE)
    for who in people[1:200:10]:
        rig.apply(TabOpened(("anonymous_id", who), 1))
    for one in rig.made[1:200:10]:
        rig.apply(Delivered(one.person, one.id, "sent"))
    rig.pass_time(3 * DAY)
    arms = rig.arms()["now"]
    assert arms.seen == [BORN_AT + 200 - len(chosen), len(chosen)]
    assert arms.reached[1] == sum(one.person in chosen for one in rig.made[0:200:10])


# --- unless -----------------------------------------------------------------------------------------------------------


def told(rig: Rig, done: str) -> None:
    rig.apply(Outcome(rig.find().header.person, rig.made[-1].id, done))


@pytest.mark.parametrize(("done", "what", "refused"), [
    ("shown", "seen", True), ("clicked", "seen", True), ("clicked", "clicked", True), ("dismissed", "dismissed", True),
    ("shown", "clicked", False), ("clicked", "dismissed", False),
])  # fmt: skip
def test_unless(done: str, what: str, refused: bool) -> None:
    rig = shop(action("follow", f", unless: {what}(hello)"), action("hello"))
    rig.change(plan_of(moment(goal=GOAL, topic="now", actions=f"[{action('hello')}]")))
    rig.track("Asked For")
    told(rig, done)
    rig.change(
        plan_of(
            moment(
                goal=GOAL, topic="other", actions=f"[{action('follow', f', unless: {what}(hello)')}, {action('hello')}]"
            )
        )
    )
    rig.pass_time(2 * DAY)
    rig.track("Asked For")
    verdict = rig.made[-1].candidates[0].verdict
    assert verdict == (f"unless: {what} hello" if refused else "eligible")


def test_unless_is_asked_again_at_the_send() -> None:
    rig = shop(action("hello"), action("follow", ", after: 1h, unless: clicked(hello), limit: 9 per 1h"))
    plans = [
        rig.plan,
        plan_of(
            moment(
                goal=GOAL,
                topic="now",
                actions=f"[{action('follow', ', after: 1h, unless: clicked(hello)')}, {action('hello')}]",
            )
        ),
    ]
    rig.change(plans[1])
    rig.track("Asked For")
    rig.change(plans[0])
    rig.track("Asked For")
    assert [one.chosen[1] for one in rig.made if one.chosen] == ["follow", "hello"]
    told(rig, "clicked")
    rig.pass_time(HOUR + SECOND)
    assert rig.deliveries()[rig.made[0].id].reason == "unless: clicked hello"


def test_a_person_remembers_a_bounded_number_of_actions() -> None:
    rig = shop(action("hello"))
    customer = rig.find() if rig.rows("people") else None
    assert customer is not None
    for number in range(70):
        rig.change(plan_of(moment(goal=GOAL, actions=f"[{action(f'a{number}')}]")))
        rig.pass_time(MINUTE)
        rig.track("Asked For")
        told(rig, "shown")
    acted = rig.find().header.acted
    assert len(acted) == 64
    assert "now/a69" in acted
    assert "now/a0" not in acted
