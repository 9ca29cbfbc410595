"""What the contact policy promises, over random histories: consent, holdout, caps in every rolling window."""

from __future__ import annotations

from hypothesis import given

from journeyloop.model.decision import Decision
from journeyloop.model.inputs import ConsentStated, Delivered, TabOpened
from tests.property.histories import EVENTS, Step, histories, plans, play
from tests.property.rig import ALLOWED, HOUR, MINUTE, Rig

ALONE = ["event"] * 6 + ["open", "close", "consent", "word", "restart", "report", "ask"]


def reached(rig: Rig) -> list[Decision]:
    """The decisions that may have reached their person, in the order they were made."""
    deliveries = rig.deliveries()
    return [one for one in rig.made if one.id in deliveries and deliveries[one.id].state in ("sent", "unknown")]


@given(histories())
def test_the_held_out_get_no_delivery(steps: list[Step]) -> None:
    rig = play(steps)
    deliveries = rig.deliveries()
    for decision in rig.decisions():
        arms = {row.moment: row.arm for row in decision.rows}
        for one in decision.candidates:
            assert (one.verdict == f"held out: {arms[one.moment]}") is (arms[one.moment] != "treated")
        if decision.id in deliveries:
            assert arms[deliveries[decision.id].moment] == "treated"


@given(histories())
def test_nobody_is_written_to_without_consent(steps: list[Step]) -> None:
    """Everybody refuses at the end: whatever waits is stopped, and nothing new is decided."""
    rig = play(steps)
    rig.change(plans()[0])
    for browser in {one.anonymous_id for one in rig.log() if getattr(one, "anonymous_id", None)}:
        rig.now += 1
        rig.apply(ConsentStated(("anonymous_id", browser), {"marketing": False}, rig.now, "server"))
        moments = {one.name for one in plans()[0].moments.values() if one.purpose == "marketing"}
        for delivery in rig.find(browser).header.deliveries:
            if delivery.moment in moments:
                assert delivery.state != "due"
                assert delivery.state != "intent" or delivery.recalled
        made = len(rig.made)
        rig.track("Product Viewed", browser)
        assert [one.chosen for one in rig.made[made:] if one.chosen and one.chosen[0] in moments] == []


@given(histories(kinds=ALONE, people=1))
def test_caps_hold_in_every_rolling_window(steps: list[Step]) -> None:
    """One person with every chance: consent, a tab, and a channel that sends late. Judged on the times of the sends."""
    rig = Rig(plans()[0], secret=b"t" * 32)
    sent: list[int] = []
    who = ("anonymous_id", "solo")
    rig.apply(ConsentStated(who, {"marketing": True}, rig.now, "server"))
    for wait, what, _, which in steps:
        rig.pass_time(wait)
        if what == "open":
            rig.apply(TabOpened(who, rig.memory.singles.epoch))
        elif what == "word":
            for delivery in rig.find("solo").header.deliveries:
                if delivery.state == "intent" and rig.now < delivery.expires:
                    rig.apply(Delivered(rig.find("solo").header.person, delivery.decision, "sent"))
                    sent.append(rig.now)
        else:
            name, properties = EVENTS[which % 7]
            rig.track(name, "solo", properties=dict(properties), context=ALLOWED)
    for at in sent:
        assert sum(at - 10 * MINUTE < other <= at for other in sent) <= 1
        assert sum(at - 2 * HOUR < other <= at for other in sent) <= 9
