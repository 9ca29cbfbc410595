"""The benches that read real data: their arithmetic on a few made-up rows, and what they do without any."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from journeyloop.testing.bench import mailing, refusal, run

ITEMS = 5


def written(path: Path, columns: list[str], rows: list[list[object]]) -> None:
    with gzip.open(path, "wt", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)


def impressions(path: Path, shares: list[float], seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(6_000):
        item, position = int(rng.choice(ITEMS, p=shares)), int(rng.integers(1, 4))
        click = int(rng.random() < 0.05 + 0.05 * item)
        rows.append([item, position, click, shares[item]])
    written(path, ["item_id", "position", "click", "propensity_score"], rows)


def test_one_policy_is_told_from_the_log_of_another(tmp_path: Path) -> None:
    impressions(tmp_path / "random_x.csv.gz", [1 / ITEMS] * ITEMS, 1)
    impressions(tmp_path / "bts_x.csv.gz", [0.05, 0.05, 0.1, 0.2, 0.6], 2)
    figures = run("offpolicy", tmp_path)["figures"]
    truth = 1000 * sum(share * (0.05 + 0.05 * item) for item, share in enumerate([0.05, 0.05, 0.1, 0.2, 0.6]))
    for name in ("snips", "dr", "ips", "dm", "on_policy"):
        assert figures[f"{name}_clicks_per_1000"] == pytest.approx(truth, abs=25), name
    assert figures["snips_covers"] == figures["dr_covers"] == 1.0
    assert figures["uniform_clicks_per_1000"] == pytest.approx(150, abs=15)


def test_a_learner_finds_to_whom_each_mail_should_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailing, "SEEDS", 1)
    rng = np.random.default_rng(3)
    rows: list[list[object]] = []
    for _ in range(6_000):
        mens, segment = int(rng.random() < 0.5), str(rng.choice(list(mailing.SEGMENTS)))
        fits = segment == ("Mens E-Mail" if mens else "Womens E-Mail")
        visit, bought = int(rng.random() < (0.5 if fits else 0.2)), int(rng.random() < (0.3 if fits else 0.1))
        rows.append([5, 100.0, mens, 1 - mens, "Urban", 0, "Web", segment, visit, bought, bought])
    columns = "recency history mens womens zip_code newbie channel segment visit conversion spend".split()
    written(tmp_path / "mail.csv.gz", columns, rows)
    found = run("hillstrom", tmp_path / "mail.csv.gz")
    assert found["figures"]["visited_over_best_single_points"] > 10
    assert found["figures"]["visited_running_over_best_single_points"] > 9
    assert found["figures"]["bought_not_worse"] == found["figures"]["visited_not_worse"] == 1.0
    assert {"mens_points", "womens_points"} <= found["figures"].keys()


def test_without_data_there_is_a_sentence(tmp_path: Path) -> None:
    for name in ("hillstrom", "offpolicy"):
        assert f"{name} --data PATH" in (refusal(name) or "")
        assert refusal(name, tmp_path / "nowhere") == f"no file {tmp_path / 'nowhere'}"
        assert refusal(name, tmp_path) is None
