"""Backtest equals live: the same events, through the loop as they happen and through a backtest afterwards, give the
same signals and the same decisions, to the last field.
"""

from __future__ import annotations

from itertools import groupby
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeyloop.adapters.sources.in_order import InOrder
from journeyloop.adapters.store.memory import MemoryStore
from journeyloop.model.decision import Decision
from journeyloop.model.event import Event
from journeyloop.model.inputs import Delivered, Seen, TabOpened
from journeyloop.model.moment import Present
from journeyloop.model.plan import Plan
from journeyloop.runtime import backtest, records
from journeyloop.runtime.backtest import Backtest, consenting, tab_always_open
from tests.property.histories import EVENTS, WAITS, plans
from tests.property.rig import ALLOWED, DAY, HOUR, MINUTE, REFUSED, SECRET, Rig, T, action, moment, plan_of

Step = tuple[int, int, int]
"""(wait in ms, who, which)."""

PEOPLE = 12
LONG_WAITS = [*WAITS, 9 * HOUR, 3 * DAY]
STEPS = st.tuples(st.sampled_from(LONG_WAITS), st.integers(0, PEOPLE - 1), st.integers(0, 63))
HISTORIES = st.lists(STEPS, min_size=1, max_size=12) | st.integers(0, 1 << 32).map(lambda seed: long_history(seed))


def long_history(seed: int, length: int = 120) -> list[Step]:
    random = Random(seed)
    return [(random.choice(LONG_WAITS), random.randrange(PEOPLE), random.randrange(64)) for _ in range(length)]


class Live(Rig):
    """The loop as it runs, with a channel that takes every message at its time (if it `answers`) and nobody watching
    any tab."""

    def __init__(self, plan: Plan, answers: bool = True) -> None:
        self.answers = answers
        self.planned: list[Decision] = []
        super().__init__(plan, secret=SECRET)
        self.seen = None

    def apply(self, *inputs: Any, fire: bool = True) -> None:
        before = len(self.made) if hasattr(self, "made") else 0
        super().apply(*inputs, fire=fire)
        self.planned += [one for one in self.made[before:] if self.answers and one.state == "due"]
        leaving = [one for one in self.planned if one.not_before <= self.now]
        self.planned = [one for one in self.planned if one.not_before > self.now]
        for one in leaving:
            super().apply(Delivered(one.person, one.id, "sent"))

    def live(self, events: list[Event]) -> None:
        """Inputs received by now come before timers due by now, as the writer has it."""
        for time, instant in groupby(events, lambda event: event.time):
            self.pass_time(max(0, time - self.now - 1))
            self.now = time
            self.apply(*instant)


class WithTabs(Live):
    """The same, and everybody opens a tab before their first event and never closes it."""

    def _watch(self, anonymous_ids: list[str], present: Present | None) -> Seen:
        return tab_always_open(anonymous_ids, present)

    def apply(self, *inputs: Any, fire: bool = True) -> None:
        known = set(self.rows("owners")) if inputs else set()
        opened: list[Any] = []
        for one in inputs:
            if isinstance(one, Event) and not self._met(one, known):
                opened.append(TabOpened(one.primary(), 1))
            opened.append(one)
        super().apply(*opened, fire=fire)

    def _met(self, event: Event, known: set[Any]) -> bool:
        from journeyloop.model.identifier import identifier_key

        return any(key == identifier_key(self.secret, event.primary()) for key, _ in known)


def told(steps: list[Step]) -> list[Event]:
    """What some people with two browsers each do; now and then they log in, also on each other's devices, or an event
    comes twice."""
    now, events = T, []
    for number, (wait, who, which) in enumerate(steps):
        now += wait
        name, properties = EVENTS[which % len(EVENTS)]
        browser, context = f"a{who}{which % 2}", [ALLOWED, {}, ALLOWED, REFUSED][which // 8 % 4]
        user = f"u{who if which % 7 else 0}" if which % 3 == 0 else None
        id_ = f"m{number - 1 if which == 63 else number}"
        if which % 11 == 0:
            events.append(Event("identify", "Identify", id_, now, f"u{who}", browser, traits={"tier": which}))
        else:
            events.append(
                Event("track", name, id_, now, user, browser, properties=dict(properties), context=dict(context))
            )
    return events


def backtested(
    plan: Plan, events: list[Event], tab: bool = False, contacted: bool = True
) -> tuple[list[Decision], Backtest]:
    found: list[Decision] = []
    run = Backtest(plan, SECRET, MemoryStore(), lambda decision, customer: found.append(decision), tab, contacted)
    assert sum(run.run(events)) == len(events)
    return found, run


def same(live: Live, plan: Plan, events: list[Event], tab: bool = False) -> None:
    live.live(events)
    found, run = backtested(plan, events, tab)
    assert found == live.made
    for name in plan.moments:
        assert run.tally(name).counts == live.counts(name)
    assert run.people - len(run.joined) == sum(
        records.decode_customer(raw).header.successor is None for raw in live.values("people")
    )


@given(HISTORIES, st.sampled_from([0, 1]), st.sampled_from([1, 7, 1_000]))
def test_the_same_events_give_the_same_decisions(steps: list[Step], which: int, batch: int) -> None:
    with patch.object(backtest, "BATCH", batch):
        same(Live(plans()[which]), plans()[which], told(steps))


@settings(max_examples=30)
@given(HISTORIES)
def test_as_if_everybody_had_consented_is_a_plan_that_asks_for_none(steps: list[Step]) -> None:
    plan = consenting(plans()[0])
    live = Live(plan)
    same(live, plan, told(steps))
    reasons = {verdict.verdict for one in live.made for verdict in one.candidates}
    assert not any(reason.endswith("not given") for reason in reasons)


@settings(max_examples=30)
@given(HISTORIES)
def test_as_if_a_tab_had_been_open_is_a_tab_that_is_open(steps: list[Step]) -> None:
    plan, events = plans()[0], told(steps)
    same(WithTabs(plan), plan, events, tab=True)


LATER = plan_of(
    moment(
        "viewed", detect="{event: Product Viewed}", goal="{event: Order Completed, within: 3h}",
        actions=f"[{action('later', ', after: 1h')}]", body="cancel_on: [Live Chat Started]\n",
    ),
    moment("failed", detect="{event: Payment Failed}", actions=f"[{action('now')}, {action('soon', ', after: 10m')}]"),
    policy="caps: [{per: person, at_most: 1, within: 30m}]\n",
)  # fmt: skip


@settings(max_examples=50)
@given(HISTORIES, st.sampled_from([1, 7, 1_000]))
def test_what_is_planned_for_later_is_sent_at_its_time(steps: list[Step], batch: int) -> None:
    with patch.object(backtest, "BATCH", batch):
        same(Live(LATER), LATER, told(steps))


def test_what_happens_before_its_time_stops_it() -> None:
    names = ["Product Viewed", "Live Chat Started", "Page"]
    for wait, ends in ((MINUTE, "suppressed"), (2 * HOUR, "sent")):
        times = (T, T + wait, T + 3 * HOUR)
        events = [Event("track", name, f"m{at}", at, "u1") for name, at in zip(names, times, strict=True)]
        _, run = backtested(LATER, events)
        assert run.tally("viewed").counts[ends] == 1


def test_silence_learns_from_a_history_and_actions_do_not() -> None:
    """As in a loop whose messages reach nobody: the arms are born of silence, and the decisions are the same."""
    plan = plan_of(
        moment("now", learn="{mode: full}", holdout="50%", expires="1s", actions=f"[{action('one')}, {action('two')}]"),
        moment("later", detect="{event: Order Completed}", expires="1s"),
    )
    events = [
        Event("track", "Asked For" if number % 3 else "Order Completed", f"m{number}", T + number * MINUTE, f"u{who}")
        for number, who in enumerate(Random(3).choices(range(300), k=1_500))
    ]
    live = Live(plan, answers=False)
    live.live(events)
    found, run = backtested(plan, events, contacted=False)
    assert [chosen(one) for one in found] == [chosen(one) for one in live.made]
    arms = run.memory.arms["now"]
    assert arms.born and arms.seen[0] > 200 and set(arms.names) == {""} and not any(arms.waiting.values())
    assert run.tally("now").evidence.rows == 0


def chosen(one: Decision) -> tuple[Any, ...]:
    """Who, by which moment in which arm, what and why."""
    return one.person, [(row.moment, row.arm) for row in one.rows], one.chosen, one.reason, one.at, one.draw


def test_such_histories_hold_what_makes_it_hard() -> None:
    """Merges, timers, holdouts, caps, silence for want of consent, duplicates, unknown presence."""
    seen: set[str] = set()
    duplicates = joined = 0
    for seed in range(12):
        decisions, run = backtested(plans()[0], told(long_history(seed)))
        seen |= {verdict.verdict.partition(":")[0] for one in decisions for verdict in one.candidates}
        seen |= {key for name in plans()[0].moments for key in run.tally(name).counts}
        duplicates, joined = duplicates + run.duplicates, joined + len(run.joined)
    assert {"eligible", "held out", "consent", "cap", "gated: presence_unknown", "cancelled"} <= seen
    assert duplicates and joined


@pytest.mark.parametrize("run", [1, 3, 1_000])
def test_events_come_in_the_order_of_their_time_whatever_fits_into_memory(run: int) -> None:
    events = told(long_history(5))
    shuffled = sorted(events, key=lambda event: Random(event.message_id).random())
    with InOrder(run) as ordered:
        for event in shuffled:
            ordered.add(event)
        assert list(ordered) == sorted(shuffled, key=lambda event: event.time)
        assert (len(ordered), ordered.first, ordered.last) == (len(events), events[0].time, events[-1].time)


def test_the_clock_stops_with_the_history() -> None:
    """What would have come due after the last event is not known: no signal, and no window that closes."""
    plan = plan_of(
        moment("stall", detect="{event: Asked For, absent: [Order Completed], for: 3m}"),
        moment("now", actions=f"[{action()}]"),
    )
    asked = Event("track", "Asked For", "m1", T, anonymous_id="a")
    decisions, run = backtested(plan, [asked])
    assert [row.moment for one in decisions for row in one.rows] == ["now"]
    assert run.tally("now").counts == {"signals": 1, "signals: treated": 1, "decided": 1, "sent": 1}
    later = Event("track", "Page", "m2", T + 3 * MINUTE, anonymous_id="b")
    decisions, run = backtested(plan, [asked, later])
    assert [(one.at, row.moment) for one in decisions for row in one.rows] == [(T, "now"), (T + 3 * MINUTE, "stall")]


def test_without_tabs_the_channel_after_the_page_is_taken() -> None:
    """A history knows of no tabs; whoever assumes one has the page."""
    settings = '[channels.push]\nkind = "webhook"\nurl = "https://example.com/push"\nsecret = "SECRET"\n'
    both = f"[{action('page')}, {action('push', channel='push')}]"
    order = "channels: {priority: [onpage, push], fallback: true}\n"
    plan = plan_of(moment(actions=both), policy=order, settings=settings)
    event = Event("track", "Asked For", "m1", T, anonymous_id="a1")
    for tab, chosen in ((False, "push"), (True, "page")):
        [made], _ = backtested(plan, [event], tab)
        assert made.chosen == ("now", chosen)
