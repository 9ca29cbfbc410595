"""The bench on a true experiment, here on a made-up file of the same form."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest

from journeyloop.testing.bench import mailing, refusal, run
from journeyloop.testing.bench.hillstrom import MAILS, NONE

COLUMNS = "recency,history,mens,womens,zip_code,newbie,channel,segment,visit,conversion,spend"
RATES = {"Mens E-Mail": 0.25, "Womens E-Mail": 0.10, NONE: 0.10}


def lines(customers: int) -> list[str]:
    chance, made = random.Random(1), [COLUMNS]
    for _ in range(customers):
        segment = chance.choice([*MAILS.values(), NONE])
        bought = int(chance.random() < RATES[segment])
        made.append(f"1,100.0,1,0,Urban,0,Web,{segment},1,{bought},{49.9 * bought}")
    return made


@pytest.mark.parametrize("packed", [True, False])
def test_each_mail_is_compared_with_those_who_got_none(
    tmp_path: Path, packed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailing, "SEEDS", 1)
    text = "\n".join(lines(9_000)) + "\n"
    file = tmp_path / ("mails.csv.gz" if packed else "mails.csv")
    file.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    found = run("hillstrom", file)
    figures, context = found["figures"], found["context"]
    assert context["customers"] == 9_000
    assert figures["mens_low"] < 15 < figures["mens_high"]
    assert figures["womens_low"] < 0 < figures["womens_high"]
    assert context["mens"]["verdict"] == "finds intent"
    assert context["womens"]["verdict"] == "not yet known"
    assert context["mens"]["known_at_row"]["conversion"] < 6_000
    assert context["mens"]["ratio_ln_bayes_factor"] < 0
    assert set(context["mens"]["intervals"]) == {"visit", "conversion", "spend"}


def test_what_cannot_be_run_is_said(tmp_path: Path) -> None:
    file = tmp_path / "mails.csv"
    assert refusal("hillstrom", file) == f"no file {file}"
    file.write_text("")
    assert refusal("hillstrom", file) is None
    assert "hillstrom --data PATH" in str(refusal("hillstrom"))
    assert str(refusal("stall", file)).startswith("no bench stall")
    assert refusal("stall") is None
