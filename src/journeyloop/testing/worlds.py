"""Synthetic worlds with known truth, to see what a learner earns of what could be earned.

A world is a stream of signals of 100,000 customers, sixty a minute. Each row has what a learner may see (x), and what
it may not: the chance of the goal under silence and under every action. A third of the triggers are noise: there an
action changes nothing but costs a little goodwill. Some customers are hurt by any contact, whatever it says. Both show
in x, but not clearly. What is realised of a choice depends on its row's own luck, so that two policies that choose
alike live alike; it is known when the window closes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from journeyloop.model.arm import Floats

TRAITS = 11
FEATURES = TRAITS + 2
"""Six numbers, five flags, the confidence of the signal, and how the customer took earlier contacts."""
NUMBERS = 6
PER_MINUTE = 60


@dataclass(frozen=True)
class Recipe:
    """`effect`: the scale of what an action does to the log-odds of the goal, on average `mean_effect` of it.
    `changes`: how far the effects turn into others over the run."""

    effect: float = 0.5
    mean_effect: float = -0.2
    actions: int = 8
    base: float = -3.0
    noise: float = 0.35
    annoyance: float = 0.2
    hurt: float = 0.18
    hurt_by: float = 1.5
    changes: float = 0.0
    window: int = 30
    customers: int = 100_000


RECIPES = {
    "helpful": Recipe(),
    "strong": Recipe(effect=1.0),
    "harmful": Recipe(effect=0.0, hurt=1.0, hurt_by=0.4),
    "trap": Recipe(hurt=0.6),
    "drift": Recipe(changes=1.0),
    "long_delay": Recipe(effect=1.0, window=300),
    "noise_heavy": Recipe(noise=0.7),
    "many_actions": Recipe(actions=40),
}
"""`helpful` is the world of the demanded figures."""


@dataclass(frozen=True)
class World:
    """`x` (rows, FEATURES); `chances` (rows, 1 + actions), silence first; `luck` (rows,): an outcome is a success where
    luck is below the chance; `noise` and `hurt` say which rows and whose. `delay`: rows until an outcome is known."""

    name: str
    x: NDArray[np.float32]
    chances: Floats
    luck: Floats
    noise: NDArray[np.bool_]
    hurt: NDArray[np.bool_]
    held_out: NDArray[np.bool_]
    delay: int

    @property
    def actions(self) -> int:
        return int(self.chances.shape[1] - 1)

    @property
    def oracle(self) -> Floats:
        """The uplift of who knows all chances, per row: the best of silence and every action."""
        best: Floats = self.chances.max(axis=1) - self.chances[:, 0]
        return best

    def uplift(self, row: int, action: int) -> float:
        """What the action (from 1; 0 is silence) changes in the chance of the goal."""
        return float(self.chances[row, action] - self.chances[row, 0])

    def converted(self, row: int, action: int) -> bool:
        """What came of it."""
        return bool(self.luck[row] < self.chances[row, action])


def world(name: str, rows: int, seed: int, holdout: float = 0.1, **changes: float) -> World:
    """The world of this name (see RECIPES), perhaps with `changes` to its recipe."""
    recipe = replace(RECIPES[name], **changes)  # type: ignore[arg-type]
    rng = np.random.default_rng([seed, len(name), *name.encode()])
    traits, hurt = _people(recipe, rng)
    who = rng.integers(recipe.customers, size=rows)
    noise = rng.random(rows) < recipe.noise
    clear = 1.0 - 2.0 * noise + rng.normal(0.0, 0.7, rows)
    x = np.column_stack([traits[who], np.clip(clear, -3.0, 3.0)])
    chances = _chances(recipe, x[:, :FEATURES], who, noise, hurt[who], rng)
    held_out = (rng.random(recipe.customers) < holdout)[who]
    delay = recipe.window * PER_MINUTE
    return World(name, x.astype(np.float32), chances, rng.random(rows), noise, hurt[who], held_out, delay)


def _people(recipe: Recipe, rng: np.random.Generator) -> tuple[Floats, NDArray[np.bool_]]:
    """Traits (customers, TRAITS + 1), and who is hurt by contact; the last trait says that, with much noise."""
    numbers = rng.normal(size=(recipe.customers, NUMBERS))
    flags = rng.random((recipe.customers, TRAITS - NUMBERS)) < rng.uniform(0.2, 0.6, TRAITS - NUMBERS)
    touchy = rng.normal(size=recipe.customers) + 0.5 * numbers[:, 0] + 0.5 * flags[:, 0]
    hurt = touchy > np.quantile(touchy, 1.0 - recipe.hurt)
    taken = np.clip(touchy + rng.normal(0.0, 0.7, recipe.customers), -3.0, 3.0)
    return np.column_stack([numbers, flags, taken]), hurt


def _chances(
    recipe: Recipe,
    x: Floats,
    who: NDArray[np.int64],
    noise: NDArray[np.bool_],
    hurt: NDArray[np.bool_],
    rng: np.random.Generator,
) -> Floats:
    """Sigmoid of: what the customer would do anyway, what the action does for them, and what contact costs."""
    seen = x[:, :TRAITS]
    base = recipe.base + seen @ rng.normal(0.0, 0.3, TRAITS) - 0.3 * noise
    before, after = (_effects(recipe, seen, rng) for _ in range(2))
    turn = np.linspace(0.0, recipe.changes, len(x))[:, None]
    effects = np.cos(turn * np.pi / 2) * before + np.sin(turn * np.pi / 2) * after
    effects[noise] = -recipe.annoyance
    effects[hurt] = -recipe.hurt_by
    odds = np.column_stack([base, base[:, None] + effects])
    chances: Floats = 1.0 / (1.0 + np.exp(-odds))
    return chances


def _effects(recipe: Recipe, seen: Floats, rng: np.random.Generator) -> Floats:
    """Each action suits some: a linear taste of spread `effect` over the customers, and a level of its own."""
    tastes = rng.normal(size=(TRAITS, recipe.actions))
    suits = (seen - seen.mean(axis=0)) @ tastes
    levels = recipe.mean_effect + rng.normal(0.0, 0.3, recipe.actions)
    suited: Floats = recipe.effect * (suits / suits.std(axis=0) + levels)
    return suited
