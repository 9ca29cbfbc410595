"""What somebody who waits for a placement is told; the door renders it."""

from __future__ import annotations

from journeyloop.model.customer import Customer
from journeyloop.model.decision import Decision
from journeyloop.model.effects import Answer
from journeyloop.model.frame import Frame
from journeyloop.model.goods import given
from journeyloop.model.inputs import Asked
from journeyloop.model.profile import profile_values


def answer(customer: Customer, ask: Asked, decision: Decision | None, frame: Frame) -> None:
    """The decision with what its content may say."""
    profile = profile_values(customer, frame.now, frame.plan.computed)
    frame.emit(Answer(ask.request_id, decision, profile, given(customer)))
