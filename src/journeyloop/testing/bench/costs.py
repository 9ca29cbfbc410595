"""What learning costs on one core: run as `python -m journeyloop.testing.bench.costs`, with one BLAS thread.

d = 24 everywhere. A decision is what the arms believe of nine candidates, and their ranking; an update is one lesson.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

from journeyloop.learn import Learner, learn
from journeyloop.model.arm import Arms, Vector, bear, unborn
from journeyloop.model.credits import Lesson
from journeyloop.model.feature import packed
from journeyloop.model.ranking import Option, rank

WIDTH, CANDIDATES, MODELS = 24, 9, 600
RUNS, CALLS = 5, 2_000
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL")}


def measured() -> dict[str, float]:
    """The figures, from a process of its own: the number of BLAS threads is read when numpy is loaded."""
    command = [sys.executable, "-m", __name__]
    done = subprocess.run(  # noqa: S603  # our own interpreter
        command, check=True, capture_output=True, text=True, env={**os.environ, **ONE_THREAD}
    )
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def figures() -> dict[str, float]:
    xs = np.random.default_rng(1).normal(0.0, 1.0, (CALLS, WIDTH)).astype(np.float32)
    xs[:, 0] = 1.0
    names = [f"action {number}" for number in range(CANDIDATES)]
    arms, many = _taught(names, xs), _taught([str(number) for number in range(MODELS - 1)], xs)
    learner = _learner(names, xs)
    return {
        "decide_cpu_us": _cpu_us(lambda row: _decide(arms, names, xs[row], row)),
        "update_cpu_us": _cpu_us(lambda row: learn(arms, _lesson(names, xs, row))),
        "updates_per_s": 1e6 / _cpu_us(lambda row: arms.learn(1 + row % CANDIDATES, xs[row], float(row % 20 == 0))),
        "score_600_ms": _wall_ms(lambda: many.score(xs[0])),
        "score_600_mb": (many.covariances.nbytes + many.means.nbytes) / 1e6,
        "learner_choose_cpu_us": _cpu_us(lambda row: learner.choose(xs[row, 1:])),
        **_wiser(xs),
    }


def _taught(names: list[str], xs: Any) -> Arms:
    arms = unborn("goal", WIDTH)
    for row in range(300):
        arms.learn(0, xs[row], float(row % 20 == 0))
    bear(arms, names)
    for row in range(CALLS):
        arms.learn(1 + row % len(names), xs[row], float(row % 20 == 0))
    return arms


def _learner(names: list[str], xs: Any) -> Learner:
    learner = Learner(names, WIDTH - 1)
    for row in range(300):
        learner.observe_silence(xs[row, 1:], row % 20 == 0)
        learner.resolve(learner.choose(xs[row, 1:]), row % 20 == 0)
    return learner


def _decide(arms: Arms, names: list[str], x: Vector, row: int) -> None:
    (silence, doubt), *beliefs = arms.beliefs(names, x)
    rank([Option(mean, sd, silence, doubt) for mean, sd in beliefs], 0.05, row / CALLS)


def _lesson(names: list[str], xs: Any, row: int) -> Lesson:
    return Lesson("moment", names[row % CANDIDATES], packed(xs[row]), row % 20 == 0, "goal")


def _cpu_us(work: Callable[[int], object], calls: int = CALLS) -> float:
    """Microseconds of CPU per call, median of RUNS."""
    return median(_timed(time.process_time, work, calls) for _ in range(RUNS)) * 1e6


def _wall_ms(work: Callable[[], object]) -> float:
    return median(_timed(time.perf_counter, lambda _: work(), 200) for _ in range(RUNS)) * 1e3


def _timed(clock: Callable[[], float], work: Callable[[int], object], calls: int) -> float:
    before = clock()
    for row in range(calls):
        work(row)
    return (clock() - before) / calls


def _wiser(xs: Any) -> dict[str, float]:
    """MABWiser, one decision and one update at a time."""
    from journeyloop.testing.peers import MabWiser, installed

    if not installed():
        return {}
    return {f"{kind.lower()}_decide_and_update_cpu_us": _both(kind, xs) for kind in MabWiser.ALPHAS}


def _both(kind: str, xs: Any) -> float:
    from journeyloop.testing.peers import MabWiser

    peer = MabWiser(CANDIDATES, WIDTH - 1, kind)
    rows, one, no = np.arange(CALLS), np.ones(1, np.int64), np.zeros(1, bool)
    peer.close(xs[:, 1:], rows % (CANDIDATES + 1), rows % 20 == 0, np.zeros(CALLS, bool))
    decide = _cpu_us(lambda row: peer.choose(xs[row : row + 1, 1:]), 50)
    return decide + _cpu_us(lambda row: peer.close(xs[row : row + 1, 1:], one, no, no), 50)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(figures()) + "\n")
