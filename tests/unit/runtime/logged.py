"""A store full of decisions in a world whose truth is known: who is helped by what, and what was chosen by chance."""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import structs

from journeyloop.decide import arbitrate
from journeyloop.model.arm import sigmoid
from journeyloop.model.decision import Decision, SignalRow, Verdict
from journeyloop.model.effects import Resolved
from journeyloop.model.feature import packed
from journeyloop.runtime import records
from journeyloop.runtime.alternative import Alternative
from journeyloop.runtime.evaluate import Evaluation, evaluate
from tests.property.rig import MINUTE, SECOND, Rig, T, action, moment, plan_of

ACTIONS = f"[{action('help', ', cost: 0.5')}, {action('gift', ', gives: 4')}]"
GOAL = "{event: Order Completed, within: 30m, value: event.properties.revenue, currency: EUR}"
WORTH = 10.0
PERIOD = 10 * SECOND


class Logged(Rig):
    """`rates(choice, x)` is the truth: `help` helps where x > 0 and hurts where x < 0, `gift` always helps a little."""

    def __init__(self, rows: int = 8_000, seed: int = 0, people: int = 3_000, **learn: Any) -> None:
        super().__init__(plan_of(moment(actions=ACTIONS, goal=GOAL, learn="{mode: full, explore: 40%}")))
        self.rng = np.random.default_rng([3, seed])
        self.rows, self.people = rows, people
        self.truths: list[tuple[float, float]] = []
        self.fill(**learn)

    def fill(self, mode: str = "full", explore: float = 0.4, arm: str = "treated", change: Any = None) -> None:
        with self.store.write() as transaction:
            for number in range(self.rows):
                made, resolved = self.one(len(self.truths), mode, explore, arm)
                if change:
                    change(number, made, resolved)
                transaction.put("decisions", made.id, records.encode_decision(made))
                transaction.put("outcomes", made.id + b"now", records.encode_outcome(resolved))

    def one(self, number: int, mode: str, explore: float, arm: str) -> tuple[Decision, Resolved]:
        x = float(self.rng.normal())
        at = T + number * PERIOD
        row = SignalRow("now", at, arm, mode, explore, at + 30 * MINUTE, x=packed(np.array([1.0, x], np.float32)))
        row.learned, row.silence, row.silence_sd, row.worth = True, -1.4, 0.3, WORTH
        verdicts = [self.verdict(name, x, held_out=arm != "treated") for name in ("help", "gift")]
        draw = float(self.rng.random())
        choice = arbitrate([row], verdicts, draw)
        for verdict, propensity in zip(verdicts, choice.propensities, strict=True):
            verdict.propensity = propensity
        chosen = None if choice.index is None else ("now", verdicts[choice.index].action)
        name = chosen[1] if chosen else ""
        reached = self.rng.random() < self.rate(name, x)
        self.truths.append((x, self.rate(name, x)))
        person = int(self.rng.integers(self.people)).to_bytes(16, "big")
        made = Decision(
            number.to_bytes(16, "big"), person, bytes(16), at, self.plan.hash, 1, [row], verdicts, draw, chosen,
            choice.reason, "sent" if chosen else "silent", at + MINUTE, {"confidence": 1.0},
        )  # fmt: skip
        outcome = "converted" if reached else "ignored"
        return made, Resolved(made.id, "now", name, outcome, at + 1 if reached else 0, WORTH if reached else 0.0)

    def verdict(self, name: str, x: float, held_out: bool) -> Verdict:
        """What the model believed: not quite the truth."""
        eligible = "held out: holdout" if held_out else "eligible"
        if name == "gift" and not held_out and self.rng.random() < 0.2:
            eligible = "cap: 1 per person in 1h"
        cost, value = (0.5, WORTH) if name == "help" else (0.0, WORTH - 4.0)
        return Verdict("now", name, "onpage", eligible, 0.0, [], -1.2 + 0.3 * x, 0.4, value, cost)

    @staticmethod
    def rate(name: str, x: float) -> float:
        return sigmoid(-1.4 + {"": 0.0, "help": 0.9 * x, "gift": 0.3}[name])

    def evaluated(self, other: Alternative) -> Evaluation:
        with self.store.read() as reader:
            return evaluate(reader, self.plans.__getitem__, "now", other)

    def rewrite(self, number: int, **changes: Any) -> None:
        with self.store.write() as transaction:
            raw = transaction.get("decisions", number.to_bytes(16, "big"))
            assert raw is not None
            made = structs.replace(records.decode_decision(raw), **changes)
            transaction.put("decisions", made.id, records.encode_decision(made))
