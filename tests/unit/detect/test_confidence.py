"""How sure a signal is: each factor by itself, its name among the doubts, and what the gate does with it."""

from __future__ import annotations

from typing import Any

import pytest

from journeyloop.detect.confidence import confidence
from journeyloop.model.customer import Customer, Header, Session
from journeyloop.model.inputs import Seen, TabOpened
from journeyloop.runtime import decided, reads
from journeyloop.runtime.explain import in_words, why
from tests.property.rig import MINUTE, SECOND, Rig, T, moment, plan_of

[NOW] = plan_of(moment()).moments.values()


def of(seconds: float, events: int, times: int = 1, watched: int = 0, bot: bool = False) -> tuple[float, list[str]]:
    session = Session(1, T, T + int(seconds * SECOND), events)
    header = Header(b"p", T, session=session, counts={"Asked For": times}, bot=bot)
    return confidence(Customer(header), NOW, watched * SECOND)


@pytest.mark.parametrize(
    ("given", "score", "doubts"),
    [
        (of(120, 8), 1.0, []),
        (of(60, 6), 1.0, []),
        (of(45, 5), 0.775, []),
        (of(20, 6), 0.6667, ["dwell"]),
        (of(60, 3), 0.7, ["depth"]),
        (of(20, 3), 0.3667, ["dwell", "depth"]),
        (of(20, 3, times=2), 0.4933, ["dwell", "depth"]),
        (of(20, 3, times=5), 0.1833, ["dwell", "depth", "repetition"]),
        (of(60, 6, times=50), 1.0, []),
        (of(4, 3), 0.1167, ["dwell", "depth", "accidental"]),
        (of(0, 1), 0.0, ["dwell", "depth", "accidental"]),
        (of(0, 1, watched=60), 0.25, ["depth", "accidental"]),
        (of(5, 3, watched=60), 0.7, ["depth"]),
        (of(5.5, 30), 0.1365, ["dwell", "pace"]),
        (of(2, 7), 0.2583, ["dwell", "accidental"]),
        (of(1.5, 8), 0.0641, ["dwell", "accidental", "pace"]),
        (of(0, 0), 0.0, ["dwell", "depth", "accidental"]),
        (of(600, 60, bot=True), 0.0, ["bot"]),
    ],
)
def test_a_score(given: tuple[float, list[str]], score: float, doubts: list[str]) -> None:
    assert given == (score, doubts)


def test_a_shopper_at_the_payment_step_is_believed() -> None:
    rig = Rig(plan_of(moment()))
    for name in ("Page", "Product Viewed", "Product Viewed", "Product Added", "Cart Viewed"):
        rig.track(name)
        rig.pass_time(15 * SECOND)
    rig.track("Asked For")
    [decision] = rig.decisions()
    assert decision.rows[0].confidence > 0.7
    assert decision.features == {"confidence": decision.rows[0].confidence}


def told(rig: Rig) -> dict[str, Any]:
    with rig.store.read() as reader:
        found = reads.find_customer(reader, rig.secret, ("anonymous_id", "a1"))
        return why(reader, rig.plan, rig.plan.moments["now"], found, rig.now)


def test_the_gate_counts_one_reason_and_tells_the_numbers() -> None:
    rig = Rig(plan_of(moment(confirm="{confidence: 0.6}")))
    rig.track("Page")
    rig.pass_time(10 * SECOND)
    rig.track("Asked For")
    assert rig.counts("now") == {"gated: confidence": 1}
    assert rig.decisions() == []
    found = told(rig)
    assert (found["stage"], found["reason"]) == ("gated", "confidence: 0.18 (dwell, depth)")
    assert found["gate"]["confidence_at_least"] == 0.6
    assert (found["gate"]["confidence"], found["gate"]["doubts"]) == (0.1833, ["dwell", "depth"])
    assert "sure    0.18, dwell, depth" in in_words(found)
    [note] = [one for one in rig.effects if getattr(one, "kind", "") == "gated"]
    assert note.reason == found["reason"]


def test_a_decision_and_why_say_how_sure_it_was() -> None:
    rig = Rig(plan_of(moment()))
    rig.track("Page")
    rig.pass_time(10 * SECOND)
    rig.track("Asked For")
    [decision] = rig.decisions()
    with rig.store.read() as reader:
        shown = decided.decision(reader, decision, rig.plan)["moments"]
    assert [(one["confidence"], one["doubts"]) for one in shown] == [(0.1833, ["dwell", "depth"])]
    assert told(rig)["gate"]["confidence"] == 0.1833


@pytest.mark.parametrize(("visible", "score"), [(True, 0.25), (False, 0.0)])
def test_a_tab_that_nobody_sees_is_no_dwell(visible: bool, score: float) -> None:
    rig = Rig(plan_of(moment(detect="{event: Asked For, absent: [Order Completed], for: 3m}")))
    rig.seen = Seen("/", visible, 0)
    rig.apply(TabOpened(("anonymous_id", "a1"), rig.memory.singles.epoch))
    rig.track("Asked For")
    rig.pass_time(3 * MINUTE)
    assert [one.rows[0].confidence for one in rig.decisions()] == [score]
