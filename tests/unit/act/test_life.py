"""The life of a delivery: a table, doubt after a restart, outcomes that count once."""

from __future__ import annotations

import itertools

import pytest

from journeyloop.act import offers
from journeyloop.act.life import NEXT, move
from journeyloop.interpret import found
from journeyloop.model.board import Board
from journeyloop.model.decision import ENDED, Delivery
from journeyloop.model.effects import Send
from journeyloop.model.frame import Frame
from journeyloop.model.inputs import Delivered, Outcome, TabOpened
from tests.property.rig import HOUR, MINUTE, SECOND, SECRET, Rig, T, moment, plan_of, shop

STATES = ("due", "intent", "sent", "suppressed", "expired", "failed", "unknown")


def message(tab: bool = True) -> Rig:
    rig = Rig(plan_of(moment()))
    if tab:
        rig.apply(TabOpened(("anonymous_id", "a1"), 1))
    rig.track("Asked For")
    return rig


def word(rig: Rig, state: str, reason: str = "") -> None:
    rig.apply(Delivered(rig.find().header.person, rig.made[-1].id, state, reason))


def report(rig: Rig, outcome: str) -> None:
    rig.apply(Outcome(rig.find().header.person, rig.made[-1].id, outcome))


@pytest.mark.parametrize(("before", "after"), list(itertools.product(STATES, STATES)))
def test_the_table(before: str, after: str) -> None:
    """An ended delivery never moves again, and only an intent becomes due: its channel will be asked once more."""
    frame = Frame(T, shop(), Board(), SECRET, 1, T)
    delivery = Delivery(b"d", "stall", "reassure", "cart", "onpage", before, T + 1, T)
    moved = move(found(b"p" * 16, T), delivery, after, "why", frame)
    assert moved is (after in NEXT.get(before, ()))
    assert delivery.state == (after if moved else before)
    assert not (moved and before in ENDED)
    assert not (moved and after == "due" and before != "intent")
    assert (delivery.ended > 0) is (moved and after in ENDED)


def test_an_intent_is_written_when_a_tab_opens() -> None:
    rig = message(tab=False)
    assert rig.delivery().state == "due"
    rig.apply(TabOpened(("anonymous_id", "a1"), 1))
    assert rig.delivery().state == "intent"
    assert len(rig.emitted(Send)) == 1


def test_without_a_word_it_expires_a_little_after_its_time() -> None:
    rig = message()
    rig.pass_time(5 * MINUTE)
    assert rig.delivery().state == "intent"
    rig.pass_time(2 * SECOND)
    assert rig.delivery().state == "expired"


def test_an_intent_from_before_a_restart_ends_in_doubt() -> None:
    rig = message()
    rig.sleep(HOUR)
    rig.pass_time(HOUR)
    assert rig.delivery().state == "unknown"
    assert len(rig.find().header.contacts) == 1


@pytest.mark.parametrize(("state", "ends"), [("suppressed", "unknown"), ("failed", "unknown"), ("sent", "sent")])
def test_a_word_on_an_intent_from_before_a_restart(state: str, ends: str) -> None:
    rig = message()
    rig.sleep(SECOND)
    word(rig, state)
    assert rig.delivery().state == ends


def test_what_was_only_due_at_the_restart_is_in_no_doubt() -> None:
    rig = message(tab=False)
    rig.sleep(SECOND)
    rig.apply(TabOpened(("anonymous_id", "a1"), rig.memory.singles.epoch))
    word(rig, "suppressed", "content: title")
    assert (rig.delivery().state, rig.delivery().reason) == ("suppressed", "content: title")


def test_a_second_word_changes_nothing() -> None:
    rig = message()
    word(rig, "sent")
    before = rig.rows("deliveries")
    for state in ("suppressed", "failed", "unknown", "sent"):
        word(rig, state)
    assert rig.rows("deliveries") == before
    assert rig.counts("now")["sent"] == 1


def test_outcomes_count_once_and_a_click_was_shown() -> None:
    rig = message()
    for outcome in ("clicked", "shown", "clicked", "shown"):
        report(rig, outcome)
    counts = rig.counts("now")
    assert (counts["sent"], counts["shown"], counts["clicked"]) == (1, 1, 1)
    assert rig.delivery().state == "sent"


def test_a_message_that_was_stopped_cannot_be_reported_shown() -> None:
    rig = message()
    word(rig, "suppressed")
    report(rig, "shown")
    assert rig.delivery().shown == 0
    assert "shown" not in rig.counts("now")


def test_a_report_is_an_event_that_a_moment_may_follow() -> None:
    follow = moment("follow", detect="{event: Journeyloop Action Dismissed}", topic="other")
    rig = Rig(plan_of(moment(), follow))
    rig.apply(TabOpened(("anonymous_id", "a1"), 1))
    rig.track("Asked For")
    report(rig, "dismissed")
    assert rig.made[-1].chosen == ("follow", "hello")


@pytest.mark.parametrize(
    ("happens", "offered"),
    [
        (lambda rig: None, True),
        (lambda rig: word(rig, "sent"), True),
        (lambda rig: report(rig, "shown"), False),
        (lambda rig: word(rig, "suppressed"), False),
        (lambda rig: rig.track("Order Completed"), False),
        (lambda rig: rig.pass_time(5 * MINUTE), False),
    ],
)
def test_a_browser_that_connects_is_offered_what_waits(happens: object, offered: bool) -> None:
    rig = message()
    happens(rig)  # type: ignore[operator]
    assert bool(offers(rig.find(), rig.now, rig.plan)) is offered
