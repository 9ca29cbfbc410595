"""What the learner earns in worlds whose truth is known, beside its peers in the same rows, and what it costs.

Every score is uplift as a share of the oracle's, by true chances, over the rows not held out; the mean over SEEDS. No
constant of ours and no peer's was chosen with these seeds: TUNED_ON are those it was done with. All learners keep the
same floor of exploration, which a log needs for its evaluation; beside that the best of them without it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import mean
from typing import Any

import numpy as np
from msgspec import Struct

from journeyloop.testing.bench import clocks, costs
from journeyloop.testing.bench.measure import noise, report
from journeyloop.testing.contest import Ours, Policy, play
from journeyloop.testing.peers import Fixed, MabWiser, NaiveBayes, Propensity, Uniform, installed
from journeyloop.testing.worlds import RECIPES, World, world

SEEDS = (1, 2, 3)
TUNED_ON = (101, 102, 103, 104, 105, 106)
ROWS, LAST, FIRST = 200_000, 20_000, 10_000
SPAN = 5_000
EXPLORE = 0.05

POLICIES: dict[str, Callable[[World, int], Policy]] = {
    "full": lambda of, seed: Ours(of.actions, of.x.shape[1], "full", seed, explore=EXPLORE),
    "cautious": lambda of, seed: Ours(of.actions, of.x.shape[1], "cautious", seed, explore=EXPLORE),
    "propensity": lambda of, seed: Propensity(of.actions, of.x.shape[1], "full", seed, explore=EXPLORE),
    "naive_bayes": lambda of, seed: NaiveBayes(of.actions, of.x.shape[1], seed, EXPLORE),
    "linucb": lambda of, seed: MabWiser(of.actions, of.x.shape[1], "LinUCB", seed, EXPLORE),
    "lints": lambda of, seed: MabWiser(of.actions, of.x.shape[1], "LinTS", seed, EXPLORE),
    "uniform": lambda of, seed: Uniform(of.actions, seed),
    "full, no floor": lambda of, seed: Ours(of.actions, of.x.shape[1], "full", seed, explore=0.0),
    "linucb, no floor": lambda of, seed: MabWiser(of.actions, of.x.shape[1], "LinUCB", seed),
    "lints, no floor": lambda of, seed: MabWiser(of.actions, of.x.shape[1], "LinTS", seed),
    "best_fixed": lambda of, seed: Fixed(1 + int(of.chances[:, 1:].mean(axis=0).argmax())),
}
WISER = ("linucb", "lints", "linucb, no floor", "lints, no floor")
SPECIAL = ("helpful", "late", "long_delay", "trap")
CONTEST = [name for name in POLICIES if name != "cautious"]


class Game(Struct, frozen=True):
    """A policy in a world of so many rows."""

    policy: str
    world: str
    rows: int
    seed: int


class Scores(Struct, frozen=True):
    """`last` LAST rows, all rows (`cum`), the `first` FIRST; `contacts` of the last rows; `least` contacts in any SPAN
    rows after the first FIRST; `per_1000` is the uplift of the last rows in points per 1,000."""

    last: float
    cum: float
    first: float
    contacts: float
    least: float
    per_1000: float


def run(rows: int = ROWS, seeds: tuple[int, ...] = SEEDS, with_server: bool = True) -> dict[str, Any]:
    """All games, then the costs, then the clocks on a server: nothing else runs beside these."""
    short = rows // 4
    games = [Game(name, "helpful", rows, seed) for name in CONTEST for seed in seeds if _here(name)]
    games += [Game("cautious", "helpful", rows // 10, seed) for seed in seeds]
    games += [Game("cautious", "late", rows // 10, seed) for seed in seeds]
    games += [Game(mode, "trap", short, seed) for mode in ("full", "cautious") for seed in seeds]
    games += [Game("full", "long_delay", short, seed) for seed in seeds]
    games += [Game("full", name, short, seeds[0]) for name in RECIPES if name not in SPECIAL]
    with noise() as noise_p99_ms:
        scores = dict(zip(games, _played(games), strict=True))
        figures = {**_figures(scores), **costs.measured()}
        late, beside = clocks.measured() if with_server else ({}, {})
    context = {
        "rows": rows, "seeds": seeds, "tuned_on": TUNED_ON, "explore": EXPLORE, "peers": _peers(scores),
        "worlds": _worlds(scores), "cautious_cum_10k_each": _each(scores, "cautious", "helpful", "first"),
        "effect05_last_each": _each(scores, "full", "helpful", "last"), "server": beside,
    }  # fmt: skip
    return report("learn", {**figures, **late}, noise_p99_ms(), **context)


def _here(name: str) -> bool:
    return name not in WISER or installed()


def _played(games: list[Game]) -> list[Scores]:
    """The longest first, one BLAS thread each."""
    os.environ.update(costs.ONE_THREAD)
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        return list(pool.map(score, games))


def score(game: Game) -> Scores:
    """Play it."""
    of = world(game.world, game.rows, game.seed)
    played = play(POLICIES[game.policy](of, game.seed), of)
    last = max(0, len(played.actions) - LAST)
    starts = range(FIRST, max(FIRST + 1, len(played.actions) - SPAN), SPAN)
    return Scores(
        last=played.score(last), cum=played.score(), first=played.score(0, FIRST), contacts=played.contacts(last),
        least=min(played.contacts(start, start + SPAN) for start in starts),
        per_1000=1000.0 * float(np.mean(played.uplift[last:])),
    )  # fmt: skip


# --- what is said of them ---------------------------------------------------------------------------------------------

Table = dict[Game, Scores]


def _figures(scores: Table) -> dict[str, float]:
    last = {name: _mean(scores, name, "helpful", "last") for name in CONTEST if _here(name)}
    rivals = [name for name in ("propensity", "naive_bayes", "linucb", "lints") if name in last]
    floor = EXPLORE * 8 / 9
    least = [one for mode in ("full", "cautious") for one in _each(scores, mode, "trap", "least")]
    return {
        "effect05_last": last["full"],
        "effect05_cum": _mean(scores, "full", "helpful", "cum"),
        "effect05_over_propensity": last["full"] - last["propensity"],
        "effect05_over_best_peer": last["full"] - max(last[name] for name in rivals),
        "cautious_cum_10k": _mean(scores, "cautious", "helpful", "first"),
        "trap_contact_share_of_floor": min(least) / floor,
        "window300_last": _mean(scores, "full", "long_delay", "last"),
    }


def _each(scores: Table, policy: str, of: str, what: str) -> list[float]:
    return [
        round(getattr(one, what), 3) for game, one in scores.items() if (game.policy, game.world) == (policy, of)
    ]  # fmt: skip


def _mean(scores: Table, policy: str, of: str, what: str) -> float:
    return mean(_each(scores, policy, of, what))


def _peers(scores: Table) -> dict[str, Any]:
    return {
        name: {what: round(_mean(scores, name, "helpful", what), 3) for what in ("last", "cum", "contacts")}
        if _here(name)
        else "not installed"
        for name in CONTEST
    }


def _worlds(scores: Table) -> dict[str, Any]:
    """Ours, in each world; in the harmful one nothing can be earned: see what is lost `per_1000`."""
    return {
        f"{mode}: {name}": {
            what: round(_mean(scores, mode, name, what), 3)
            for what in ("last", "first", "contacts", "least", "per_1000")
        }
        for mode, name in dict.fromkeys((game.policy, game.world) for game in scores)
        if mode in ("full", "cautious")
    }
