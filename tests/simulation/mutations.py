"""Planted bugs: each breaks one promise in a way that somebody could write. The simulation must notice every one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC
from typing import Any

from pytest import MonkeyPatch

from journeyloop import act, detect, interpret
from journeyloop.act import deliver, life
from journeyloop.interpret import hold_by, merge, stated
from journeyloop.interpret.hold import asked_hold
from journeyloop.model import hours
from journeyloop.model.arm import SILENCE
from journeyloop.model.credits import Lesson
from journeyloop.model.customer import Header
from journeyloop.model.policy import Policy
from journeyloop.runtime import touched
from journeyloop.runtime.stops import Stops
from journeyloop.testing.simulator import Simulation

# Rooms export a function of the same name as these modules.
deciding = sys.modules["journeyloop.decide.decide"]
arbitrating = sys.modules["journeyloop.decide.arbitrate"]
closing = sys.modules["journeyloop.learn.close"]
fold = sys.modules["journeyloop.interpret.fold"]
goals = sys.modules["journeyloop.learn.goals"]
Plant = Callable[[MonkeyPatch], None]
MUTATIONS: dict[str, tuple[str, Plant]] = {}
"""Name → (what the oracle must say, how to plant it)."""


def caught_as(promise: str) -> Callable[[Plant], Plant]:
    def register(plant: Plant) -> Plant:
        MUTATIONS[plant.__name__] = (promise, plant)
        return plant

    return register


def nothing(*arguments: Any) -> None:
    return None


def without(patch: MonkeyPatch, skipped: str) -> None:
    """The performer's last look, without this reason."""
    refusal = Stops.refusal

    def careless(self: Stops, send: Any) -> str | None:
        reason = refusal(self, send)
        return None if reason == skipped else reason

    patch.setattr(Stops, "refusal", careless)


@caught_as("sent without consent|during a hold")
def consent_checked_only_at_the_decision(patch: MonkeyPatch) -> None:
    refusal = deliver._refusal
    patch.setattr(act, "withdraw", nothing)
    patch.setattr(deliver, "_refusal", lambda *them: None if (refusal(*them) or "").startswith("consent") else refusal(
        *them))  # fmt: skip
    without(patch, "consent: withdrawn")


@caught_as("sent before its time")
def a_planned_message_leaves_with_the_next_tab(patch: MonkeyPatch) -> None:
    offer = deliver.offer

    def hurried(customer: Any, frame: Any) -> None:
        planned = [(one, one.not_before) for one in customer.header.deliveries]
        for one, _ in planned:
            one.not_before = 0
        offer(customer, frame)
        for one, at in planned:
            one.not_before = at

    patch.setattr(deliver, "offer", hurried)
    patch.setattr(act, "offer", hurried)


@caught_as("sent in quiet hours")
def quiet_hours_by_the_clock_of_the_server(patch: MonkeyPatch) -> None:
    patch.setattr(hours, "zone_of", lambda zone: UTC)


@caught_as("sent during a hold")
def a_hold_forgets_what_is_pending(patch: MonkeyPatch) -> None:
    """Also where the message is looked at again: only the decision knows of holds."""
    patch.setattr(interpret, "hold_by", lambda *them: hold_by(*them) and [])
    patch.setattr(stated, "asked_hold", lambda *them: asked_hold(*them) and [])
    refusal = deliver._refusal
    patch.setattr(deliver, "_refusal", lambda *them: None if (refusal(*them) or "").startswith("hold") else refusal(
        *them))  # fmt: skip


@caught_as("sent past its expiry")
def no_expiry_check_before_the_first_byte(patch: MonkeyPatch) -> None:
    without(patch, "expired")


@caught_as("an event is in the log twice")
def dedup_is_forgotten_at_a_crash(patch: MonkeyPatch) -> None:
    seen: set[Any] = set()

    def forgetful(customer: Any, event: Any, frame: Any) -> bool:
        known = (frame.epoch, event.message_id) in seen
        seen.add((frame.epoch, event.message_id))
        return known

    patch.setattr(detect, "seen_before", forgetful)


@caught_as("sent to somebody held out")
def holdout_skipped(patch: MonkeyPatch) -> None:
    patch.setattr(deciding, "arm_of", lambda *arguments: "treated")


@caught_as("sent to somebody held out")
def holdout_drawn_again_after_a_merge(patch: MonkeyPatch) -> None:
    patch.setitem(merge.HEADER, "arms", lambda mine, theirs: mine)


@caught_as("sent to somebody held out")
def a_message_on_its_way_survives_a_merge(patch: MonkeyPatch) -> None:
    patch.setattr(act, "reconsider", nothing)
    patch.setattr(Header, "held_out", nothing)


@caught_as("cap of")
def cap_not_kept_after_the_send(patch: MonkeyPatch) -> None:
    patch.setattr(life, "MADE", frozenset())
    patch.setattr(life, "RELEASES", life.RELEASES | {"sent", "unknown"})
    patch.setattr(life, "release", life.pay)  # the budget is kept


@caught_as("cap of")
def caps_not_checked(patch: MonkeyPatch) -> None:
    patch.setattr(Policy, "capped", nothing)


@caught_as("the budget of contacts overshot")
def a_budget_forgets_what_was_paid(patch: MonkeyPatch) -> None:
    patch.setattr(life, "pay", life.release)


@caught_as("sent ")
def unknown_is_tried_again(patch: MonkeyPatch) -> None:
    patch.setitem(life.NEXT, "unknown", frozenset({"intent", "sent"}))
    patch.setattr(deliver, "OFFERED", ("intent", "sent", "unknown"))
    no_expiry_check_before_the_first_byte(patch)
    offers = deliver.offers
    patch.setattr(
        "journeyloop.testing.crowd.offers", lambda customer, now, plan: offers(customer, now - 10 * 60_000, plan)
    )


@caught_as("sent after the goal was reached")
def the_goal_does_not_stop_the_message(patch: MonkeyPatch) -> None:
    patch.setattr(act, "recall", nothing)


@caught_as("an acknowledged event is not in the log")
def acknowledged_before_it_is_durable(patch: MonkeyPatch) -> None:
    accept = Simulation._deliver

    def hasty(self: Simulation, event: Any) -> None:
        accept(self, event)
        if any(arrival.input is event for arrival in self.inbox):
            self._acknowledge(event)

    patch.setattr(Simulation, "_deliver", hasty)


@caught_as("a decision was left")
def nobody_watches_the_expiry(patch: MonkeyPatch) -> None:
    patch.setattr(deliver, "expire", nothing)


@caught_as("the log does not fold")
def an_empty_cart_changes_type_in_the_store(patch: MonkeyPatch) -> None:
    """A bug that was there: a sum over nothing is an integer until it has been stored once."""
    ordered = fold._ordered

    def careless(customer: Any, event: Any, frame: Any) -> None:
        ordered(customer, event, frame)
        if not customer.header.cart_items:
            customer.header.cart_value = 0

    patch.setitem(fold._COMMERCE, "Order Completed", careless)


@caught_as("sent without consent")
def the_laxer_consent_wins_a_merge(patch: MonkeyPatch) -> None:
    patch.setattr(merge, "stricter", lambda one, other: one if one.granted else other)


# --- what is learned --------------------------------------------------------------------------------------------------


@caught_as("sent to somebody held out")
def the_held_out_are_judged_like_others(patch: MonkeyPatch) -> None:
    judge = deciding.judge
    patch.setattr(deciding, "judge", lambda customer, signal, action, arm, *more: judge(
        customer, signal, action, "treated", *more))  # fmt: skip
    patch.setattr(Header, "held_out", nothing)


@caught_as("an arm learned what no window told it")
def an_arm_learns_twice(patch: MonkeyPatch) -> None:
    teach = closing._teach

    def eager(*arguments: Any) -> None:
        teach(*arguments)
        teach(*arguments)

    patch.setattr(closing, "_teach", eager)


@caught_as("an arm learned what no window told it")
def a_goal_is_taught_at_once(patch: MonkeyPatch) -> None:
    """Positives early and negatives at the close: every arm looks better than it is."""
    reached = goals._reached

    def hasty(customer: Any, event: Any, moment: Any, frame: Any) -> None:
        before = [row.goal_at for row in customer.header.pending]
        reached(customer, event, moment, frame)
        for row, was in zip(customer.header.pending, before, strict=True):
            if row.goal_at and not was:
                frame.tune(row.moment, Lesson(row.moment, row.action or SILENCE, row.x, True, moment.learning.meaning))

    patch.setattr(goals, "_reached", hasty)


@caught_as("what never arrived was judged")
def void_is_taken_for_ignored(patch: MonkeyPatch) -> None:
    patch.setattr(closing, "_outcome", lambda customer, row: "converted" if row.goal_at else "ignored")


@caught_as("a window resolved twice")
def a_settled_window_settles_again(patch: MonkeyPatch) -> None:
    settle = closing._settle

    def forgetful(customer: Any, row: Any, moment: Any, frame: Any) -> None:
        x = row.x
        settle(customer, row, moment, frame)
        row.settled, row.x = False, x

    patch.setattr(closing, "_settle", forgetful)


@caught_as("an outcome is not what happened")
def a_goal_before_the_signal_counts(patch: MonkeyPatch) -> None:
    patch.setattr(goals, "JITTER", 20 * 60_000)


@caught_as("a logged propensity is not the chance")
def a_propensity_without_silence(patch: MonkeyPatch) -> None:
    uniform = arbitrating._uniform

    def careless(among: Any, draw: float) -> Any:
        chosen, reason, _ = uniform(among, draw)
        return chosen, reason, dict.fromkeys(among, 1.0 / len(among))

    patch.setattr(arbitrating, "_uniform", careless)


@caught_as("a logged propensity is not the chance")
def a_propensity_without_the_floor(patch: MonkeyPatch) -> None:
    rank = arbitrating.rank

    def careless(options: Any, explore: float, draw: float) -> Any:
        ranked = rank(options, max(explore, 0.3), draw)
        ranked.propensities = rank(options, 0.0, draw).propensities
        return ranked

    patch.setattr(arbitrating, "rank", careless)


@caught_as("an arm did not learn what a window told it")
def what_was_learned_is_kept_in_memory_only(patch: MonkeyPatch) -> None:
    patch.setattr(touched, "arm_records", lambda *arguments: [])


@caught_as("a window was left open")
def a_merge_forgets_open_windows(patch: MonkeyPatch) -> None:
    patch.setitem(merge.HEADER, "pending", lambda mine, theirs: mine)
