"""How near the truth the doubly-robust estimate of a learned policy is, in a world where the truth is known.

A person brings eight numbers; three actions help some, hurt others and do nothing in a third of the signals, which are
noise. The policy learns from its own log in blocks of rows: one logistic model per action and one for silence, refitted
on all rows so far; it takes the best in nine of ten rows and explores in the tenth. One person in ten is held out.

Three estimates of the same thing, what the policy as it ran added per row:
means       intention to treat, mu the arms' running means
forecasts   intention to treat, mu what the models of earlier rows forecast
off_policy  the policy against silence by the logged propensities: whoever was silent by chance says what silence does
"""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct

from journeyloop.testing.bench.looks import Array

ROWS, BLOCK = 100_000, 5_000
FEATURES, ACTIONS = 8, 3
HELD_OUT, EXPLORED, NOISE = 0.1, 0.1, 0.35
BIAS = -3.6
"""About 4 % reach the goal without any action."""


class Block(Struct):
    """Rows before they are drawn: features, the true rate of each choice (0: silence), forecasts, propensities."""

    x: Array
    rates: Array
    forecasts: Array
    chances: Array


def errors(runs: int, seed: int) -> tuple[dict[str, float], dict[str, Any]]:
    """The root mean squared error of each estimate, in conversions per 1,000 rows; and what the worlds were like."""
    found = np.array([_run(np.random.default_rng([seed, number])) for number in range(runs)])
    truth, base = found[:, 3], float(found[:, 4].mean())
    rmse = 1000.0 * np.sqrt(((found[:, :3] - truth[:, None]) ** 2).mean(0))
    after = base + float(truth.mean())
    floor = 1000.0 * np.sqrt((base * (1 - base) / HELD_OUT + after * (1 - after) / (1 - HELD_OUT)) / ROWS)
    context = {
        "runs": runs, "rows": ROWS, "base_rate": round(base, 4), "true_uplift_per_1000": round(1000 * truth.mean(), 1),
        "held_out": HELD_OUT, "explored": EXPLORED, "itt_floor_per_1000": round(float(floor), 3),
    }  # fmt: skip
    return dict(zip(("means", "forecasts", "off_policy"), map(float, rmse), strict=True)), context


def _run(rng: np.random.Generator) -> list[float]:
    """One world from the first row to the last: the three estimates, the truth, the rate of silence."""
    world = rng.normal(0, 0.35, (ACTIONS + 1, FEATURES)), np.r_[0.0, rng.normal(-0.3, 0.3, ACTIONS)]
    models = np.zeros((ACTIONS + 1, FEATURES + 1))
    x, y, choice = np.empty((ROWS, FEATURES + 1)), np.empty(ROWS), np.empty(ROWS, int)
    means, sums = np.zeros(2), np.zeros(5)
    counts = np.zeros((2, 2))
    for start in range(0, ROWS, BLOCK):
        block = _block(rng, world, models, start == 0)
        treated = rng.random(BLOCK) >= HELD_OUT
        drawn = (block.chances.cumsum(1) < rng.random(BLOCK)[:, None]).sum(1).clip(max=ACTIONS)
        chosen = np.where(treated, drawn, 0)
        reached = (rng.random(BLOCK) < block.rates[np.arange(BLOCK), chosen]).astype(float)
        sums += _sums(block, treated, chosen, reached, means)
        rows = slice(start, start + BLOCK)
        x[rows], y[rows], choice[rows] = block.x, reached, chosen
        for arm, own in enumerate((~treated, treated)):
            counts[arm] += own.sum(), reached[own].sum()
        means = counts[:, 1] / counts[:, 0]
        _refit(models, x[: rows.stop], y[: rows.stop], choice[: rows.stop])
    return list(sums / ROWS)


def _block(rng: np.random.Generator, world: tuple[Array, Array], models: Array, first: bool) -> Block:
    weights, biases = world
    x = np.c_[np.ones(BLOCK), rng.normal(size=(BLOCK, FEATURES))]
    anyway = BIAS + x[:, 1:] @ weights[0]
    effects = biases[1:] + x[:, 1:] @ weights[1:].T
    effects[rng.random(BLOCK) < NOISE] = 0.0
    rates = _sigmoid(np.c_[anyway, anyway[:, None] + effects])
    if first:  # nothing is known: no forecast, every choice alike
        return Block(x, rates, np.zeros_like(rates), np.full_like(rates, 1 / (ACTIONS + 1)))
    forecasts = _sigmoid(x @ models.T)
    chances = np.full_like(rates, EXPLORED / (ACTIONS + 1))
    chances[np.arange(BLOCK), forecasts.argmax(1)] += 1.0 - EXPLORED
    return Block(x, rates, forecasts, chances)


def _sums(block: Block, treated: Array, chosen: Array, y: Array, means: Array) -> Array:
    """Over the block: the scores of the three estimates, the true effect of the policy, the true rate of silence."""
    policy, silence = (block.chances * block.forecasts).sum(1), block.forecasts[:, 0]
    silent = HELD_OUT + (1.0 - HELD_OUT) * block.chances[:, 0]
    weight = np.where(chosen == 0, (block.chances[:, 0] - 1.0) / silent, 1.0 / (1.0 - HELD_OUT))
    off_policy = policy - silence + weight * (y - block.forecasts[np.arange(len(y)), chosen])
    true = (block.chances * block.rates).sum(1) - block.rates[:, 0]
    scores = [_psi(y, treated, means[1], means[0]), _psi(y, treated, policy, silence), off_policy]
    return np.array([one.sum() for one in (*scores, true, block.rates[:, 0])])


def _psi(y: Array, treated: Array, mu_treated: Array, mu_holdout: Array) -> Array:
    weighed = np.where(treated, (y - mu_treated) / (1.0 - HELD_OUT), (mu_holdout - y) / HELD_OUT)
    return np.asarray(mu_treated - mu_holdout + weighed)


def _refit(models: Array, x: Array, y: Array, choice: Array) -> None:
    """Two Newton steps of each logistic model towards its rows so far."""
    for number, model in enumerate(models):
        own = choice == number
        mine, reached = x[own], y[own]
        for _ in range(2):
            p = _sigmoid(mine @ model)
            curved = (mine * np.maximum(p * (1.0 - p), 1e-3)[:, None]).T @ mine + np.eye(len(model))
            model += np.linalg.solve(curved, mine.T @ (reached - p) - model)


def _sigmoid(z: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(z, -30.0, 30.0))))
