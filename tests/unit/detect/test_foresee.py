"""A chance that comes up to its threshold is a signal, once; what is not known, or is no number, is none."""

from __future__ import annotations

from math import log, nan
from typing import Any

import numpy as np
import pytest

from journeyloop.model.arm import BORN_AT, Arms
from journeyloop.model.feature import width
from journeyloop.model.inputs import Imported, Unmerge
from journeyloop.model.prediction import FEATURES, LEAST_GOALS
from journeyloop.runtime import reads, records
from journeyloop.runtime.explain import in_words, why
from tests.property.rig import HOUR, SECOND, Rig, moment, plan_of

NAME = "~Order Completed/1d"
DETECT = "{propensity: Order Completed, within: 24h, crosses: 0.3}"
CART = 1


def believes(rig: Rig, seen: int = BORN_AT, reached: int = LEAST_GOALS, bias: float = -3.0, slope: float = 6.0) -> None:
    """A model for which the cart alone counts: 10 in it make a chance of 0.35, 5 of 0.23."""
    size = width(FEATURES)
    means = np.zeros((1, size))
    means[0, 0], means[0, CART] = bias, slope
    meaning = rig.plan.predictions[NAME].meaning
    rig.memory.arms[NAME] = Arms(meaning, [""], means, np.eye(size)[None], [seen], {}, [reached])


def knowing(*more: str, **changes: str) -> Rig:
    rig = Rig(plan_of(moment("warm", detect=DETECT, **changes), *more))
    believes(rig)
    return rig


def cart(rig: Rig, value: float, who: str = "a1", ago: int = 0) -> None:
    """They look into a cart of this value."""
    products = [{"product_id": "x", "price": value, "quantity": 1}] if value else []
    rig.pass_time(SECOND)
    rig.track("Cart Viewed", who, ago, properties={"products": products})


def told(rig: Rig) -> dict[str, Any]:
    with rig.store.read() as reader:
        found = reads.find_customer(reader, rig.secret, ("anonymous_id", "a1"))
        return why(reader, rig.plan, rig.plan.moments["warm"], found, rig.now)


def test_it_fires_when_the_chance_comes_up_to_the_threshold() -> None:
    rig = knowing()
    cart(rig, 0.0)
    assert (rig.made, rig.find().header.foreseen) == ([], {})
    cart(rig, 10.0)
    [decision] = rig.made
    assert decision.chosen == ("warm", "hello")
    assert rig.find().header.foreseen == {f"{NAME}>=0.3": [1]}
    found = told(rig)
    assert (found["stage"], found["event"]) == ("signal", "propensity 0.35 crosses 0.3")
    assert "propensity 0.35 crosses 0.3" in in_words(found)
    assert found["gate"]["confidence"] == decision.rows[0].confidence


def test_a_first_score_comes_from_below() -> None:
    rig = knowing()
    cart(rig, 50.0)
    assert len(rig.made) == 1


def test_once_and_again_only_after_it_had_fallen() -> None:
    rig = knowing()
    for value, fired in ((10.0, 1), (50.0, 1), (7.5, 1), (10.0, 1), (5.0, 1), (10.0, 2), (0.0, 2), (50.0, 3)):
        cart(rig, value)
        assert len(rig.made) == fired, value
    assert rig.replayed().decisions == 3


def test_while_it_is_above_why_still_tells_of_the_crossing() -> None:
    rig = knowing()
    cart(rig, 10.0)
    cart(rig, 20.0)
    assert told(rig)["event"] == "propensity 0.35 crosses 0.3"
    cart(rig, 0.0)
    found = told(rig)
    assert (found["stage"], found["reason"]) == ("unlikely", "propensity 0.05 is below 0.3")
    assert found["answer"] == (
        "It did not fire: its chance is not known or not high enough (propensity 0.05 is below 0.3)."
    )


@pytest.mark.parametrize(
    ("seen", "reached", "words"),
    [
        (0, 0, "0 of 200"),
        (199, 100, "199 of 200"),
        (200, 24, "24 of 25 conversions"),
        (10**6, 24, "24 of 25 conversions"),
    ],
)
def test_what_is_not_known_never_fires(seen: int, reached: int, words: str) -> None:
    rig = knowing()
    believes(rig, seen, reached)
    cart(rig, 50.0)
    assert (rig.made, rig.find().header.foreseen) == ([], {})
    assert told(rig)["reason"] == f"propensity: not known yet ({words})"
    believes(rig)
    cart(rig, 50.0)
    assert len(rig.made) == 1


def test_a_model_that_was_never_taught_or_taught_something_else_is_not_known() -> None:
    rig = knowing()
    del rig.memory.arms[NAME]
    cart(rig, 50.0)
    assert told(rig)["reason"] == "propensity: not known yet (0 of 200)"
    believes(rig)
    rig.memory.arms[NAME].meaning = "another"
    cart(rig, 50.0)
    assert (rig.made, told(rig)["reason"]) == ([], "propensity: not known yet (0 of 200)")


def test_a_chance_that_is_no_number_changes_nothing() -> None:
    rig = knowing()
    cart(rig, 10.0)
    before = rig.find().header.foreseen
    believes(rig, bias=nan)
    cart(rig, 50.0)
    cart(rig, 50.0, "b1")
    assert (len(rig.made), rig.find().header.foreseen, rig.find("b1").header.foreseen) == (1, before, {})


def test_a_late_event_scores_nothing_and_an_old_one_is_too_late() -> None:
    rig = knowing()
    cart(rig, 0.0)
    cart(rig, 50.0, ago=HOUR)
    rig.apply(Imported(rig.event("Cart Viewed", "b1", properties={"products": [{"product_id": "x", "price": 50.0}]})))
    assert (rig.made, rig.find("b1").header.foreseen) == ([], {})
    cart(rig, 50.0, "c1", ago=HOUR)
    assert (rig.made, rig.counts("warm")) == ([], {"late": 1})


def test_each_moment_has_its_own_threshold_and_people() -> None:
    higher = moment("hot", detect=DETECT.replace("0.3", "0.6"), who="profile.orders == 0")
    rig = knowing(higher, who="profile.orders > 0")
    cart(rig, 10.0)
    assert (rig.made, told(rig)["stage"]) == ([], "clause")
    assert told(rig)["reason"] == "false: profile.orders > 0"
    cart(rig, 50.0)
    assert [row.moment for one in rig.made for row in one.rows] == ["hot"]
    assert rig.find().header.foreseen == {f"{NAME}>=0.3": [1], f"{NAME}>=0.6": [1]}


def test_it_goes_through_the_gate_like_any_other() -> None:
    rig = knowing(confirm="{confidence: 0.9}")
    cart(rig, 10.0)
    assert (rig.made, told(rig)["stage"]) == ([], "gated")
    assert told(rig)["event"] == "propensity 0.35 crosses 0.3"


def test_before_its_date_it_does_not_fire() -> None:
    rig = knowing(**{"from": "2030-01-01"})
    cart(rig, 10.0)
    assert (rig.made, told(rig)["reason"]) == ([], "not yet valid")


def test_of_two_who_are_one_it_has_crossed_if_it_had_for_either_also_after_they_are_told_apart() -> None:
    rig, crossed = knowing(), {f"{NAME}>=0.3": [1]}
    cart(rig, 0.0, "b1")
    left = rig.find("b1").header.person
    cart(rig, 10.0, "a1")
    rig.track("Identify", "a1", user_id="u1")
    rig.track("Identify", "b1", user_id="u1")
    assert (rig.find("b1").header.foreseen, len(rig.made)) == (crossed, 1)
    rig.apply(Unmerge(rig.find("a1").header.person, left))
    cart(rig, 20.0, "a1")
    assert (rig.find("a1").header.foreseen, len(rig.made)) == (crossed, 1)
    assert records.decode_customer(dict(rig.rows("people"))[left]).header.foreseen == crossed


def test_nothing_was_seen_yet() -> None:
    rig = Rig(plan_of(moment("other")))
    rig.track("Asked For")
    rig.change(plan_of(moment("warm", detect=DETECT)))
    assert told(rig)["answer"] == "No event was seen from this person."


def test_the_numbers_that_these_tests_rely_on() -> None:
    odds = {value: -3.0 + 6.0 * log(1.0 + value) / 6.0 for value in (5.0, 7.5, 10.0)}
    fallen = log(0.3 / 0.7) - log(4 / 3)
    assert odds[5.0] < fallen < odds[7.5] < log(0.3 / 0.7) < odds[10.0]
