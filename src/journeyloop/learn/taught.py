"""How much one person teaches: nobody teaches an arm alone."""

from __future__ import annotations

from journeyloop.model.customer import Customer

LESSONS_PER_DAY = 10
"""How many rows of one person the arms of a moment, or a prediction, learn in a day."""


def may_teach(customer: Customer, name: str, day: int) -> bool:
    """Whether this person may teach once more today; that is counted."""
    taught = customer.header.taught
    last, count = taught.get(name, [0, 0])
    count = count + 1 if last == day else 1
    if count <= LESSONS_PER_DAY:
        customer.header.taught = {**taught, name: [day, count]}
    return count <= LESSONS_PER_DAY
