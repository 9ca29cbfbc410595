"""How much one person teaches: nobody teaches an arm alone."""

from __future__ import annotations

from journeyloop.model.customer import Customer
from journeyloop.model.frame import Frame
from journeyloop.model.moment import DAY

LESSONS_PER_DAY = 10
"""How many rows of one person the arms of a moment, or a prediction, learn in a day."""


def may_teach(customer: Customer, name: str, frame: Frame) -> bool:
    """Whether this person has not taught enough today; if so, this is one lesson more."""
    taught, day = customer.header.taught, frame.now // DAY
    before = taught.get(name, [0, 0])
    count = before[1] + 1 if before[0] == day else 1
    if count > LESSONS_PER_DAY:
        frame.count(name, "lessons: too many of one person")
        return False
    customer.header.taught = {**taught, name: [day, count]}
    return True
