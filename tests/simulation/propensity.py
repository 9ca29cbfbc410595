"""A small town of shoppers whose chance to order is known: it depends on their cart and on how often they have come.

Everybody comes every few days, looks into their cart and at some products, and two hours after they have come they
order, or not. Of all events of a visit the chance of an order within a day is the same, and nothing but what the
features see decides it.
"""

from __future__ import annotations

import random
from collections import defaultdict
from math import exp, log1p
from typing import Any

from msgspec import Struct

from journeyloop.model.arm import sigmoid
from journeyloop.model.frame import Frame
from journeyloop.model.plan import Plan
from journeyloop.model.prediction import Prediction
from journeyloop.model.profile import features_of
from tests.property.rig import DAY, HOUR, MINUTE, Rig

STEP = 10 * MINUTE


class Shopper(Struct):
    """`chance` is that of an order after the newest visit, `ordered` whether it will come; `every` days they come."""

    name: str
    every: int
    visits: int = 0
    chance: float = 0.0
    ordered: bool = False


def bins(scored: list[tuple[float, float, bool]], count: int) -> list[tuple[float, float]]:
    """The mean predicted and the mean true chance of each tenth, lowest prediction first."""
    ranked, size = sorted(scored), len(scored) // count
    parts = [ranked[place * size : (place + 1) * size] for place in range(count)]
    return [(sum(one[0] for one in part) / size, sum(one[1] for one in part) / size) for part in parts]


class Town:
    """`signals` says of each signal whose it was, the true chance at it and how many outcomes were known. While
    `watching`, `scored` says for each event of a visit which chance the model saw, which was true, and whether they
    will order."""

    def __init__(self, plan: Plan, people: int, seed: int = 1) -> None:
        self.rig = Rig(plan)
        self.rng = random.Random(seed)
        self.people = {f"p{number}": Shopper(f"p{number}", self.rng.randint(2, 4)) for number in range(people)}
        [self.prediction] = plan.predictions.values()
        self.planned: defaultdict[int, list[tuple[str, str, dict[str, Any]]]] = defaultdict(list)
        self.signals: list[tuple[str, float, int]] = []
        self.watching, self.scored = False, list[tuple[float, float, bool]]()

    @property
    def seen(self) -> int:
        """How many outcomes the model knows."""
        arms = self.rig.memory.arms.get(self.prediction.name)
        return arms.seen[0] if arms else 0

    def live(self, days: int) -> None:
        """Let so many days pass."""
        for _ in range(days):
            today = self.rig.now // DAY
            for one in self.people.values():
                if (today + int(one.name[1:])) % one.every == 0:
                    self._visit(one)
            for step in range(DAY // STEP):
                self._step(step)

    def _visit(self, one: Shopper) -> None:
        start, cart = self.rng.randint(48, 110), self.rng.choice([0.0, 0.0, 20.0, 60.0, 150.0, 400.0])
        one.visits += 1
        one.chance = chance(cart, one.visits)
        products = [{"product_id": "x", "price": cart, "quantity": 1}] if cart else []
        self.planned[start].append((one.name, "Cart Viewed", {"products": products}))
        for place in range(1, self.rng.randint(1, 3)):
            self.planned[start + place].append((one.name, "Product Viewed", {"product_id": "y"}))
        one.ordered = self.rng.random() < one.chance
        if one.ordered:
            self.planned[start + 2 * HOUR // STEP].append((one.name, "Order Completed", {"revenue": cart}))
            one.visits += 1

    def _step(self, step: int) -> None:
        """The events of ten minutes, then what has come due."""
        before = self.seen
        events = [self.rig.event(name, who, properties=told) for who, name, told in self.planned.pop(step, ())]
        made = len(self.rig.made)
        self.rig.apply(*events)
        for event in events if self.watching else ():
            one = self.people[event.anonymous_id or ""]
            if event.name != "Order Completed":
                expected = score(self.rig, self.prediction, one.name)
                self.scored.append((sigmoid(expected), one.chance, one.ordered))
        names = {self.rig.find(who).header.person: who for who in {one.anonymous_id or "" for one in events}}
        for decision in self.rig.made[made:]:
            who = names[decision.person]
            self.signals.append((who, self.people[who].chance, before))
        self.rig.now += STEP


def chance(cart: float, visits: int) -> float:
    """The truth.

    >>> round(chance(0.0, 1), 2), round(chance(400.0, 5), 2)
    (0.02, 0.6)
    """
    return 1.0 / (1.0 + exp(4.5 - 4.0 * log1p(cart) / 6.0 - 1.5 * log1p(visits) / 3.0))


def score(rig: Rig, prediction: Prediction, who: str) -> float:
    """The log-odds that what is known by now gives this person."""
    memory = rig.memory
    frame = Frame(rig.now, rig.plan, memory.board, rig.secret, 1, 0)
    return memory.arms[prediction.name].expected(features_of(prediction, rig.find(who), frame))


def auc(scores: list[float], good: list[bool]) -> float:
    """How often one of the good is ranked above one that is not."""
    ranked = sorted(zip(scores, good, strict=True))
    ranks = [place for place, (_, is_good) in enumerate(ranked) if is_good]
    count = len(ranks)
    return (sum(ranks) - count * (count - 1) / 2) / (count * (len(ranked) - count))
