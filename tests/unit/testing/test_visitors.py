"""What the gate does to the three visitors that a moment should leave alone, with a moment of each kind."""

from __future__ import annotations

import pytest

from journeyloop.testing.visitors import ACCIDENTAL, CURIOUS, PRICE_CHECKER, SHOPPER, VISITORS, Met, Visitor, meet
from tests.property.rig import moment, plan_of

KINDS = {
    "event": "{event: Page}",
    "absence": "{event: Page, absent: [Product Added], for: 3m}",
    "watched": "{event: Page, absent: [Product Added], for: 3m, present: true}",
    "count": "{event: Product Viewed, count: 2, within: 1d}",
    "sequence": "{sequence: [Page, Product Viewed], within: 10m}",
    "inactive": "{inactive: 30m, after: Page}",
}
WITHIN_REACH = {
    CURIOUS.name: {"event", "absence", "sequence", "inactive"},
    ACCIDENTAL.name: {"event", "absence", "watched", "inactive"},
    PRICE_CHECKER.name: {"event", "absence", "count", "sequence", "inactive"},
}


def met(visitor: Visitor, kind: str, confirm: str) -> Met:
    [found] = meet(plan_of(moment(kind, detect=KINDS[kind], confirm=confirm)), visitor)
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("visitor", VISITORS, ids=lambda one: one.name)
def test_the_gate_stops_each_of_them(visitor: Visitor, kind: str) -> None:
    """Without a gate they raise signals, with one of a half they raise none; at most presence stopped them before."""
    reached = kind in WITHIN_REACH[visitor.name]
    open_, closed = met(visitor, kind, "{}"), met(visitor, kind, "{confidence: 0.5}")
    assert (open_.signals > 0) is reached
    assert closed.signals == 0
    assert closed.gated.get("confidence", 0) == open_.signals


@pytest.mark.parametrize(
    ("visitor", "doubts"),
    [
        (CURIOUS, "confidence: 0.07 (dwell, depth, accidental)"),
        (ACCIDENTAL, "confidence: 0.00 (dwell, depth, accidental)"),
        (PRICE_CHECKER, "confidence: 0.03 (dwell, depth, repetition, accidental)"),
    ],
    ids=lambda one: getattr(one, "name", ""),
)
def test_why_says_how_sure_and_what_spoke_against_it(visitor: Visitor, doubts: str) -> None:
    kind = "absence" if visitor is ACCIDENTAL else "sequence"
    assert met(visitor, kind, "{confidence: 0.5}").last == f"gated: {doubts}"


def test_whoever_means_it_passes() -> None:
    stall = "{event: Checkout Step Viewed, absent: [Order Completed], for: 3m, present: {visible: true}}"
    [found] = meet(plan_of(moment(detect=stall, confirm="{confidence: 0.7}")), SHOPPER)
    assert found == Met("now", 1, {}, "signal")
    [asked] = meet(plan_of(moment(detect="{event: Checkout Step Viewed}", confirm="{confidence: 0.9}")), SHOPPER)
    assert asked.signals == 1
