"""A learner on a true experiment: which of two e-mails, or none, to whom.

The learner is the arms and the ranking that the server uses. It learns from a random half of the customers what each
e-mail does to whom, chooses for the other half, and is evaluated there doubly robustly next to the best single e-mail;
then the halves change places. It may not be worse: told for what it has learned, and for how it would run, with its
floor of exploration. A customer is a row, so the intervals need no clusters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct

from journeyloop.decide import arbitrate
from journeyloop.learn import learn
from journeyloop.learn.offpolicy import Interval, Log, Places, forecasts, interval, scores
from journeyloop.model.arm import SILENCE, Arms, Floats
from journeyloop.model.credits import Lesson
from journeyloop.model.decision import SignalRow, Verdict
from journeyloop.model.feature import Feature, packed, vector

NAMES = (SILENCE, "mens", "womens")
SEGMENTS = {"No E-Mail": 0, "Mens E-Mail": 1, "Womens E-Mail": 2}
SEEDS = 3
EXPLORE = 0.05
"""The floor of exploration: it costs something, and is told apart from what was learned."""

FEATURES = (
    Feature(("recency",), scale=6.0, present=True),
    Feature(("history",), log=True, scale=6.0, present=True),
    Feature(("mens",), present=True),
    Feature(("womens",), present=True),
    Feature(("newbie",), present=True),
    Feature(("zip_code",), "category"),
    Feature(("channel",), "category"),
)


class Customers(Struct):
    """All customers: features, which e-mail they got, and what they did."""

    x: Floats
    sent: Places
    visited: Floats
    bought: Floats


class Judged(Struct):
    """A goal's rate under the learner's choices and under the best single e-mail, over both halves; by how much the
    learner is over it by what it has `learned`, and as it would be `running`; the shares of what it chooses."""

    learner: Interval
    single: Interval
    learned: Interval
    running: Interval
    best: str
    shares: list[float]


def let_loose(rows: Sequence[Mapping[str, str]]) -> tuple[dict[str, float], dict[str, Any]]:
    """Figures and context, on the rows of the experiment: for visits and for purchases."""
    customers = _customers(rows)
    found = {goal: [_judged(customers, goal, seed) for seed in range(SEEDS)] for goal in ("visited", "bought")}
    figures: dict[str, float] = {}
    for goal, runs in found.items():
        figures |= {
            f"{goal}_learner_percent": _mean(100 * one.learner.estimate for one in runs),
            f"{goal}_best_single_percent": _mean(100 * one.single.estimate for one in runs),
            f"{goal}_over_best_single_points": _mean(100 * one.learned.estimate for one in runs),
            f"{goal}_not_worse": float(all(one.learned.high >= 0.0 for one in runs)),
            f"{goal}_running_over_best_single_points": _mean(100 * one.running.estimate for one in runs),
            f"{goal}_running_not_worse": float(all(one.running.high >= 0.0 for one in runs)),
        }
    return figures, {
        "seeds": SEEDS,
        "explore": EXPLORE,
        "mode": "full",
        "over_best_single": {goal: [_points(one.learned) for one in runs] for goal, runs in found.items()},
        "running_over_best_single": {goal: [_points(one.running) for one in runs] for goal, runs in found.items()},
        "best_single": {goal: sorted({one.best for one in runs}) for goal, runs in found.items()},
        "chosen": {goal: [[round(share, 3) for share in one.shares] for one in runs] for goal, runs in found.items()},
        "intervals": "95 % confidence sequences, in points",
    }


def _customers(rows: Sequence[Mapping[str, str]]) -> Customers:
    return Customers(
        np.array([_features(row) for row in rows]),
        np.array([SEGMENTS[row["segment"]] for row in rows]),
        np.array([float(row["visit"]) for row in rows]),
        np.array([float(row["conversion"]) for row in rows]),
    )


def _features(row: Mapping[str, str]) -> Floats:
    numbers = {name: float(row[name]) for name in ("recency", "history", "mens", "womens", "newbie")}
    values = {**numbers, "zip_code": row["zip_code"], "channel": row["channel"]}
    return vector(FEATURES, values, 0).astype(np.float64)


# --- the learner ------------------------------------------------------------------------------------------------------


def _judged(customers: Customers, goal: str, seed: int) -> Judged:
    """Each half is chosen for by what the other half taught."""
    y = getattr(customers, goal)
    order = np.random.default_rng([seed, len(y)]).permutation(len(y))
    halves = order[: len(y) // 2], order[len(y) // 2 :]
    wanted, single = np.zeros((len(y), len(NAMES))), np.zeros((len(y), len(NAMES)))
    for taught, asked in (halves, halves[::-1]):
        arms = _taught(customers, y, taught)
        wanted[asked] = [_chances(arms, customers.x[row]) for row in asked]
    best = max(range(1, len(NAMES)), key=lambda one: y[customers.sent == one].mean())
    single[:, best] = 1.0
    log = Log(customers.x, np.full_like(wanted, 1.0 / len(NAMES)), customers.sent, np.arange(len(y)))
    q = forecasts(log, y)
    own, other = scores(log, wanted, y, q), scores(log, single, y, q)
    running = scores(log, (1.0 - EXPLORE) * wanted + EXPLORE / len(NAMES), y, q)
    learner, alone, learned, ran = (interval(psi, log.person) for psi in (own, other, own - other, running - other))
    return Judged(learner, alone, learned, ran, NAMES[best], wanted.mean(axis=0).tolist())


def _taught(customers: Customers, y: Floats, rows: Iterable[int]) -> Arms:
    """The arms after these customers, in this order: one lesson each, as when windows close."""
    arms: Arms | None = None
    for row in rows:
        x = packed(customers.x[row].astype(np.float32))
        arms, _ = learn(arms, Lesson("mail", NAMES[customers.sent[row]], x, bool(y[row]), "mail"))
    assert arms is not None
    return arms


def _chances(arms: Arms, x: Floats) -> list[float]:
    """With what probability each choice is made, exploration apart: silence first."""
    silence, *beliefs = arms.beliefs(NAMES[1:], x.astype(np.float32))
    row = SignalRow("mail", 0, "treated", "full", 0.0, 0, learned=True, silence=silence[0], silence_sd=silence[1])
    verdicts = [
        Verdict("mail", name, "email", "eligible", mean=mean, sd=sd, value=1.0)
        for name, (mean, sd) in zip(NAMES[1:], beliefs, strict=True)
    ]
    shares = arbitrate([row], verdicts, 0.0).propensities
    return [max(0.0, 1.0 - sum(shares)), *shares]


def _mean(numbers: Iterable[float]) -> float:
    return float(np.mean(list(numbers)))


def _points(found: Interval) -> list[float]:
    return [round(100 * one, 3) for one in (found.estimate, found.low, found.high)]
