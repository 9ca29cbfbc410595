"""Random histories of a few people in a shop: every kind of input there is, in any order. No judgement here.

A history is a list of steps; a step names what happens and how long after the one before it. `play` makes it happen.
"""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

from hypothesis import strategies as st

from journeyloop.model.inputs import (
    Asked,
    ConsentStated,
    Delivered,
    Outcome,
    Paused,
    Seen,
    TabClosed,
    TabOpened,
    Unmerge,
)
from journeyloop.model.plan import Plan
from journeyloop.runtime import records
from tests.property.rig import ALLOWED, HOUR, MINUTE, REFUSED, SECOND, STALL, Rig, action, moment, plan_of

Step = tuple[int, str, int, int]
"""(wait in ms, what, who, which)."""

WAITS = [0, 1, 700, 5 * SECOND, 40 * SECOND, 4 * MINUTE, 20 * MINUTE, 2 * HOUR]
EVENTS = [
    ("Product Viewed", {}),
    ("Product Added", {"product_id": "p", "price": 20.0}),
    ("Checkout Step Viewed", {"checkout_id": "c1"}),
    ("Checkout Step Viewed", {"checkout_id": "c2"}),
    ("Order Completed", {"revenue": 30.0, "checkout_id": "c1"}),
    ("Payment Failed", {}),
    ("Live Chat Started", {}),
    ("Unsubscribed", {}),
]
WORDS = ["sent", "suppressed", "failed", "unknown"]
REPORTS = ["shown", "clicked", "dismissed"]
POLICY = (
    "holdout: 10%\ncaps: [{per: person, at_most: 1, within: 10m}, {per: person, topic: cart, at_most: 3, within: 2h}]\n"
)


@cache
def plans() -> tuple[Plan, Plan]:
    """Two plans of one shop, so that a history can change between them: the second has another stall and other counts,
    and no help."""
    chance = moment(
        "chance", purpose="marketing", detect="{event: Product Viewed}", learn="{mode: full}", holdout="30%",
        actions=f"[{action('one')}, {action('two', ', limit: 2 per 1h')}]",
    )  # fmt: skip
    placed = moment("placed", detect="{ask: hero}", actions=f"[{action('banner', ', placement: hero')}]")
    watched = moment(
        "watched", detect="{event: Product Added, present: {visible: true, idle: 10s}}", confirm="{dwell: 10s}"
    )
    again = moment("again", detect="{event: Checkout Step Viewed, count: 2, within: 20m, by: checkout_id}")
    on_course = moment(
        "on_course", detect="{sequence: [Product Viewed, Product Added, Checkout Step Viewed], within: 2h}",
        confirm="{confidence: 0.1}",
    )  # fmt: skip
    gone = moment("gone", detect="{inactive: 20m, after: Product Added}", body="cancel_on: [Order Completed]\n")
    helped = moment("helped", detect="{event: Payment Failed}", learn="{mode: shadow}")
    kept = (chance, placed, watched, on_course, gone)
    paid = moment("paid", detect="{event: Payment Failed}")
    first = plan_of(STALL, *kept, again, helped, paid, policy=POLICY)
    second = plan_of(STALL.replace("for: 3m", "for: 2m"), *kept, again.replace("20m", "4m"), policy=POLICY)
    return first, second


KINDS = ["event"] * 8 + "identify alias open close consent ask word report again late restart pause plan".split()
WITH_UNMERGES = [*KINDS, "identify", "unmerge", "unmerge"]


def histories(kinds: list[str] = KINDS, people: int = 3) -> st.SearchStrategy[list[Step]]:
    """Short ones that shrink well, and long ones from a seed, which reach states that short ones do not."""
    step = st.tuples(st.sampled_from(WAITS), st.sampled_from(kinds), st.integers(0, people - 1), st.integers(0, 15))
    seeds = st.integers(0, 1 << 32)
    return st.lists(step, max_size=12) | seeds.map(lambda seed: long_history(Random(seed), kinds, people))


def long_history(random: Random, kinds: list[str] = KINDS, people: int = 3, length: int = 60) -> list[Step]:
    return [
        (random.choice(WAITS), random.choice(kinds), random.randrange(people), random.randrange(16))
        for _ in range(length)
    ]


def play(steps: list[Step], shared: bool = False, secret: bytes = b"s" * 32) -> Rig:
    """A rig after this history. `shared`: people also log in on each other's devices."""
    rig = Rig(plans()[0], secret=secret)
    sent: list[Any] = []
    for wait, what, who, which in steps:
        rig.pass_time(wait)
        _happen(rig, what, who, which, shared, sent)
    return rig


def browser(who: int, which: int) -> str:
    return f"a{who}{which % 2}"


def _happen(rig: Rig, what: str, who: int, which: int, shared: bool, sent: list[Any]) -> None:
    identifier = ("anonymous_id", browser(who, which))
    rig.seen = [None, Seen("/checkout", True, 60_000), Seen("/", False, 0), Seen("/checkout", True, 1_000)][which % 4]
    match what:
        case "event" | "late":
            name, properties = EVENTS[which % len(EVENTS)]
            user = f"u{who}" if which % 3 == 0 else None
            context = [ALLOWED, {}, ALLOWED, REFUSED][which % 4]
            ago = [5 * MINUTE, 2 * SECOND][which % 2] if what == "late" else 0
            event = rig.event(name, identifier[1], ago, user_id=user, properties=dict(properties), context=context)
        case "identify" | "alias":
            owner = (who + which % 2) % 3 if shared else who
            traits = {"tier": which, "firstName": f"N{which}"}
            event = rig.event(what.capitalize(), identifier[1], user_id=f"u{owner}", traits=traits)
            if what == "alias":
                event.anonymous_id, event.previous_id = None, identifier[1]
        case "again":
            if sent:
                rig.apply(sent[which % len(sent)])
            return
        case _:
            return _other(rig, what, identifier, which)
    sent.append(event)
    rig.apply(event)


def _other(rig: Rig, what: str, identifier: Any, which: int) -> None:
    epoch = rig.memory.singles.epoch
    match what:
        case "open":
            rig.apply(TabOpened(identifier, epoch))
        case "close":
            rig.apply(TabClosed(identifier, epoch, rig.now - 1))
        case "consent":
            rig.apply(ConsentStated(identifier, {"marketing": which % 3 > 0}, rig.now, "server"))
        case "ask":
            rig.apply(Asked(identifier, "hero", f"r{len(rig.decisions())}"))
        case "restart":
            rig.restart()
        case "pause":
            rig.apply(Paused(["all", "moment:stall", "channel:onpage"][which % 3], which % 2 == 0))
        case "plan":
            rig.change(plans()[which % 2])
        case "unmerge":
            _part(rig, which)
        case "word" | "report":
            _answer(rig, what, which)


def _part(rig: Rig, which: int) -> None:
    """Somebody is told apart from somebody they absorbed."""
    people = [records.decode_customer(raw).header for raw in rig.values("people")]
    joined = [(one.person, past.person) for one in people if one.successor is None for past in one.absorbed]
    if joined:
        rig.apply(Unmerge(*joined[which % len(joined)], "test"))


def _answer(rig: Rig, what: str, which: int) -> None:
    """A channel's or a browser's word on one of the decisions so far, whatever its state."""
    decisions = rig.decisions()
    if not decisions:
        return
    one = decisions[-1 - which % len(decisions) % 3 % len(decisions)]
    if what == "word":
        rig.apply(Delivered(one.person, one.id, WORDS[which % 4]))
    else:
        rig.apply(Outcome(one.person, one.id, REPORTS[which % 3]))


def finish(rig: Rig) -> None:
    """No more input: every timer fires."""
    while (due := rig.next_due()) is not None:
        rig.now = max(rig.now, due)
        rig.apply()
