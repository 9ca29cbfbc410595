"""Planted bugs of what leaves the house: in the last look, in the couriers, in what is told of an attempt."""

from __future__ import annotations

from typing import Any

from pytest import MonkeyPatch

from journeyloop import act
from journeyloop.act import deliver, life
from journeyloop.model.decision import Delivery
from journeyloop.runtime.attempt import Attempt, unsettled
from journeyloop.runtime.channels import Receipt
from journeyloop.runtime.stops import Stops
from journeyloop.testing import post
from journeyloop.testing.faults import HOUR
from journeyloop.testing.simulator import Simulation
from tests.simulation.mutations import caught_as, nothing


def unasked(patch: MonkeyPatch, *skipped: str) -> None:
    """When a message is looked at again before its intent, nobody asks for this."""
    refusal = deliver._refusal
    patch.setattr(deliver, "_refusal", lambda *them: None if (refusal(*them) or "").startswith(skipped) else refusal(
        *them))  # fmt: skip


def unseen(patch: MonkeyPatch, *skipped: str) -> None:
    """Nor in the last look."""
    refusal = Stops.refusal

    def careless(self: Stops, send: Any) -> str | None:
        reason = refusal(self, send)
        return None if (reason or "").startswith(skipped) else reason

    patch.setattr(Stops, "refusal", careless)


@caught_as("sent ")
def no_last_look(patch: MonkeyPatch) -> None:
    patch.setattr(Stops, "go", nothing)


@caught_as("sent without consent|during a hold")
def consent_of_the_decision_is_good_for_the_send(patch: MonkeyPatch) -> None:
    unasked(patch, "consent")
    unseen(patch, "consent", "recalled")
    patch.setattr(act, "withdraw", nothing)


@caught_as("sent without consent|during a hold")
def an_opt_out_is_not_looked_for_once_connected(patch: MonkeyPatch) -> None:
    unseen(patch, "consent", "recalled")


@caught_as("cap of")
def caps_of_the_decision_are_good_for_the_send(patch: MonkeyPatch) -> None:
    unasked(patch, "cap")


@caught_as("cap of")
def an_unknown_send_takes_no_room(patch: MonkeyPatch) -> None:
    patch.setattr(life, "MADE", frozenset({"sent"}))
    patch.setattr(life, "RELEASES", life.RELEASES | {"unknown"})
    patch.setattr(life, "release", life.pay)  # the budget is kept


@caught_as("taken, and told ")
def a_second_attempt_forgets_the_first(patch: MonkeyPatch) -> None:
    told = Attempt.told
    patch.setattr(Attempt, "told", lambda self, state, reason, after=0, doubt=False: told(self, state, reason, after))


@caught_as("sent in quiet hours")
def hours_of_the_decision_are_good_for_the_send(patch: MonkeyPatch) -> None:
    unasked(patch, "quiet_hours")
    unseen(patch, "quiet_hours")


@caught_as("sent in quiet hours")
def hours_that_begin_while_connecting(patch: MonkeyPatch) -> None:
    unseen(patch, "quiet_hours")


@caught_as("sent past its expiry")
def a_message_is_never_stale(patch: MonkeyPatch) -> None:
    def lasting(decision: Any, moment: Any, name: Any, topic: Any, channel: Any, state: Any, expires: int, *rest: Any,
                **more: Any) -> Delivery:  # fmt: skip
        return Delivery(decision, moment, name, topic, channel, state, expires + 10 * HOUR, *rest, **more)

    patch.setattr(deliver, "Delivery", lasting)


@caught_as("sent ")
def the_courier_does_not_hear_of_a_recall(patch: MonkeyPatch) -> None:
    unseen(patch, "recalled")


@caught_as("sent during a pause")
def a_pause_is_asked_for_at_the_decision_only(patch: MonkeyPatch) -> None:
    unasked(patch, "paused")
    unseen(patch, "paused")


@caught_as("sent in state due")
def recorded_after_it_was_sent(patch: MonkeyPatch) -> None:
    """The courier hands over what waits, and writes the intent then."""

    def hasty(self: post.Courier, one: Any) -> None:
        self.world.oracle.handed(one.decision, self._state(one.decision), self.world.now)

    patch.setattr(post.Courier, "ask", hasty)


@caught_as("sent twice")
def unknown_is_retried_by_a_channel_without_ids(patch: MonkeyPatch) -> None:
    word = Attempt.word

    def hopeful(self: Attempt, receipt: Receipt) -> Any:
        self.idempotent = True
        return word(self, receipt)

    patch.setattr(Attempt, "word", hopeful)


@caught_as("sent twice")
def again_after_the_first_byte(patch: MonkeyPatch) -> None:
    patch.setattr(Attempt, "receipt", lambda self, error: Receipt("again", "timeout", trouble=True))


@caught_as("sent twice")
def an_intent_is_retried_at_the_start(patch: MonkeyPatch) -> None:
    patch.setattr(post, "unsettled", lambda reader, channel, idempotent: unsettled(reader, channel, True))


@caught_as("more intents than slots")
def intents_for_all_that_wait(patch: MonkeyPatch) -> None:
    patch.setattr(post.Pace, "take", lambda self: 0.0)
    patch.setattr(post.Courier, "has_slot", lambda self, slots: True)


@caught_as("sent ")
def performed_before_it_is_durable(patch: MonkeyPatch) -> None:
    """What a batch would do is done before its commit: the oracle has not heard of it."""
    write = Simulation._write

    def hasty(self: Simulation, arrivals: Any) -> Any:
        batch = write(self, arrivals)
        self.performer.perform(batch.effects)
        return batch

    patch.setattr(Simulation, "_write", hasty)


@caught_as("cap of")
def what_is_in_hand_is_counted_from_its_intent(patch: MonkeyPatch) -> None:
    """The room it takes ends before it has arrived."""
    patch.setattr("journeyloop.model.permission.reserved", lambda header, now: header.contacts)
    patch.setattr("journeyloop.decide.policy.reserved", lambda header, now: header.contacts)
    patch.setattr(life, "hold_room", nothing)
