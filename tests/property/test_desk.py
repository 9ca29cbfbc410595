"""Laws of the desk over any order of events, asks, answers, holds and time."""

from __future__ import annotations

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from journeyloop.act import in_hand
from journeyloop.model.inputs import Asked, Held, Outcome
from journeyloop.model.plan import Plan
from tests.property.rig import HOUR, MINUTE, Rig, Step, moment, plan_of

DESK = '[channels.agent]\nkind = "desk"\n'
CALL = "[{action: call, channel: agent, content: {title: Call}}]"
THANK = "[{action: thank, channel: agent, content: {title: Thank}}]"
A1 = ("anonymous_id", "a1")


@cache
def shop() -> Plan:
    brief = 'also: [{brief: agent, text: "Failed {{ profile.events }}"}]\n'
    return plan_of(
        moment("failed", brief, detect="{event: Payment Failed}", actions=CALL, holdout="50%"),
        moment("other", detect="{event: Asked For}", actions=CALL),
        moment("thank", detect="{ask: agent}", actions=THANK, confirm="{at_most: 1 per session}"),
        settings=DESK,
    )


def ask(rig: Rig) -> None:
    """An ask with something in hand changes nothing; one without hands over one at most."""
    customer = rig.find()
    held, before = in_hand(customer, rig.now, rig.plan), sent(rig)
    rig.messages += 1
    rig.apply(Asked(A1, "agent", f"ask{rig.messages}", desk=True))
    fresh = sent(rig) - before
    assert len(fresh) <= (held is None)
    found = in_hand(rig.find(), rig.now, rig.plan)
    if held is not None or fresh:
        assert found is not None and found.decision == (held.decision if held else next(iter(fresh)))


def answer(outcome: str) -> Step:
    def step(rig: Rig) -> None:
        """Of anything that was ever decided, in hand or not."""
        person = rig.find().header.person
        rig.apply(*(Outcome(person, one, outcome, reason="other") for one in rig.deliveries()))

    return step


def sent(rig: Rig) -> set[bytes]:
    return {one.decision for one in rig.deliveries().values() if one.state == "sent"}


STEPS: list[Step] = [
    lambda rig: rig.track("Payment Failed") and None,
    lambda rig: rig.track("Asked For") and None,
    lambda rig: rig.track("Order Completed") and None,
    lambda rig: rig.apply(Held(A1, ["failed"], rig.now + HOUR)),
    lambda rig: rig.apply(Held(A1, [], 0, "resolved", ["failed"])),
    lambda rig: rig.pass_time(MINUTE),
    lambda rig: rig.pass_time(HOUR),
    lambda rig: rig.restart(),
    ask,
    ask,
    answer("clicked"),
    answer("dismissed"),
]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(STEPS), max_size=14))
def test_one_suggestion_at_a_time_answered_once_and_repeated_by_a_replay(steps: list[Step]) -> None:
    rig = Rig(shop())
    rig.track("Page")
    for step in steps:
        step(rig)
        for one in rig.deliveries().values():
            assert not (one.clicked and one.dismissed)
            assert one.state == "sent" or not (one.clicked or one.dismissed)
        assert rig.values("outbox") == []
    header = rig.find().header
    if header.arms.get("failed") == "holdout":
        assert all(one.moment != "failed" for one in rig.deliveries().values())
    assert rig.replayed().different == 0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_the_held_out_are_briefed_like_the_treated(number: int) -> None:
    rig, who = Rig(shop()), f"p{number}"
    rig.track("Payment Failed", who)
    customer = rig.find(who)
    assert [one.text for one in customer.sealed.briefs] == ["Failed 1"]
    assert bool(customer.header.deliveries) == (customer.header.arms["failed"] == "treated")
