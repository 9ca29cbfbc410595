"""Whatever people do: a chance never fires twice without falling between, and the log says what the state says."""

from __future__ import annotations

from functools import cache
from math import log

from hypothesis import given
from hypothesis import strategies as st

from journeyloop.detect.foresee import FALLEN
from journeyloop.model.frame import Frame
from journeyloop.model.plan import Plan
from journeyloop.model.profile import features_of
from tests.property.rig import DAY, HOUR, MINUTE, SECOND, Rig, moment, plan_of
from tests.unit.detect.test_foresee import NAME, believes

WAITS = [0, 20, SECOND, MINUTE, HOUR, DAY]
DETECT = "{propensity: Order Completed, within: 24h, crosses: 0.3}"
Step = tuple[int, str, str]


@cache
def predicting(detect: str = DETECT) -> Plan:
    return plan_of(moment("warm", detect=detect))


def steps() -> st.SearchStrategy[list[Step]]:
    what = st.sampled_from("see order late again login restart plan 0 5 7 9 10 40".split())
    return st.lists(st.tuples(st.sampled_from(WAITS), what, st.sampled_from(["a1", "b1", "c1"])), max_size=40)


def happen(rig: Rig, what: str, who: str) -> None:
    match what:
        case "see":
            rig.track("Product Viewed", who)
        case "order":
            rig.track("Order Completed", who, properties={"revenue": 5.0})
        case "late":
            rig.track("Order Completed", who, ago=HOUR)
        case "again":
            rig.apply(*[rig.track("Product Viewed", who)] * 2)
        case "login":
            rig.track("Identify", who, user_id="u1")
        case "restart":
            rig.restart()
        case "plan":
            rig.change(predicting() if rig.plan is not predicting() else predicting("{event: Asked For}"))
        case value:
            products = [{"product_id": "x", "price": float(value), "quantity": 1}] if value != "0" else []
            rig.track("Cart Viewed", who, properties={"products": products})


def log_odds(rig: Rig, who: str = "a1") -> float:
    frame = Frame(rig.now, rig.plan, rig.memory.board, rig.secret, 1, 0)
    x = features_of(rig.plan.predictions[NAME], rig.find(who), frame)
    return rig.memory.arms[NAME].expected(x)


@given(st.lists(st.sampled_from("0 5 6 7 7.5 8 9 10 40".split()), max_size=30))
def test_it_never_fires_twice_without_having_fallen(carts: list[str]) -> None:
    rig = Rig(predicting())
    believes(rig)
    fallen = True
    for value in carts:
        rig.now += SECOND
        made = len(rig.made)
        happen(rig, value, "a1")
        odds = log_odds(rig)
        fires = odds >= log(0.3 / 0.7)
        assert len(rig.made) - made == int(fires and fallen)
        fallen = odds < log(0.3 / 0.7) - FALLEN or (fallen and not fires)


@given(steps())
def test_observations_are_consistent_and_the_log_says_what_the_state_says(said: list[Step]) -> None:
    rig = Rig(predicting())
    for wait, what, who in said:
        rig.pass_time(wait)
        happen(rig, what, who)
        for one in ("a1", "b1", "c1"):
            consistent(rig, one)
    rig.change(predicting()) if rig.plan is not predicting() else None
    rig.pass_time(2 * DAY)
    arms = rig.memory.arms.get(NAME)
    assert arms is None or arms.reached[0] <= arms.seen[0] <= len(rig.log())
    assert rig.replayed().differences == []


def consistent(rig: Rig, who: str) -> None:
    """What is open has its timer, and its goal lies within it."""
    try:
        header = rig.find(who).header
    except AssertionError:
        return
    for name, one in header.observed.items():
        assert header.timers[f"observe/{one.closes}/{name}"] == one.closes > rig.now
        assert one.goal_at == 0 or one.opened <= one.goal_at <= one.closes
