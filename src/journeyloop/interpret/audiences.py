"""Live audiences and crossings: who is in them now, kept right by events, merges and time. → Crossed"""

from __future__ import annotations

from journeyloop.model.audience import Crossed
from journeyloop.model.customer import Customer
from journeyloop.model.event import Event
from journeyloop.model.frame import Frame

TIMER = "audience/"


def begin(customer: Customer, frame: Frame) -> None:
    """Before an event is folded: a person whose audiences are those of another plan is judged silently first."""


def rejudge(customer: Customer, event: Event | None, frame: Frame) -> list[Crossed]:
    """Look at the audiences that this event (None: anything) may have moved, and set the timer for what time moves."""
    return []
