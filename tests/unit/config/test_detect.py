"""Every kind of detection reads into what it says; what does not go together is named with what to write instead."""

from __future__ import annotations

import pytest

from journeyloop.adapters.config import detect, load
from journeyloop.adapters.config.conditions import Names
from journeyloop.adapters.config.listening import index_events, index_predictions
from journeyloop.adapters.config.report import Report
from journeyloop.adapters.config.section import Section
from journeyloop.adapters.config.tree import Mapping, parse_yaml
from journeyloop.model.audience import crossing_name
from journeyloop.model.moment import HOUR, MINUTE, Detect, Moment
from journeyloop.model.plan import Plan, Problem
from tests.unit.config.examples import SMALL, small

LARGE = "event.properties.x > 5"
NAMES = Names(audiences=frozenset({"high_spenders"}), numbers=frozenset({"tier_points"})).with_traits(
    ["tier_points", "tier"]
)


def read(text: str) -> tuple[Detect | None, list[Problem]]:
    problems: list[Problem] = []
    report = Report("moments/x.yaml", problems)
    root = parse_yaml(f"detect:\n  {text}\n", report)
    assert root is not None
    node = root.entries["detect"].value
    assert isinstance(node, Mapping)
    return detect.read_detect(Section(node, "detect", report, detect.KEYS), NAMES), problems


def plan_of(text: str, more: str = "") -> Plan:
    loaded = load(small(SMALL.replace("detect:\n  event: Payment Failed", f"detect: {text}{more}")))
    assert loaded.plan is not None, loaded.problems
    return loaded.plan


def moment_of(text: str, more: str = "") -> Moment:
    (moment,) = plan_of(text, more).moments.values()
    return moment


def meaning(found: Detect | None) -> tuple[object, ...]:
    assert found is not None
    steps = [(step.event, step.where.text) for step in found.steps]
    return (found.event, found.by, found.count, found.within, steps, found.inactive, found.crossed, found.change)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "{event: Payment Failed, count: 2, within: 10m, by: order_id}",
            ("Payment Failed", "order_id", 2, 10 * MINUTE, [], 0, None, "enters"),
        ),
        (
            f"{{sequence: [Product Viewed, {{event: Cart Viewed, where: {LARGE}}}], within: 1h}}",
            (None, None, 0, HOUR, [("Product Viewed", ""), ("Cart Viewed", LARGE)], 0, None, "enters"),
        ),
        (
            "{inactive: 30m, after: Product Added, where: event.properties.price > 1.0}",
            ("Product Added", None, 0, 0, [], 30 * MINUTE, None, "enters"),
        ),
        ("{audience: high_spenders}", (None, None, 0, 0, [], 0, "high_spenders", "enters")),
        ("{audience: high_spenders, change: leaves}", (None, None, 0, 0, [], 0, "high_spenders", "leaves")),
        ("{trait: cart_value, crosses: 300.0}", (None, None, 0, 0, [], 0, "cart_value>=300", "enters")),
        ("{trait: tier_points, crosses: 2.5}", (None, None, 0, 0, [], 0, "tier_points>=2.5", "enters")),
        ("{trait: cart_value, crosses: 12345678.25}", (None, None, 0, 0, [], 0, "cart_value>=12345678.25", "enters")),
    ],
)  # fmt: skip
def test_a_kind(text: str, expected: tuple[object, ...]) -> None:
    found, problems = read(text)
    assert problems == []
    assert meaning(found) == expected


def test_a_crossing_keeps_its_trait_and_threshold() -> None:
    found, _ = read("{trait: cart_value, crosses: 300}")
    assert found is not None
    assert (found.trait, found.above, found.crossed) == ("cart_value", 300.0, crossing_name("cart_value", 300.0))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{event: A, within: 1h}", "detect.within: goes with count or sequence"),
        ("{event: A, within: 1h}", "for an absence write `for`, or add `count`"),
        ("{event: A, count: 2}", "detect.within: missing: write a duration"),
        ("{event: A, count: 1, within: 1h}", "detect.count: 1 is not valid: write a whole number from 2 to 1000"),
        ("{event: A, count: 1001, within: 1h}", "from 2 to 1000"),
        ("{event: A, count: 2.5, within: 1h}", "from 2 to 1000"),
        ("{event: A, count: 2, within: 1h, absent: [B], for: 1m}", "detect.absent: goes with event, not with count"),
        ("{event: A, count: 2, within: 1h, repeat: keep}", "detect.repeat: goes with event, not with count"),
        ("{ask: home, count: 2}", "detect.count: goes with count, not with ask"),
        ("{sequence: [A, B]}", "detect.within: missing"),
        ("{sequence: [A], within: 1h}", "detect.sequence: write at least two steps"),
        ("{sequence: [], within: 1h}", "detect.sequence: write at least one event"),
        ("{sequence: A, within: 1h}", "detect.sequence: write a list"),
        ("{sequence: [A, 7], within: 1h}", "detect.sequence: write the name of an event"),
        ("{sequence: [A, {event: B, were: x}], within: 1h}", "detect.sequence.were: did you mean where?"),
        ("{sequence: [A, {event: B, where: profile.contry == 'DE'}], within: 1h}", "did you mean country?"),
        ("{sequence: [A, B], within: 1h, where: event.name == 'A'}", "write it at the step it is for"),
        ("{inactive: 30m}", "detect.inactive: write also what begins it, for example `after: Product Added`"),
        ("{inactive: 30, after: A}", "detect.inactive: 30 is not valid: write a duration"),
        ("{inactive: 30m, after: A, by: order_id}", "detect.by: goes with event or count or sequence, not"),
        ("{inactive: 30m, after: A, present: true}", "detect.present: goes with"),
        ("{inactive: 30m, after: A, for: 3m}", "write how long after `inactive`"),
        ("{audience: high_spender}", "unknown audience high_spender: did you mean high_spenders?"),
        ("{audience: high_spenders, change: joins}", "detect.change: unknown joins"),
        ("{audience: high_spenders, where: event.name == 'A'}", "put conditions in `who`"),
        ("{audience: high_spenders, crosses: 3}", "detect.crosses: goes with trait"),
        ("{trait: cart_value}", "detect.trait: write also which number it comes to"),
        ("{trait: cart_valu, crosses: 3}", "cart_valu is unknown: did you mean cart_value?"),
        ("{trait: country, crosses: 3}", "country is not a number"),
        ("{trait: tier, crosses: 3}", "tier is not a number: write one of"),
        ("{trait: cart_value, crosses: high}", "detect.crosses: high is not valid: write a number above 0"),
        ("{trait: cart_value, crosses: 0}", "a number above 0"),
        ("{trait: cart_value, crosses: 0.30000000000000004}", "detect.crosses: more digits than a crossing's name has"),
        ("{propensity: A, within: 1h}", "detect.propensity: write also which chance it comes to"),
        ("{propensity: A, crosses: 0.3}", "detect.within: missing: write a duration"),
        ("{propensity: A, within: 0s, crosses: 0.3}", "detect.within: 0s is not valid"),
        ("{propensity: A, within: 1h, crosses: 0}", "a number above 0"),
        ("{propensity: A, within: 1h, crosses: 1}", "detect.crosses: write a chance between 0 and 1, such as 0.3"),
        ("{propensity: A, within: 1h, crosses: 30}", "write a chance between 0 and 1"),
        ("{propensity: A, within: 1h, crosses: 30%}", "detect.crosses: 30% is not valid"),
        ("{propensity: A, within: 1h, crosses: .nan}", "detect.crosses: .nan is not valid"),
        ("{propensity: A, within: 1h, crosses: 0.30000000000000004}", "more digits than a crossing's name has"),
        ("{propensity: 7, within: 1h, crosses: 0.3}", "detect.propensity: 7 is not valid"),
        ("{propensity: A, within: 1h, crosses: 0.3, where: event.name == 'A'}", "put conditions in `who`"),
        ("{propensity: A, within: 1h, crosses: 0.3, present: true}", "detect.present: goes with"),
        ("{event: A, sequence: [A, B], within: 1h}", "found event and sequence"),
    ],
)  # fmt: skip
def test_a_mistake(text: str, message: str) -> None:
    _, problems = read(text)
    assert any(one.line == 2 and one.level == "error" and message in one.message for one in problems), problems


def test_audiences_that_nobody_declared() -> None:
    found = load(small(SMALL.replace("detect:\n  event: Payment Failed", "detect: {audience: rich}"))).problems
    assert [(one.line, one.level) for one in found] == [(3, "error")]
    assert "unknown audience rich: declare it in audiences.yaml" in found[0].message


def test_by_speaks_of_counts_and_sequences_too() -> None:
    assert moment_of("{event: A, count: 2, within: 1h, by: order_id}").detect.by == "order_id"
    assert moment_of("{sequence: [A, B], within: 1h, by: order_id}").detect.by == "order_id"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{event: A, count: 2, within: 1h}", "{event: A, count: 3, within: 1h}"),
        ("{event: A, count: 2, within: 1h}", "{event: A, count: 2, within: 2h}"),
        ("{event: A, count: 2, within: 1h}", "{event: A}"),
        ("{sequence: [A, B], within: 1h}", "{sequence: [B, A], within: 1h}"),
        ("{sequence: [A, B], within: 1h}", "{sequence: [A, {event: B, where: event.name == 'B'}], within: 1h}"),
        ("{inactive: 30m, after: A}", "{inactive: 40m, after: A}"),
        ("{audience: high_spenders}", "{audience: high_spenders, change: leaves}"),
        ("{trait: orders, crosses: 3}", "{trait: orders, crosses: 4}"),
        ("{propensity: A, within: 1h, crosses: 0.3}", "{propensity: A, within: 1h, crosses: 0.4}"),
        ("{propensity: A, within: 1h, crosses: 0.3}", "{propensity: B, within: 1h, crosses: 0.3}"),
    ],
)
def test_another_meaning_has_another_name(one: str, other: str) -> None:
    first, second = read(one)[0], read(other)[0]
    assert first is not None and second is not None
    assert first.hash != second.hash


def test_the_kinds_of_version_one_keep_their_names() -> None:
    """A store of then holds open waits under these names; they go on after an upgrade."""
    known = {
        "{event: Payment Failed}": "f4522c94e85061d4",
        "{event: A, by: x, absent: [B], for: 3m, present: {visible: true}}": "3df6d13adf94fae6",
        "{ask: home}": "a8b54bd437242055",
    }
    assert {text: getattr(read(text)[0], "hash", None) for text in known} == known


def test_a_propensity() -> None:
    found, problems = read("{propensity: Order Completed, within: 24h, crosses: 0.3}")
    assert problems == []
    assert found is not None
    assert (found.propensity, found.within, found.above, found.event) == ("Order Completed", 24 * HOUR, 0.3, None)


def test_moments_that_wait_for_the_same_chance_share_one_prediction() -> None:
    texts = ["{propensity: A, within: 1h, crosses: 0.3}", "{propensity: A, within: 60m, crosses: 0.6}"]
    moments = [moment_of(text) for text in (*texts, "{propensity: A, within: 2h, crosses: 0.3}", "{event: A}")]
    found = index_predictions(moments)
    assert {name: one.moments for name, one in found.items()} == {"~A/1h": (*moments[:2],), "~A/2h": (moments[2],)}
    assert len({one.meaning for one in found.values()}) == 2
    assert plan_of(texts[0]).predictions.keys() == {"~A/1h"}
    assert plan_of("{event: A}").predictions == {}


def test_the_index() -> None:
    sequence = "{sequence: [A, {event: B, where: event.properties.x > 5}, A], within: 1h}"
    moments = [moment_of(text) for text in (sequence, "{event: A, count: 2, within: 1h}", "{inactive: 1m, after: B}")]
    index = index_events(moments)
    first, second, third = moments
    assert index["A"].steps == [(first, 2), (first, 0)], "last first"
    assert index["B"].steps == [(first, 1)]
    assert (index["A"].arms, index["B"].arms) == ([second], [third])
    assert ("event", "properties", "x") in index["B"].reader.paths


def test_what_a_sequence_asks_of_the_person_is_read_at_each_step() -> None:
    plan = plan_of("{sequence: [A, B], within: 1h}", "\nwho: profile.orders > 1")
    assert plan.by_event["B"].reader.profile == ("orders",)


@pytest.mark.parametrize(("text", "value"), [("0.6", 0.6), ("60%", 0.6), ("1", 1.0), ("0", 0.0)])
def test_a_confidence(text: str, value: float) -> None:
    assert moment_of("{event: A}", f"\nconfirm: {{confidence: {text}}}").confirm.confidence == value


@pytest.mark.parametrize("text", ["1.1", "-0.1", "high", "true", "120%", ".nan", "[0.6]"])
def test_no_confidence(text: str) -> None:
    changed = SMALL.replace("Payment Failed", f"Payment Failed\nconfirm: {{confidence: {text}}}")
    found = load(small(changed)).problems
    assert any(one.line == 5 and one.level == "error" and "confirm.confidence" in one.message for one in found), found
