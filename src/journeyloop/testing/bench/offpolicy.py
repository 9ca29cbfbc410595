"""The estimators on real decisions: the Open Bandit Dataset (Saito et al., arXiv 2008.07146), one campaign of a fashion
shop where 34 items were shown at three positions by a uniform policy (`random_*`) and by Thompson sampling (`bts_*`).

What Thompson sampling earned is known, since it ran. From the uniform log alone the same is estimated, by the
self-normalised and by the doubly-robust estimate; each interval should cover it. Which item Thompson sampling would
have shown is taken from how often it showed each at each position: it looked at no features.
"""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct

from journeyloop.learn.offpolicy import (
    Interval,
    Log,
    Places,
    effective,
    estimates,
    forecasts,
    interval,
    scores,
    self_normalised_scores,
    unsupported,
    weights,
)
from journeyloop.model.arm import Floats
from journeyloop.testing.bench.measure import noise, report

POSITIONS = 3


class Shown(Struct):
    """One policy's rows: which item at which position, with what probability, and whether it was clicked."""

    item: Places
    position: Places
    propensity: Floats
    click: Floats


def run(folder: Path) -> dict[str, Any]:
    """`folder` holds `random_*.csv.gz` and `bts_*.csv.gz` of one campaign."""
    with noise() as noise_p99_ms:
        uniform, sampled = _read(folder, "random"), _read(folder, "bts")
        log, wanted = _asked(uniform, sampled)
        y, q = uniform.click, forecasts(_widened(log, uniform), uniform.click)
        snips = interval(self_normalised_scores(log, wanted, y), log.person)
        robust = interval(scores(log, wanted, y, q), log.person)
        ran = interval(sampled.click, np.arange(len(sampled.click)))
    four = estimates(log, wanted, y, q)
    figures = {
        "snips_covers": _covers(snips, ran.estimate),
        "dr_covers": _covers(robust, ran.estimate),
        "on_policy_clicks_per_1000": 1000 * ran.estimate,
        "snips_clicks_per_1000": 1000 * four.self_normalised,
        "dr_clicks_per_1000": 1000 * four.doubly_robust,
        "ips_clicks_per_1000": 1000 * four.weighted,
        "dm_clicks_per_1000": 1000 * four.direct,
        "uniform_clicks_per_1000": 1000 * float(y.mean()),
        "effective_rows": effective(weights(log, wanted)),
        "unsupported_share": unsupported(log, wanted),
    }
    return report(
        "offpolicy", figures, noise_p99_ms(), rows=len(log), clicks=int(y.sum()),
        on_policy_clicks=int(sampled.click.sum()),
        snips=_per_1000(snips), dr=_per_1000(robust), on_policy=_per_1000(ran), intervals="95 % confidence sequences",
        source="Open Bandit Dataset, Apache-2.0, arXiv 2008.07146",
    )  # fmt: skip


def _read(folder: Path, policy: str) -> Shown:
    [path] = (one for one in folder.glob(f"{policy}_*.csv.gz"))
    with gzip.open(path, "rt", newline="") as file:
        rows = [
            (int(row["item_id"]), int(row["position"]) - 1, float(row["propensity_score"]), float(row["click"]))
            for row in csv.DictReader(file)
        ]
    item, position, propensity, click = (np.array(column) for column in zip(*rows, strict=True))
    return Shown(item, position, propensity, click)


def _asked(uniform: Shown, sampled: Shown) -> tuple[Log, Floats]:
    """The uniform log, and what Thompson sampling would have shown at each of its rows."""
    items = int(max(uniform.item.max(), sampled.item.max())) + 1
    rows = len(uniform.item)
    logged = np.repeat(uniform.propensity[:, None], items, axis=1)
    counts = np.zeros((POSITIONS, items))
    np.add.at(counts, (sampled.position, sampled.item), 1.0)
    policy = counts / counts.sum(axis=1, keepdims=True)
    return Log(np.ones((rows, 1)), logged, uniform.item, np.arange(rows)), policy[uniform.position]


def _widened(log: Log, uniform: Shown) -> Log:
    """What the forecast may look at: the position."""
    return Log(np.c_[log.x, np.eye(POSITIONS)[uniform.position, 1:]], log.logged, log.chosen, log.person)


def _covers(found: Interval, truth: float) -> float:
    return float(found.low <= truth <= found.high)


def _per_1000(found: Interval) -> list[float]:
    return [round(1000 * one, 2) for one in (found.estimate, found.low, found.high)]
