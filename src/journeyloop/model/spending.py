"""What a message takes of the budgets: promised with the decision, then paid or released, each once.

A contact and its cost are paid when it was made; what is given, when the goal is reached. What never left, and what
nobody took up until the window closed, is released. The message itself remembers what it holds.
"""

from __future__ import annotations

from collections.abc import Iterable

from journeyloop.model.decision import Delivery
from journeyloop.model.frame import Frame
from journeyloop.model.moment import Action

PER_SEND = ("cost", "contacts")
PER_GOAL = ("gives",)
ALL = (*PER_SEND, *PER_GOAL)


def promise(delivery: Delivery, action: Action, until: int, frame: Frame) -> None:
    """Hold what it will need, `until` its window closes at the latest."""
    for budget in frame.plan.policy.budgets:
        amount = budget.takes(action)
        if amount:
            delivery.promised = {**delivery.promised, budget.of: (amount, until)}
            frame.spend(budget, amount, 0, until)


def pay(delivery: Delivery, of: Iterable[str], frame: Frame) -> None:
    for name in of:
        _resolve(delivery, name, True, frame)


def release(delivery: Delivery, of: Iterable[str], frame: Frame) -> None:
    for name in of:
        _resolve(delivery, name, False, frame)


def _resolve(delivery: Delivery, of: str, paid: bool, frame: Frame) -> None:
    """Of a budget that the plan no longer has, the promise ends by itself."""
    if of not in delivery.promised:
        return
    amount, until = delivery.promised[of]
    delivery.promised = {name: held for name, held in delivery.promised.items() if name != of}
    for budget in frame.plan.policy.budgets:
        if budget.of == of:
            frame.spend(budget, -amount, amount if paid else 0, until)
