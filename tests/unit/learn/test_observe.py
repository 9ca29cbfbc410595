"""Observations open once, close once and teach one lesson; what arrives late, twice or for no plan is harmless."""

from __future__ import annotations

from msgspec.structs import replace

from journeyloop.interpret.merge import HEADER
from journeyloop.model.arm import Arms
from journeyloop.model.customer import Header
from journeyloop.model.inputs import Imported, Unmerge
from journeyloop.model.plan import Plan
from journeyloop.model.prediction import FEATURES, Observation, timer_of
from journeyloop.runtime import records
from tests.property.rig import DAY, HOUR, MINUTE, SECOND, Rig, moment, plan_of

NAME = "~Order Completed/1d"
DETECT = "{propensity: Order Completed, within: 24h, crosses: 0.3}"


def predicting(*more: str) -> Plan:
    return plan_of(moment("warm", detect=DETECT), *more)


def observations(rig: Rig, who: str = "a1") -> dict[str, Observation]:
    return rig.find(who).header.observed


def opened(rig: Rig, who: str = "a1", **fields: object) -> Observation:
    """Events until the draw takes one."""
    for _ in range(200):
        rig.track("Product Viewed", who, **fields)
        if found := observations(rig, who):
            return found[NAME]
        rig.pass_time(SECOND)
    raise AssertionError("the draw never takes an event")


def person(rig: Rig, key: bytes) -> Header:
    return records.decode_customer(dict(rig.rows("people"))[key]).header


def arms(rig: Rig) -> Arms | None:
    return rig.memory.arms.get(NAME)


def known(rig: Rig) -> tuple[int, int]:
    """How many outcomes the model has seen, and how many of them were the goal."""
    found = arms(rig)
    return (found.seen[0], found.reached[0]) if found else (0, 0)


def test_one_is_open_at_a_time_and_teaches_that_nothing_came() -> None:
    rig = Rig(predicting())
    first = opened(rig)
    assert first.closes == first.opened + DAY == rig.find().header.timers[timer_of(NAME, first.closes)]
    for _ in range(40):
        rig.track("Product Viewed")
    assert observations(rig) == {NAME: first}
    rig.pass_time(DAY - SECOND)
    assert (observations(rig), known(rig)) == ({NAME: first}, (0, 0))
    rig.pass_time(2 * SECOND)
    assert (observations(rig), known(rig)) == ({}, (1, 0))
    assert rig.find().header.timers == {}
    found = arms(rig)
    assert found is not None and found.means[0, 0] < 0.0


def test_some_events_open_one_and_others_do_not() -> None:
    rig = Rig(predicting())
    for number in range(400):
        rig.track("Product Viewed", f"a{number}")
    share = sum(bool(observations(rig, f"a{number}")) for number in range(400)) / 400
    assert 0.2 < share < 0.3


def test_the_goal_counts_once_whenever_it_arrives_while_the_observation_is_open() -> None:
    rig = Rig(predicting())
    first = opened(rig)
    rig.pass_time(HOUR)
    order = rig.track("Order Completed", ago=10 * MINUTE)
    assert observations(rig)[NAME].goal_at == order.time
    rig.apply(order)
    rig.track("Order Completed")
    assert observations(rig)[NAME] == replace(first, goal_at=order.time)
    rig.pass_time(DAY)
    assert known(rig) == (1, 1)


def test_a_goal_before_it_opened_or_after_it_closed_does_not_count() -> None:
    rig = Rig(predicting())
    opened(rig)
    rig.track("Order Completed", ago=HOUR)
    assert observations(rig)[NAME].goal_at == 0
    rig.pass_time(DAY + SECOND)
    rig.track("Order Completed")
    assert known(rig) == (1, 0)


def test_a_late_an_old_and_an_imported_event_open_none() -> None:
    rig = Rig(predicting())
    rig.track("Order Completed")
    before = observations(rig)
    for number in range(60):
        rig.track("Product Viewed", ago=HOUR)
        rig.track("Product Viewed", f"old{number}", ago=HOUR)
        rig.apply(Imported(rig.event("Product Viewed", f"then{number}", ago=SECOND)))
    assert observations(rig) == before
    assert not any(observations(rig, f"{who}{number}") for number in range(60) for who in ("old", "then"))


def test_one_that_would_be_over_already_is_not_opened() -> None:
    rig = Rig(plan_of(moment("warm", detect="{propensity: Order Completed, within: 1m, crosses: 0.3}")))
    for number in range(60):
        rig.track("Product Viewed", f"a{number}", ago=MINUTE)
    assert not any(observations(rig, f"a{number}") for number in range(60))


def test_a_crawler_teaches_nothing() -> None:
    rig = Rig(predicting())
    for _ in range(60):
        rig.track("Product Viewed", context={"userAgent": "Googlebot/2.1 (+http://www.google.com/bot.html)"})
    assert observations(rig) == {}


def test_a_plan_that_predicts_it_no_more_lets_it_end_without_a_lesson() -> None:
    rig = Rig(predicting())
    opened(rig)
    rig.change(plan_of(moment("other")))
    rig.track("Order Completed")
    rig.pass_time(2 * DAY)
    assert (observations(rig), known(rig), rig.find().header.timers) == ({}, (0, 0), {})


def test_without_a_prediction_nobody_is_watched() -> None:
    rig = Rig(plan_of(moment("other")))
    for _ in range(40):
        rig.track("Asked For")
    assert rig.find().header.observed == {}


def test_nobody_teaches_a_short_prediction_alone() -> None:
    rig = Rig(plan_of(moment("warm", detect="{propensity: Order Completed, within: 1m, crosses: 0.3}")))
    rig.now -= rig.now % DAY
    for _ in range(200):
        rig.track("Product Viewed")
        rig.pass_time(MINUTE)
    assert rig.memory.arms["~Order Completed/1m"].seen == [10]
    assert rig.counts("~Order Completed/1m")["lessons: too many of one person"] > 0


def test_two_who_turn_out_to_be_one_have_one_observation_the_older_with_the_goal_of_either() -> None:
    rig = Rig(predicting())
    older = opened(rig, "a1")
    rig.pass_time(HOUR)
    opened(rig, "b1")
    rig.track("Order Completed", "b1")
    ordered = observations(rig, "b1")[NAME].goal_at
    rig.track("Identify", "a1", user_id="u1")
    rig.track("Identify", "b1", user_id="u1")
    assert rig.find("a1").header.person == rig.find("b1").header.person
    assert observations(rig) == {NAME: replace(older, goal_at=ordered)}
    rig.pass_time(2 * DAY)
    assert (observations(rig), known(rig), rig.find().header.timers) == ({}, (1, 1), {})
    assert rig.replayed().differences == []


def test_which_of_two_stays_does_not_depend_on_who_takes_in_whom() -> None:
    merge = HEADER["observed"]
    one, other = Observation(5, 10, b"a", 9), Observation(7, 12, b"b", 8)
    assert merge({"p": one}, {"p": other}) == merge({"p": other}, {"p": one}) == {"p": Observation(5, 10, b"a", 8)}
    beyond = Observation(7, 12, b"b", 11)
    assert merge({"p": beyond}, {"p": replace(one, goal_at=0)}) == {"p": Observation(5, 10, b"a", 0)}
    assert merge({"p": one}, {"q": other}) == {"p": one, "q": other}


def test_told_apart_each_is_watched_as_their_own_events_say() -> None:
    rig = Rig(predicting())
    mine, theirs = opened(rig, "a1"), opened(rig, "b1")
    left = rig.find("b1").header.person
    rig.track("Identify", "a1", user_id="u1")
    rig.track("Identify", "b1", user_id="u1")
    assert observations(rig) == {NAME: mine}
    rig.apply(Unmerge(rig.find("a1").header.person, left))
    assert (observations(rig), person(rig, left).observed) == ({NAME: mine}, {NAME: theirs})
    rig.pass_time(2 * DAY)
    assert known(rig) == (2, 0)
    assert (observations(rig), person(rig, left).observed) == ({}, {})
    assert rig.replayed().differences == []


def test_after_a_restart_it_goes_on() -> None:
    rig = Rig(predicting())
    opened(rig)
    rig.sleep(2 * DAY)
    assert known(rig) == (1, 0)
    rig.memory = rig.reopened()
    assert known(rig) == (1, 0)
    assert rig.replayed().differences == []


def test_a_prediction_sees_no_confidence_of_a_signal_that_is_not_there() -> None:
    assert [one.path for one in FEATURES if one.path[0] == "signal"] == [("signal", "hour")]
