"""How often the evidence cries wolf, how soon it sees harm and gain, and how near the truth an estimate is.

No server: this is arithmetic. Every figure on false alarms is over 2,000 moments that do nothing, each looked at after
every outcome, and the worst over the worlds named in the context.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
from msgspec.structs import replace

from journeyloop.learn.evidence import harms, helps, uplift, worsens
from journeyloop.learn.power import rows_needed
from journeyloop.learn.ratio import ALARM, PRIOR, ratio_factor
from journeyloop.testing.bench import policies
from journeyloop.testing.bench.looks import Array, Drawn, Looks, World, chunks, ever, first_rows, look, one_by_one
from journeyloop.testing.bench.measure import noise, report

RUNS = 2_000
SEED = 1
PLAIN = (
    World(0.04, 0.9, 20_000), World(0.01, 0.9, 40_000), World(0.3, 0.5, 4_000), World(0.3, 0.9, 6_000),
    World(0.04, 0.2, 20_000),
)  # fmt: skip
CLUSTERED = (
    World(0.04, 0.9, 20_000, signals=5), World(0.04, 0.95, 30_000, signals=5), World(0.3, 0.5, 4_000, signals=5),
    World(0.04, 0.9, 20_000, signals=20),
)  # fmt: skip
SPEND = (World(0.04, 0.9, 40_000, spend=True), World(0.3, 0.5, 4_000, spend=True))
HARM = World(0.04, 0.9, 30_000, lift=-0.02)
GAIN = World(0.04, 0.9, 30_000, lift=0.02)


def run(runs: int = RUNS) -> dict[str, Any]:
    with noise() as noise_p99_ms:
        compared = sum(agree(world) for world in (PLAIN[2], CLUSTERED[2], SPEND[1]))
        excluded, found, paused, worse = _worst(runs, PLAIN)
        clustered = _worst(runs, CLUSTERED)
        spend = _worst(runs, SPEND)
        either = max(noise_finds(runs, world) for world in SPEND)
        paused_at, confirmed_at = _median(runs, HARM, Looks.harms), _median(runs, GAIN, Looks.finds)
        error, context = policies.errors(max(2, runs // 10), SEED)
    figures = {
        "aa_false_alarm": excluded,
        "aa_false_alarm_clustered": clustered[0],
        "aa_false_alarm_spend": spend[0],
        "noise_finds_intent": max(found, clustered[1], either),
        "pause_false_alarm": max(paused, clustered[2], spend[2]),
        "guard_false_alarm": max(worse, clustered[3]),
        "srm_false_alarm": srm_false_alarm(runs, 20_000, 0.9),
        "harm_2pp_paused_at": paused_at,
        "gain_2pp_confirmed_at": confirmed_at,
        "dr_rmse_per_1000": error["off_policy"],
        "itt_rmse_per_1000": error["forecasts"],
        "itt_rmse_per_1000_means": error["means"],
    }
    return report(
        "evidence", figures, noise_p99_ms(), runs=runs, looks="after every outcome", looks_compared=compared,
        worlds=[_named(world) for world in (*PLAIN, *CLUSTERED, *SPEND)], learned_policy=context,
        planned_for_four_in_five={"harm": rows_needed(-0.02, 0.04, 0.9), "gain": rows_needed(0.02, 0.04, 0.9)},
    )  # fmt: skip


def _worst(runs: int, worlds: tuple[World, ...]) -> list[float]:
    kinds = (Looks.excludes, Looks.finds, Looks.harms, Looks.worsens)
    return [max(shares) for shares in zip(*(ever(world, runs, SEED, *kinds) for world in worlds), strict=True)]


def noise_finds(runs: int, world: World) -> float:
    """The share of moments that do nothing and are ever said to find intent: by their goal or by its value."""
    found = 0
    for drawn in chunks(world, runs, SEED):
        reached = Drawn(drawn.treated, drawn.goal, drawn.goal.astype(float), drawn.who)
        by_goal = look(reached, replace(world, spend=False)).finds()
        found += int((by_goal | look(drawn, world).finds()).any(1).sum())
    return found / runs


def _median(runs: int, world: World, kind: Callable[[Looks], Array]) -> float:
    return float(median(first_rows(world, runs, SEED, kind)[0]))


def _named(world: World) -> str:
    parts = [f"base {world.base:.0%}", f"holdout {1 - world.share:.0%}", f"{world.rows} rows"]
    if world.signals > 1:
        parts.append(f"{world.signals} signals per person")
    return ", ".join([*parts, *(["spend"] if world.spend else [])])


def agree(world: World) -> int:
    """Take a few runs through the real code, row by row, and compare every look; how many were compared."""
    drawn = next(chunks(world, 3, SEED))
    looks = look(drawn, world)
    wholes, needed = [looks.finds(), looks.harms()], world.needed()
    worse, compared = looks.worsens(), 0
    for number in range(len(drawn.y)):
        for at, evidence in enumerate(one_by_one(drawn, world.share, number)):
            found = uplift(evidence)
            if found is None:
                continue
            assert abs(found.estimate - looks.mean[number, at]) < 1e-9, (world, number, at)
            real = [helps(evidence, needed=needed), harms(evidence, needed=needed)]
            assert real == [bool(whole[number, at]) for whole in wholes], (world, number, at)
            assert world.spend or worsens(evidence) == worse[number, at], (world, number, at)
            compared += 1
    return compared


def srm_false_alarm(runs: int, people: int, share: float) -> float:
    """The share of honest draws in which the ratio alarms after any person. lnΓ(a + c) - lnΓ(a) is a sum of
    logarithms, so the Bayes factor after each person is a running sum."""
    rng, alarms = np.random.default_rng(SEED), 0
    total = np.log(PRIOR + np.arange(people))
    for _ in range(runs):
        treated = rng.random(people) < share
        theta = np.where(treated, share, 1.0 - share)
        own = np.where(treated, np.cumsum(treated), np.cumsum(~treated)) - 1
        factors = np.cumsum(np.log(PRIOR * theta + own) - total - np.log(theta))
        alarms += bool((factors >= ALARM).any())
    last = ratio_factor(int(treated.sum()), int((~treated).sum()), share)
    assert abs(last - factors[-1]) < 1e-6, "the running sum is the formula"
    return alarms / runs
