"""A person has come into an audience or above a threshold, or has left: the moments that listen to it."""

from __future__ import annotations

from journeyloop.model.audience import Crossed
from journeyloop.model.customer import Customer
from journeyloop.model.event import Event
from journeyloop.model.frame import Frame
from journeyloop.model.inputs import HandOver, TimerDue
from journeyloop.model.signal import Signal


def crossed(customer: Customer, changes: list[Crossed], by: Event | TimerDue | HandOver, frame: Frame) -> list[Signal]:
    """The signals of these transitions, which `by` brought about."""
    return []
