"""Who saw the place: treated and held out alike, once per decision, while its window is open."""

from __future__ import annotations

import pytest

from journeyloop.model.inputs import Asked, Outcome
from tests.property.rig import HOUR, MINUTE, Rig, action, moment, plan_of

ME = ("anonymous_id", "a1")
REFLEX = 150


def asked(**changes: str) -> Rig:
    rig = Rig(plan_of(moment(detect="{ask: hero}", **changes)))
    rig.apply(Asked(ME, "hero", "r1"))
    return rig


def report(rig: Rig, outcome: str, machine: bool = False) -> None:
    rig.apply(Outcome(rig.find().header.person, rig.made[0].id, outcome, machine))


def counted(rig: Rig, *names: str) -> dict[str, int]:
    return {key: count for key, count in rig.counts("now").items() if key.startswith(names)}


@pytest.mark.parametrize(
    ("changes", "arm"),
    [
        ({}, "treated"),
        ({"holdout": "100%"}, "holdout"),
        ({"actions": f"[{action('never', ', where: profile.orders > 0')}]"}, "treated"),
    ],
    ids=["shown", "held out", "silent"],
)
def test_seen_counts_once_whatever_was_decided(changes: dict[str, str], arm: str) -> None:
    rig = asked(**changes)
    assert counted(rig, "exposed") == {}
    for _ in range(3):
        report(rig, "shown")
        rig.now += MINUTE
    assert counted(rig, "exposed") == {f"exposed: {arm}": 1}
    [row] = rig.find().header.pending
    assert row.exposed == rig.now - 3 * MINUTE


def test_after_the_window_a_word_changes_no_evidence() -> None:
    rig = asked(holdout="50%")
    rig.pass_time(HOUR)
    before, tally = rig.counts("now"), rig.rows("moments")
    for outcome in ("shown", "clicked"):
        report(rig, outcome)
    assert rig.counts("now") == before and rig.rows("moments") == tally and counted(rig, "exposed") == {}


@pytest.mark.parametrize("seen", [True, False])
@pytest.mark.parametrize(("holdout", "arm"), [("0%", "treated"), ("100%", "holdout")])
def test_who_saw_it_and_bought_is_counted_by_arm(holdout: str, arm: str, seen: bool) -> None:
    rig = asked(holdout=holdout)
    if seen:
        report(rig, "shown")
    rig.track("Order Completed")
    rig.pass_time(HOUR)
    assert counted(rig, "converted") == {f"converted: {arm}": 1}
    assert counted(rig, "exposed conv") == ({f"exposed converted: {arm}": 1} if seen else {})


def test_a_window_that_waits_for_a_refund_is_closed() -> None:
    revoked = "revoked_by: {event: Order Refunded, within: 14d}"
    goal = f"{{event: Order Completed, within: 30m, value: event.properties.revenue, {revoked}}}"
    rig = asked(goal=goal)
    rig.track("Order Completed", properties={"revenue": 10})
    rig.pass_time(HOUR)
    [row] = rig.find().header.pending
    report(rig, "shown")
    assert row.settled and counted(rig, "exposed") == {}


def test_a_click_means_it_was_seen() -> None:
    rig = asked()
    report(rig, "clicked")
    assert counted(rig, "exposed", "shown", "clicked") == {"exposed: treated": 1, "shown": 1, "clicked": 1}


# --- machines -------------------------------------------------------------------------------------------------------


def test_a_bots_word_is_left_out() -> None:
    rig = asked()
    for outcome in ("shown", "clicked", "dismissed"):
        report(rig, outcome, machine=True)
    assert counted(rig, "exposed", "shown", "clicked", "dismissed", "ignored") == {"ignored: machine": 3}
    assert rig.find().header.rests == {}
    report(rig, "shown")
    assert counted(rig, "exposed", "shown") == {"exposed: treated": 1, "shown": 1}


def test_a_bots_word_on_a_silence_changes_nothing() -> None:
    rig = asked(holdout="100%")
    before = rig.rows("moments")
    report(rig, "shown", machine=True)
    assert rig.rows("moments") == before


@pytest.mark.parametrize(
    ("outcome", "after", "counts"),
    [("clicked", 0, False), ("clicked", REFLEX - 1, False), ("clicked", REFLEX, True), ("dismissed", 0, True)],
)
def test_a_click_quicker_than_anybody_reads_is_a_machines(outcome: str, after: int, counts: bool) -> None:
    rig = asked()
    report(rig, "shown")
    rig.now += after
    report(rig, outcome)
    assert counted(rig, outcome, "ignored") == ({outcome: 1} if counts else {"ignored: machine": 1})
    rig.now += MINUTE
    report(rig, outcome)
    assert counted(rig, outcome) == {outcome: 1}, "a person's click after it counts"


def test_the_log_replays_to_the_same_state() -> None:
    rig = asked(holdout="50%")
    report(rig, "shown")
    report(rig, "clicked")
    report(rig, "shown", machine=True)
    assert rig.replayed().different == 0
