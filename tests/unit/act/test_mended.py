"""What a second look at the delivery path found: each of these once left, or was shown, when it must not."""

from __future__ import annotations

from journeyloop.act import offers
from journeyloop.model.effects import Send
from journeyloop.model.inputs import Asked, Ready, TabOpened
from journeyloop.runtime.stops import Stops
from tests.property.rig import MINUTE, Rig, action, moment, plan_of

LETTERS = """
[channels.letters]
kind = "webhook"
url = "https://letters.example/out"
secret = "LETTERS_SECRET"
"""


def test_who_asked_for_it_is_not_offered_it_again() -> None:
    """The page that asks has the answer: the same words in a box over it would be a second message."""
    rig = Rig(plan_of(moment(detect="{ask: hero}", goal="{event: Product Added, within: 30m}")))
    rig.apply(TabOpened(("anonymous_id", "a1"), 1))
    rig.apply(Asked(("anonymous_id", "a1"), "hero", "r1"))
    assert (rig.delivery().state, rig.delivery().shown) == ("sent", 0)
    assert offers(rig.find(), rig.now, rig.plan) == []


def letter(channel: str, policy: str = "") -> str:
    return moment(actions=f"[{action('letter', ', after: 1h', channel)}]", expires="2h",
                  goal="{event: Order Completed, within: 4h}")  # fmt: skip


def test_an_action_that_moved_to_another_channel_does_not_leave_by_the_old_one() -> None:
    rig = Rig(plan_of(letter("letters"), settings=LETTERS))
    rig.track("Asked For")
    rig.change(plan_of(letter("onpage"), settings=LETTERS))
    rig.pass_time(61 * MINUTE)
    rig.apply(Ready(rig.find().header.person, rig.made[-1].id))
    assert (rig.delivery().state, rig.delivery().reason) == ("suppressed", "action_removed")


def test_the_last_look_knows_what_is_no_longer_said() -> None:
    rig = Rig(plan_of(letter("letters"), settings=LETTERS))
    rig.track("Asked For")
    rig.pass_time(61 * MINUTE)
    rig.apply(Ready(rig.find().header.person, rig.made[-1].id))
    [send] = rig.emitted(Send)
    for plan in (plan_of(moment(actions=f"[{action('other')}]")), plan_of(letter("onpage"), settings=LETTERS)):
        stops = Stops(lambda plan=plan: plan, lambda: rig.memory.board, lambda: rig.now)
        assert stops.refusal(send) == "action_removed"
