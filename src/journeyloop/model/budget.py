"""A budget over everybody: what gifts, costs or contacts may come to in any rolling window, and its price.

The limit is hard: what was paid in the window and what is promised and not resolved yet never exceed it together. The
price spreads the spending over the window: it rises while the pace is above the allowed one and falls to nothing while
it is below, so that what adds little waits for what adds more (a dual price, adjusted slice by slice). Amounts are in
millionths, whole numbers, so that they add up exactly in any order.
"""

from __future__ import annotations

from math import exp
from typing import Literal

from msgspec import Struct

from journeyloop.model.moment import HOUR, Action

Of = Literal["gives", "cost", "contacts"]
MICROS = 1_000_000
SLICES = 288
"""A window is looked at in so many parts: a day in five minutes each."""
RECENT = 12
"""The pace is that of so many slices: one alone is mostly chance."""
GAIN, STEP = 0.2, 0.5
"""A slice changes the logarithm of the price by GAIN for each unit of the pace, and by STEP at most."""
UNIT = {"gives": 0.2, "cost": 0.2, "contacts": 0.002}
"""The least price: a share of what is given or paid; of what a goal is worth, for a contact."""


class Budget(Struct, frozen=True):
    """At most `at_most` of what actions give, cost, or contacts, in any `within` ms."""

    of: Of
    at_most: float
    within: int

    @property
    def width(self) -> int:
        """The length of a slice (ms)."""
        return -(-self.within // SLICES)

    def takes(self, action: Action) -> int:
        """What one message of this action would need of it."""
        amount = {"gives": action.gives, "cost": action.cost, "contacts": 1.0}[self.of]
        return round(amount * MICROS)


class Spent(Struct, frozen=True, array_like=True):
    """What a budget was used for. `paid` by slice (of `width` ms); `promised` by the hour after which no promise can be
    open; `flow` is what each recent slice promised, less what it released. The price was adjusted before slice `paced`;
    the first slice was `began`."""

    width: int
    began: int
    paced: int
    paid: dict[int, int] = {}
    promised: dict[int, int] = {}
    flow: dict[int, int] = {}

    def used(self, budget: Budget, now: int) -> int:
        """Paid within the window, whole slices counted as long as a part of them is in it, and promised."""
        since = now - budget.within
        paid = sum(amount for number, amount in self.paid.items() if (number + 1) * self.width > since)
        return paid + sum(amount for hour, amount in self.promised.items() if (hour + 1) * HOUR > now)

    def after(self, budget: Budget, promised: int, paid: int, until: int, now: int) -> Spent:
        """With so much more promised `until` then (less, where negative) and paid; what is of no use is dropped."""
        number, hour = now // self.width, until // HOUR
        since = now - budget.within
        paying = {at: amount for at, amount in self.paid.items() if (at + 1) * self.width > since}
        open_ = {at: amount for at, amount in self.promised.items() if amount and (at + 1) * HOUR > now}
        flow = {at: amount for at, amount in self.flow.items() if at >= number - RECENT}
        if paid:
            paying[number] = paying.get(number, 0) + paid
        if promised:
            open_[hour] = max(0, open_.get(hour, 0) + promised)
        if promised + paid:
            flow[number] = flow.get(number, 0) + promised + paid
        return Spent(self.width, self.began, max(self.paced, number), paying, open_, flow)


def left(budget: Budget, spent: Spent | None, now: int) -> int:
    """What may still be promised."""
    return round(budget.at_most * MICROS) - (spent.used(budget, now) if spent else 0)


def begun(budget: Budget, spent: Spent | None, now: int) -> Spent:
    """The record of this budget; of one that has another window now, its amounts in the new slices."""
    number = now // budget.width
    if spent is None:
        return Spent(budget.width, number, number)
    if spent.width == budget.width:
        return spent
    paid: dict[int, int] = {}
    for at, amount in spent.paid.items():
        last = ((at + 1) * spent.width - 1) // budget.width
        paid[last] = paid.get(last, 0) + amount
    return Spent(budget.width, number, number, paid, spent.promised)


def priced(budget: Budget, spent: Spent, price: float, worth: float, now: int) -> float:
    """The price at `now`: adjusted once for each slice that has ended since it was last. `worth` is of a goal."""
    unit = UNIT[budget.of] * (worth if budget.of == "contacts" else 1.0)
    for number in range(max(spent.paced, now // spent.width - 2 * SLICES), now // spent.width):
        price = _adjusted(price, _pace(budget, spent, number), unit)
    return price


def _pace(budget: Budget, spent: Spent, last: int) -> float:
    """The spending of the slices up to `last`, by what is allowed."""
    first = max(spent.began, last - RECENT + 1)
    flow = sum(amount for number, amount in spent.flow.items() if first <= number <= last)
    allowed = budget.at_most * MICROS * (last - first + 1) / SLICES
    return flow / allowed if allowed else 0.0


def _adjusted(price: float, pace: float, unit: float) -> float:
    if pace > 1.0:
        price = max(price, unit)
    price *= exp(min(STEP, GAIN * (pace - 1.0)))
    return price if price >= unit / 2.0 else 0.0
