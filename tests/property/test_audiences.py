"""Computed traits and live audiences against an oracle that knows no timers, merges or bookkeeping: plain Python over
all that ever happened to a person, asked at any instant."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyloop.interpret.rolling import add_up, roll
from journeyloop.model.customer import Customer, Header
from journeyloop.model.event import Event
from journeyloop.model.identifier import Identifier
from journeyloop.model.inputs import Imported, Judge
from journeyloop.model.plan import Plan
from journeyloop.model.profile import profile_value
from journeyloop.runtime import records
from journeyloop.runtime.push import Push
from tests.property.histories import histories as any_history
from tests.property.histories import play as play_any
from tests.property.rig import DAY, HOUR, MINUTE, SECOND, SECRET, STALL, Rig, T, plan_of

Fact = tuple[int, int, Event]
"""(when received, its time as it counts, event)"""

TRAITS = """\
traits:
  tier: {type: string}
  spent: {sum: properties.revenue, of: Order Completed, within: 10m}
  spent_ever: {sum: properties.revenue, of: Order Completed}
  views: {count: Product Viewed, within: 1h}
  dear_views: {count: Product Viewed, where: event.properties.price > 50.0}
  basket: {avg: properties.revenue, of: Order Completed, within: 1h}
  cheapest: {min: properties.price, of: Product Viewed, within: 10m}
  dearest: {max: properties.price, of: Product Viewed}
  different: {unique: properties.product_id, of: Product Viewed, within: 10m}
  entry: {first: properties.product_id, of: Product Viewed, within: 10m}
  origin: {first: properties.product_id, of: Product Viewed}
  latest: {last: properties.product_id, of: Product Viewed, within: 10m}
  rest: {since: Product Viewed}
  rest_hour: {since: Order Completed, within: 1h}
"""
AUDIENCES = """\
audiences:
  spenders: {where: profile.spent >= 50.0, push: "http://localhost/"}
  lookers: {where: "profile.views >= 2 && profile.spent_ever == 0.0"}
  choosy: {where: "profile.different >= 2 || profile.dearest > 90.0"}
  bargains: {where: "profile.cheapest < 20.0"}
  resting: {where: "profile.rest >= 120 && profile.rest < 600.5", push: "http://localhost/"}
  just_bought: {where: "has(profile.rest_hour) && profile.rest_hour <= 300"}
  golden: {where: 'profile.tier == "gold"'}
  begun_with_p1: {where: 'profile.entry == "p1"'}
  buyers: {where: profile.orders >= 1}
  busy: {where: "profile.events > 5"}
  old_customers: {where: "profile.days_since_last_order >= 2"}
"""
OTHER = """\
traits:
  tier: {type: string}
  spent: {sum: properties.revenue, of: Order Completed, within: 30m}
  views: {count: Product Viewed, within: 1h}
audiences:
  spenders: {where: profile.spent >= 50.0}
  viewers: {where: profile.views >= 1}
"""
WINDOWS = {"10m": (10 * MINUTE, 10 * SECOND), "1h": (HOUR, MINUTE), "30m": (30 * MINUTE, 30 * SECOND)}
WAITS = [0, 1, 700, 9 * SECOND, 50 * SECOND, 3 * MINUTE, 9 * MINUTE + 999, 25 * MINUTE, 70 * MINUTE]
KINDS = ["view"] * 5 + ["order"] * 3 + ["late", "early", "tier", "login", "login", "import", "judge", "plan", "restart"]
Step = tuple[int, str, int, int]


@cache
def plans() -> tuple[Plan, Plan]:
    return plan_of(STALL, audiences=TRAITS + AUDIENCES), plan_of(STALL, audiences=OTHER)


# --- the oracle -------------------------------------------------------------------------------------------------------


def facts_of(facts: list[Fact], name: str, now: int, window: str | None = None) -> list[tuple[int, dict[str, Any]]]:
    """The events of this name that count now, oldest first."""
    found = [(at, event.properties) for _, at, event in facts if event.name == name]
    if window:
        within, width = WINDOWS[window]
        found = [(at, said) for at, said in found if now < (at // width + 1) * width + within]
    return sorted(found, key=lambda one: (one[0], repr(one[1].get("product_id"))))


def values(facts: list[Fact], name: str, key: str, now: int, window: str | None = None) -> list[Any]:
    return [said[key] for _, said in facts_of(facts, name, now, window) if key in said]


def seconds(found: list[tuple[int, Any]], now: int) -> int | None:
    return (now - max(at for at, _ in found)) // SECOND if found else None


def truth(facts: list[Fact], now: int, window: str = "10m") -> dict[str, Any]:
    """Every computed trait, by its definition."""
    view, order = "Product Viewed", "Order Completed"
    prices = values(facts, view, "price", now, "10m")
    revenue = values(facts, order, "revenue", now, "1h")
    ids = values(facts, view, "product_id", now, "10m")
    return {
        "spent": sum(values(facts, order, "revenue", now, window)),
        "spent_ever": sum(values(facts, order, "revenue", now)),
        "views": len(facts_of(facts, view, now, "1h")),
        "dear_views": sum(price > 50.0 for price in values(facts, view, "price", now)),
        "basket": sum(revenue) / len(revenue) if revenue else None,
        "cheapest": min(prices, default=None),
        "dearest": max(values(facts, view, "price", now), default=None),
        "different": len(set(ids)),
        "entry": next(iter(ids), None),
        "origin": next(iter(values(facts, view, "product_id", now)), None),
        "latest": ids[-1] if ids else None,
        "rest": seconds(facts_of(facts, view, now), now),
        "rest_hour": seconds(facts_of(facts, order, now, "1h"), now),
    }


def tier(facts: list[Fact]) -> Any:
    said = [(event.time, repr(event.traits["tier"]), event.traits["tier"]) for _, _, event in facts if event.traits]
    return max(said)[2] if said else None


def orders(facts: list[Fact]) -> list[int]:
    return [event.time for _, _, event in facts if event.name == "Order Completed"]


Condition = Callable[[dict[str, Any], list[Fact], int], Any]
RULES: dict[str, Condition] = {
    "spenders": lambda t, facts, now: t["spent"] >= 50.0,
    "lookers": lambda t, facts, now: t["views"] >= 2 and t["spent_ever"] == 0,
    "choosy": lambda t, facts, now: t["different"] >= 2 or (t["dearest"] is not None and t["dearest"] > 90.0),
    "bargains": lambda t, facts, now: t["cheapest"] is not None and t["cheapest"] < 20.0,
    "resting": lambda t, facts, now: t["rest"] is not None and 120 <= t["rest"] < 600.5,
    "just_bought": lambda t, facts, now: t["rest_hour"] is not None and t["rest_hour"] <= 300,
    "golden": lambda t, facts, now: tier(facts) == "gold",
    "begun_with_p1": lambda t, facts, now: t["entry"] == "p1",
    "buyers": lambda t, facts, now: len(orders(facts)) >= 1,
    "busy": lambda t, facts, now: len(facts) > 5,
    "old_customers": lambda t, facts, now: bool(orders(facts)) and (now - max(orders(facts))) // DAY >= 2,
}
OTHER_RULES: dict[str, Condition] = {
    "spenders": RULES["spenders"],
    "viewers": lambda t, facts, now: t["views"] >= 1,
}


# --- histories --------------------------------------------------------------------------------------------------------


class Watched:
    """A rig and all that happened in it. `settled`: everybody was judged since the last change of plan or import."""

    def __init__(self) -> None:
        self.rig, self.facts, self.settled, self.other = Rig(plans()[0]), list[Fact](), True, False

    def happen(self, what: str, who: int, which: int) -> None:
        rig, browser = self.rig, f"a{who}{which % 2}"
        price = [5.0, 30.0, 19.99, 60.0, 95.5, 0.1][which % 6]
        match what:
            case "view" | "late" | "early":
                ago = {"view": 0, "late": [4 * MINUTE, 20 * MINUTE][which % 2], "early": -30 * SECOND}[what]
                said = {"product_id": f"p{which % 3}", "price": price}
                self.tell(rig.event("Product Viewed", browser, ago, properties=said))
            case "order":
                self.tell(rig.event("Order Completed", browser, properties={"revenue": price}))
            case "tier":
                traits = {"tier": ["gold", "silver"][which % 2]}
                self.tell(rig.event("Identify", browser, traits=traits))
            case "login":
                self.tell(rig.event("Page", browser, user_id=f"u{who}"))
            case "import":
                ago = [5 * MINUTE, 50 * MINUTE, 3 * DAY][which % 3]
                event = rig.event("Order Completed", browser, ago, source="import", properties={"revenue": price})
                self.facts.append((rig.now, event.time, event))
                rig.apply(Imported(event))
                self.settled = False
            case "judge":
                self.judge()
            case "plan":
                self.other = which % 2 == 0
                rig.change(plans()[1 if self.other else 0])
                self.settled = False
            case "restart":
                rig.restart()

    def tell(self, event: Event) -> None:
        self.facts.append((self.rig.now, min(event.time, self.rig.now), event))
        self.rig.apply(event)

    def judge(self) -> None:
        """What the walk through all people does after a change (runtime.sweep)."""
        people = [one.header for one in map(records.decode_customer, self.rig.values("people"))]
        self.rig.apply(Judge([header.person for header in people if header.successor is None]))
        self.settled = True

    def people(self) -> dict[bytes, list[Fact]]:
        """All that happened to each person, by whose the identifiers are now."""
        found: dict[bytes, list[Fact]] = {}
        homes: dict[Identifier, bytes] = {}
        for fact in self.facts:
            who = fact[2].primary()
            person = homes.get(who) or self.rig.find(who[1], who[0]).header.person
            homes[who] = person
            found.setdefault(person, []).append(fact)
        return found

    def check(self) -> None:
        rig, now, rules = self.rig, self.rig.now, OTHER_RULES if self.other else RULES
        people, living = self.people(), {}
        for customer in map(records.decode_customer, rig.values("people")):
            living[customer.header.person] = customer
        expected: dict[str, set[bytes]] = {name: set() for name in rules}
        for person, facts in people.items():
            found = truth(facts, now, "30m" if self.other else "10m")
            for name in rig.plan.computed:
                value = profile_value(living[person], name, now, rig.plan.computed)
                assert value == (found[name] if found[name] is None else pytest.approx(found[name])), name
            for name, rule in rules.items():
                if rule(found, facts, now):
                    expected[name].add(person)
        held = {name: {key[len(name) + 1 :] for key, _ in self.rows(name)} for name in rules}
        assert held == expected
        assert sum(map(len, held.values())) == len(rig.rows("audiences")), "nobody is in an audience of another plan"
        for person, customer in living.items():
            assert {name for name in rules if person in held[name]} == set(customer.header.audiences)
            assert all(
                (f"{name}\0".encode() + person, since.to_bytes(8, "big")) in rig.rows("audiences")
                for name, since in customer.header.audiences.items()
            )
        for name in {*RULES, *OTHER_RULES}:
            assert rig.counts(f"audience/{name}").get("members", 0) == len(held.get(name, ()))

    def rows(self, name: str) -> list[tuple[bytes, bytes]]:
        return [row for row in self.rig.rows("audiences") if row[0].startswith(name.encode() + b"\0")]


def histories(kinds: list[str] = KINDS) -> st.SearchStrategy[list[Step]]:
    step = st.tuples(st.sampled_from(WAITS), st.sampled_from(kinds), st.integers(0, 1), st.integers(0, 11))
    return st.lists(step, max_size=12) | st.integers(0, 1 << 32).map(lambda seed: long_history(Random(seed), kinds))


def long_history(random: Random, kinds: list[str]) -> list[Step]:
    return [(random.choice(WAITS), random.choice(kinds), random.randrange(2), random.randrange(12)) for _ in range(40)]


def play(steps: list[Step], checked: bool = True) -> Watched:
    watched = Watched()
    for wait, what, who, which in steps:
        watched.rig.pass_time(wait)
        if checked and watched.settled:
            watched.check()
        watched.happen(what, who, which)
        if checked and watched.settled:
            watched.check()
    return watched


@given(histories())
def test_traits_and_audiences_are_what_the_history_says_at_every_instant(steps: list[Step]) -> None:
    watched = play(steps)
    watched.judge()
    watched.check()
    for wait in (2 * MINUTE, 9 * MINUTE, 40 * MINUTE, DAY, 2 * DAY):
        watched.rig.pass_time(wait)
        watched.check()


@given(any_history(), st.booleans())
def test_what_is_counted_from_the_log_is_what_was_folded(steps: list[Step], shared: bool) -> None:
    """On shared devices too, whoever was joined with whom: the records of a person are the events of their profile."""
    rig = play_any(steps, shared)
    names = ("Product Viewed", "Order Completed", "Identify")
    traits = ", ".join(f"n{number}: {{count: {name}}}" for number, name in enumerate(names))
    rig.change(plan_of(STALL, audiences=f"traits: {{{traits}}}"))
    people = [one.header for one in map(records.decode_customer, rig.values("people"))]
    rig.apply(Judge([header.person for header in people if header.successor is None]))
    for customer in map(records.decode_customer, rig.values("people")):
        if customer.header.successor is None:
            for number, name in enumerate(names):
                counted = profile_value(customer, f"n{number}", rig.now, rig.plan.computed)
                assert counted == customer.header.counts.get(name, 0)


@given(histories())
def test_the_log_folds_to_the_same_audiences(steps: list[Step]) -> None:
    found = play(steps, checked=False).rig.replayed()
    assert found.differences == []


@given(st.lists(st.tuples(st.integers(-4, 30), st.integers(0, 400), st.integers(0, 3)), max_size=60), st.randoms())
def test_the_order_of_arrival_and_who_it_was_told_of_do_not_matter(
    said: list[tuple[int, int, int]], random: Any
) -> None:
    """The same events in another order, and told of two visitors who turn out to be one: the same values."""
    plan, now = plans()[0], T + 40 * MINUTE
    events = [
        Event(
            "track", "Product Viewed" if amount % 3 else "Order Completed", f"m{number}", T + (at + 4) * MINUTE + amount
        )
        for number, (at, amount, _) in enumerate(said)
    ]
    for event, (_, amount, which) in zip(events, said, strict=True):
        number: Any = [amount / 7, amount, -amount * 1e8, "no number"][which]
        event.properties = {"revenue": number, "price": number, "product_id": f"p{amount}"}
    one, two, other = (Customer(Header(b"p" * 16, 1)) for _ in range(3))
    fold(one, events, plan, now)
    random.shuffle(events)
    fold(two, events[::2], plan, now)
    fold(other, events[1::2], plan, now)
    add_up(two, other, plan)
    for name in plan.computed:
        assert profile_value(one, name, now, plan.computed) == profile_value(two, name, now, plan.computed), name


def fold(customer: Customer, events: list[Event], plan: Plan, now: int) -> None:
    for event in events:
        roll(customer, event, plan.computing[event.name], now, now, SECRET)


@given(histories(["view", "view", "order", "late", "early", "login", "restart"]))
def test_every_change_is_told_once(steps: list[Step]) -> None:
    """Of each person in and out by turns, beginning with in, and the last word is the truth: who keeps a list by what
    they are told has the right one, through merges too."""
    rig = play(steps, checked=False).rig
    told: dict[tuple[str, bytes], list[bool]] = {}
    for key, raw in rig.rows("pushes"):
        push = records.decode_record(raw, Push)[0]
        told.setdefault((key.partition(b"\0")[0].decode(), push.person), []).append(push.entered)
    for header in [one.header for one in map(records.decode_customer, rig.values("people"))]:
        for name in ("spenders", "resting"):
            words = told.get((name, header.person), [])
            assert all(one is not other for one, other in pairwise(words)), words
            assert words[:1] != [False]
            assert (words[-1:] == [True]) is (name in header.audiences)


@given(histories(["view", "order", "late", "early", "tier", "login"]))
def test_time_alone_ends_every_timer(steps: list[Step]) -> None:
    """Nobody is looked at for ever: once all windows and thresholds have passed, nothing is due any more."""
    watched = play(steps, checked=False)
    watched.rig.pass_time(5 * DAY)
    assert watched.rig.rows("timers") == []
    watched.check()
