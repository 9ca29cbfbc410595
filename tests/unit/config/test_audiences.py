"""audiences.yaml: what a plan holds of it, and every refusal with its line and what to write instead."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from journeyloop.adapters.config.computed import WIDTHS, bucket_width
from journeyloop.adapters.config.load import load
from journeyloop.adapters.config.watching import index_watched
from journeyloop.model.audience import ALL, ANY, Aging, Crossing, crossing_name, crossing_of
from journeyloop.model.moment import DAY, Detect
from journeyloop.model.plan import Plan
from tests.unit.config.examples import SMALL, full, small


def plan(audiences: str) -> Plan:
    loaded = load(small(audiences=audiences))
    assert loaded.plan is not None, loaded.problems
    return loaded.plan


def problems(audiences: str) -> list[str]:
    return [str(one).removeprefix("audiences.yaml:") for one in load(small(audiences=audiences)).problems]


def test_the_example_of_the_format() -> None:
    loaded = load(full())
    assert loaded.plan is not None
    revenue = loaded.plan.computed["revenue_90d"]
    assert (revenue.op, revenue.event, revenue.path) == ("sum", "Order Completed", ("properties", "revenue"))
    assert (revenue.within, revenue.width) == (90 * DAY, DAY)
    assert [one.name for one in loaded.plan.watched] == ["high_spenders"]
    assert loaded.plan.watched[0].moved_by == {"Order Completed"}
    warned = [str(one) for one in loaded.problems if one.file == "audiences.yaml"]
    stays = "profile.orders is built in and stays: choose another name to compute this"
    assert warned == [f"audiences.yaml:4: warning: traits.orders: {stays}"]
    assert "orders" not in loaded.plan.computed


def test_what_can_cross_a_number() -> None:
    crossing = SMALL.replace("detect:\n  event: Payment Failed", "detect: {trait: NAME, crosses: 3}")
    traits = "traits: {points: {type: number}, tier: {type: string}, last_price: {last: properties.price, of: A}}"

    def refused(name: str) -> list[str]:
        return [str(one) for one in load(small(crossing.replace("NAME", name), audiences=traits)).problems]

    assert all(refused(name) == [] for name in ("points", "last_price", "refunds", "refunded", "days_since_last_seen"))
    assert ["detect.trait: tier is not a number" in one for one in refused("tier")] == [True]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("traits: {x: {count: Journeyloop Action Shown}}", "1: error: traits.x.count: what journeyloop itself does"),
        ("traits: {x: {}}", "1: error: traits.x: write its type, or what to compute, such as {count: Order Completed}"),
        ("traits: {x: {count: A, sum: properties.v, of: A}}", "1: error: traits.x: write exactly one of"),
        ("traits: {x: {count: A, type: string}}", "found count and type"),
        ("traits: {x: {cuont: A}}", "1: error: unknown key traits.x.cuont: did you mean count?"),
        ("traits:\n  x: {sum: properties.v}", "2: error: traits.x.of: missing: write text, for example"),
        ("traits: {x: {count: A, of: B}}", "traits.x.of: remove it: count names the event itself, as in `count: Order"),
        ("traits: {x: {sum: event.properties.v, of: A}}", "write it such as properties.v"),
        (
            "traits: {x: {sum: revenue, of: A}}",
            "revenue is not the place of a value in an event: write it such as prop",
        ),
        ("traits: {x: {count: A, within: 500ms}}", "traits.x.within: a window is at least 1s long"),
        ("traits: {x: {count: A, within: soon}}", "traits.x.within: soon is not valid: write a duration such as 20s"),
        (
            "traits: {x: {count: A, where: profile.orders > 1}}",
            "column 1: a computed trait looks at events: write event",
        ),
        ("traits: {a-b: {count: A}}", "1: error: traits.a-b: write the name in snake_case"),
        ("traits: {orders: {type: number}}", "traits.orders: profile.orders is built in: remove it, or choose another"),
        ("audiences: {x: {}}", 'audiences.x.where: missing: write for whom, such as "profile.orders >= 3"'),
        ("audiences: {x y: {where: profile.orders > 1}}", "audiences.x y: write letters, digits, _ and -"),
        (
            "audiences:\n  x:\n    where: event.properties.a > 1",
            "3: error: audiences.x.where, column 1: an audience is a",
        ),
        ("audiences: {x: {where: session.number > 1}}", "an audience is a condition over the profile: write profile.*"),
        (
            "audiences: {x: {where: profile.ordres > 1}}",
            "unknown name profile.ordres: did you mean profile.orders?"[:40],
        ),
        (
            "audiences: {x: {where: profile.orders > 1, push: ftp://a}}",
            "audiences.x.push: write a URL that starts with",
        ),
        (
            "audiences: {x: {where: profile.orders > 1, push: 'https://a..example/x'}}",
            "audiences.x.push: write a URL that starts",
        ),
        (
            "audiences: {x: {where: profile.orders > 1, push: 'https://a b.example/x'}}",
            "audiences.x.push: write a URL that starts",
        ),
        (
            "audiences: {x: {where: profile.orders > 1, push: 'https://[a'}}",
            "audiences.x.push: write a URL that starts",
        ),
        (
            "audiences: {x: {where: profile.days_since_last_order % 7 == 0}}",
            "compare profile.days_since_last_order with",
        ),
        (
            "traits: {r: {since: A}}\naudiences: {x: {where: profile.r > profile.orders}}",
            "compare profile.r with a num",
        ),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(text: str, expected: str) -> None:
    assert any(expected in problem for problem in problems(text)), problems(text)
    assert load(small(audiences=text)).plan is None


def test_what_moves_an_audience() -> None:
    found = plan(
        "traits: {n: {count: Page, within: 1h}, tier: {type: string}}\n"
        "audiences:\n"
        "  a: {where: profile.n > 1}\n"
        "  b: {where: 'profile.tier == \"x\"'}\n"
        "  c: {where: profile.events > 3}\n"
        "  d: {where: profile.n > 1 && profile.cart_value > 5.0}\n"
        "  e: {where: profile.days_since_last_order >= 30}\n"
    )
    moved = {name: [one.name for one in group.watched] for name, group in found.moving.items()}
    assert moved["Page"] == ["a", "c", "d"]
    assert moved["Identify"] == ["b", "c"]
    assert moved["Order Completed"] == ["c", "d", "e"]
    assert (moved[ANY], moved[ALL]) == (["c"], ["a", "b", "c", "d", "e"])
    assert found.aging == (Aging("days_since_last_order", (30, 31)), Aging("n"))


def test_one_crossing_for_each_trait_and_threshold_that_moments_listen_to() -> None:
    found = plan("traits: {n: {count: Page, within: 1h}}\naudiences: {a: {where: profile.n > 1}}")
    [template] = found.moments.values()
    detections = [("n>=3", "enters"), ("n>=3", "leaves"), ("a", "enters"), ("cart_value>=0.5", "enters")]
    moments = [
        replace(template, name=f"m{number}", detect=Detect(crossed=crossed, change=change))  # type: ignore[arg-type]
        for number, (crossed, change) in enumerate(detections)
    ]
    audiences = {one.name: one for one in found.watched}
    watched = index_watched([*moments, template], audiences, found.computed)  # type: ignore[arg-type]
    assert [one.name for one in watched.watched] == ["a", "cart_value>=0.5", "n>=3"]
    crossing = watched.watched[2]
    assert isinstance(crossing, Crossing)
    assert (crossing.trait, crossing.above, crossing.moved_by) == ("n", 3.0, {"Page"})
    names = {key: [one.name for one in listed] for key, listed in watched.by_crossed.items()}
    assert names[("n>=3", "enters")] == ["m0"]
    assert names[("a", "enters")] == ["m2"]


@pytest.mark.parametrize("above", [300.0, 0.1, 1234567.0, 1e12, -2.5])
def test_a_crossing_is_found_by_its_name(above: float) -> None:
    assert crossing_of(crossing_name("x", above)) == ("x", above)


def test_a_plan_is_another_for_its_people_only_if_something_they_are_judged_by_changed() -> None:
    first = plan("traits: {n: {count: Page, within: 1h}}\naudiences: {a: {where: profile.n > 1}}")
    pushed = plan(
        "traits: {n: {count: Page, within: 1h}}\naudiences: {a: {where: profile.n > 1, push: http://localhost/}}"
    )
    wider = plan("traits: {n: {count: Page, within: 2h}}\naudiences: {a: {where: profile.n > 1}}")
    assert (first.watching, first.counting) == (pushed.watching, pushed.counting)
    assert first.watching != wider.watching
    assert first.counting != wider.counting
    assert (plan("traits: {t: {type: string}}").watching, plan("traits: {t: {type: string}}").counting) == ("", "")


def test_no_window_has_more_buckets_than_fit_a_record() -> None:
    windows = [1_000 * 1.1**power for power in range(135)]
    assert max(within // bucket_width(int(within)) for within in windows) <= 260
    assert all(bucket_width(int(within)) in WIDTHS for within in windows)
