"""Counts, sequences and inactivity: what `why` tells, what is kept of them, late events, gates, plans and people."""

from __future__ import annotations

import pytest

from journeyloop.detect.progress import MARKS
from journeyloop.model.inputs import TabClosed, TabOpened
from journeyloop.model.moment import DAY
from tests.property.rig import HOUR, MINUTE, SECOND, Rig, moment, plan_of

COUNT = "{event: Failed, count: 2, within: 10m, by: order_id}"
SEQUENCE = "{sequence: [Viewed, Added, {event: Cart, where: event.properties.value > 50.0}], within: 1h}"
INACTIVE = "{inactive: 30m, after: Added}"


def rig_with(detect: str, **changes: str) -> Rig:
    return Rig(plan_of(moment(detect=detect, **changes)))


def look(rig: Rig) -> tuple[str, str]:
    found = rig.find().sealed.looks["now"]
    return found.outcome, found.reason


def play(rig: Rig, *names: str, **fields: object) -> None:
    for name in names:
        rig.pass_time(SECOND)
        rig.track(name, properties=fields)


# --- counts -----------------------------------------------------------------------------------------------------------


def test_a_count_becomes_true_once_and_again_after_it_was_less() -> None:
    rig = rig_with("{event: Failed, count: 2, within: 10m}")
    fired = []
    for minute in range(1, 31):
        rig.pass_time(MINUTE)
        if minute in (1, 3, 4, 5, 15, 16, 26, 27):
            rig.track("Failed")
            fired += [minute] * (len(rig.decisions()) - len(fired))
    assert fired == [3, 16, 27]


def test_why_counts_along() -> None:
    rig = rig_with(COUNT)
    play(rig, "Failed", order_id="o1")
    assert look(rig) == ("progress", "1 of 2")
    play(rig, "Failed", order_id="o1")
    assert look(rig) == ("signal", "")
    play(rig, "Failed", order_id="o1")
    assert look(rig) == ("progress", "2 of 2: fires again after it was less")


def test_marks_do_not_mix_and_the_oldest_are_forgotten() -> None:
    rig = rig_with(COUNT)
    for order in range(MARKS + 5):
        play(rig, "Failed", order_id=f"o{order}")
    assert rig.decisions() == []
    assert len(rig.find().header.progress) == MARKS
    play(rig, "Failed", order_id="o4")
    assert rig.decisions() == [], "forgotten: this is its first"
    play(rig, "Failed", order_id=f"o{MARKS}")
    assert len(rig.decisions()) == 1


def test_what_is_kept_is_small_and_names_nobody() -> None:
    rig = rig_with(COUNT)
    play(rig, *["Failed"] * 50, order_id="secret-order")
    [(key, value)] = rig.find().header.progress.items()
    assert "secret-order" not in key
    assert len(value) == 3
    rig.pass_time(HOUR)
    play(rig, "Failed", order_id="another")
    assert list(rig.find().header.progress) != [key], "what is too old to matter makes room"
    assert len(rig.find().header.progress) == 1


def test_who_is_asked_when_there_are_enough() -> None:
    rig = rig_with("{event: Failed, count: 2, within: 10m}", who="profile.orders > 0")
    play(rig, "Failed", "Order Completed", "Failed")
    assert len(rig.decisions()) == 1
    rig = rig_with("{event: Failed, count: 2, within: 10m}", who="profile.orders > 0")
    play(rig, "Failed", "Failed")
    assert look(rig) == ("clause", "false: profile.orders > 0")
    play(rig, "Order Completed", "Failed")
    assert rig.decisions() == [], "it had become true for nobody"


@pytest.mark.parametrize("detect", [COUNT, "{sequence: [Failed, Failed], within: 10m}"])
def test_a_late_event_neither_fires_nor_counts(detect: str) -> None:
    rig = rig_with(detect)
    rig.pass_time(HOUR)
    play(rig, "Other")
    rig.track("Failed", ago=MINUTE)
    assert look(rig) == ("late", "an older event than one already seen")
    assert rig.counts("now") == {"late": 1}
    assert rig.find().header.progress == {}
    play(rig, "Failed")
    assert rig.decisions() == []


@pytest.mark.parametrize("detect", [COUNT, "{sequence: [Failed, Failed], within: 1h}"])
def test_a_completion_that_arrives_too_late_is_not_acted_on(detect: str) -> None:
    rig = rig_with(detect)
    rig.pass_time(HOUR)
    rig.track("Failed", ago=9 * MINUTE)
    rig.track("Failed", ago=6 * MINUTE)
    assert rig.decisions() == []
    assert rig.counts("now") == {"late": 1}


def test_another_meaning_begins_anew_and_forgets_the_old() -> None:
    rig = rig_with("{event: Failed, count: 2, within: 10m}")
    play(rig, "Failed")
    rig.change(plan_of(moment(detect="{event: Failed, count: 2, within: 20m}")))
    play(rig, "Failed")
    assert rig.decisions() == []
    assert len(rig.find().header.progress) == 1
    play(rig, "Failed")
    assert len(rig.decisions()) == 1


def test_two_that_turn_out_to_be_one_count_together() -> None:
    rig = rig_with("{event: Failed, count: 4, within: 1h}")
    for who in ("a1", "a2"):
        for _ in range(2):
            rig.pass_time(SECOND)
            rig.track("Failed", who)
    rig.track("Identify", "a1", user_id="u1")
    rig.track("Identify", "a2", user_id="u1")
    assert rig.decisions() == [], "becoming one is no event of theirs"
    rig.pass_time(SECOND)
    rig.track("Failed", "a2")
    assert len(rig.decisions()) == 1
    rig.track("Failed", "a1")
    assert len(rig.decisions()) == 1


def test_a_sequence_goes_on_when_two_turn_out_to_be_one() -> None:
    rig = rig_with("{sequence: [A, B, C], within: 1h}")
    rig.track("A", "a1")
    rig.pass_time(SECOND)
    rig.track("A", "a2")
    rig.track("B", "a2")
    rig.track("Identify", "a1", user_id="u1")
    rig.track("Identify", "a2", user_id="u1")
    rig.track("C", "a1")
    assert len(rig.decisions()) == 1


# --- sequences --------------------------------------------------------------------------------------------------------


def test_why_tells_the_steps() -> None:
    rig = rig_with(SEQUENCE)
    play(rig, "Added")
    assert look(rig) == ("progress", "step 0 of 3")
    play(rig, "Viewed")
    assert look(rig) == ("progress", "step 1 of 3")
    play(rig, "Added")
    assert look(rig) == ("progress", "step 2 of 3")
    play(rig, "Cart", value=20.0)
    assert look(rig) == ("clause", "step 3: false: event.properties.value > 50.0")
    play(rig, "Cart")
    assert look(rig) == ("clause", "step 3: missing: event.properties.value")
    play(rig, "Cart", value=60.0)
    assert look(rig) == ("signal", "")
    play(rig, "Cart", value=60.0)
    assert look(rig) == ("progress", "step 0 of 3")


def test_a_start_that_is_too_long_ago_gives_way_to_a_later_one() -> None:
    rig = rig_with("{sequence: [A, B, C], within: 10m}")
    play(rig, "A", "B")
    rig.pass_time(8 * MINUTE)
    play(rig, "A")
    rig.pass_time(MINUTE)
    play(rig, "B")
    rig.pass_time(8 * MINUTE)
    play(rig, "C")
    assert len(rig.decisions()) == 1


@pytest.mark.parametrize("detect", ["{sequence: [A, B], within: 10m}", "{event: B, count: 2, within: 10m}"])
def test_a_completion_may_have_to_dwell(detect: str) -> None:
    rig = rig_with(detect, confirm="{dwell: 20s}")
    who = ("anonymous_id", "a1")
    rig.apply(TabOpened(who, rig.memory.singles.epoch))
    play(rig, "A", "B", "B")
    done = rig.now - (SECOND if "sequence" in detect else 0)
    assert (look(rig), rig.decisions()) == (look(rig), [])
    rig.pass_time(MINUTE)
    assert [one.at for one in rig.decisions()] == [done + 20 * SECOND]
    play(rig, "A", "B")
    rig.apply(TabClosed(who, rig.memory.singles.epoch, rig.now))
    rig.pass_time(11 * MINUTE)
    assert len(rig.decisions()) == 1


def test_before_its_validity_nothing_advances() -> None:
    rig = rig_with("{sequence: [A, B], within: 10d}", body="from: 2023-11-16\n")
    play(rig, "A")
    assert look(rig) == ("clause", "not yet valid")
    rig.now += 2 * DAY
    play(rig, "B")
    assert rig.decisions() == []


def test_moments_that_come_true_together_are_one_decision_in_the_order_of_the_plan() -> None:
    rig = Rig(
        plan_of(
            moment("b", detect="{event: X}"),
            moment("a", detect="{sequence: [X, X], within: 1h}"),
            moment("c", detect="{event: X, count: 2, within: 1h}"),
        )
    )
    play(rig, "X", "X")
    assert [[row.moment for row in one.rows] for one in rig.decisions()] == [["b"], ["a", "b", "c"]]


# --- inactivity -------------------------------------------------------------------------------------------------------


def test_it_fires_so_long_after_the_last_event_of_any_name() -> None:
    rig = rig_with(INACTIVE)
    play(rig, "Added")
    for _ in range(5):
        rig.pass_time(20 * MINUTE)
        play(rig, "Viewed")
    last = rig.now
    rig.pass_time(DAY)
    assert [one.at for one in rig.decisions()] == [last + 30 * MINUTE]
    play(rig, "Viewed")
    rig.pass_time(DAY)
    assert len(rig.decisions()) == 1, "once, until it begins again"
    play(rig, "Added")
    rig.pass_time(DAY)
    assert len(rig.decisions()) == 2


def test_an_event_that_does_not_begin_it_costs_nothing() -> None:
    rig = rig_with(INACTIVE)
    play(rig, "Added")
    timers = dict(rig.find().header.timers)
    play(rig, *["Viewed"] * 20)
    assert rig.find().header.timers == timers


def test_cancel_on_ends_it() -> None:
    rig = rig_with(INACTIVE, body="cancel_on: [Order Completed]\n")
    play(rig, "Added", "Order Completed")
    rig.pass_time(DAY)
    assert rig.decisions() == []
    assert rig.find().header.timers == {}


@pytest.mark.parametrize(("down", "fires"), [(34, 1), (36, 0)])
def test_after_downtime_it_counts_from_the_last_event(down: int, fires: int) -> None:
    rig = rig_with(INACTIVE)
    play(rig, "Added")
    rig.pass_time(29 * MINUTE)
    play(rig, "Viewed")
    rig.sleep(down * MINUTE)
    assert len(rig.decisions()) == fires
    assert rig.counts("now").get("late", 0) == 1 - fires
