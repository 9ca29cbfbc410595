"""A true experiment, through the evidence: 64,000 customers were sent one of two e-mails or none, by lot.

The file is the MineThatData e-mail challenge of 2008, as CSV, packed or not; the repository does not contain it. Each
e-mail is a moment whose holdout is everybody who got none, one row per customer in the order of the file. Then a
learner is let loose on one half and evaluated on the other (`mailing`).
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from journeyloop.learn.evidence import AMOUNTS_NEEDED, GOALS_NEEDED, Uplift, add, helps, score, uplift
from journeyloop.learn.power import advise
from journeyloop.learn.ratio import ratio_factor
from journeyloop.learn.verdict import verdict
from journeyloop.model.board import VALUE, Evidence, Tally
from journeyloop.model.credits import Credit
from journeyloop.testing.bench.mailing import let_loose
from journeyloop.testing.bench.measure import noise, report

NONE, MAILS = "No E-Mail", {"mens": "Mens E-Mail", "womens": "Womens E-Mail"}
KNOWN = {"mens": 0.0068, "womens": 0.0031}
"""What each e-mail added to the share of customers who bought, as published."""

SHARE = 0.5
"""A third each got one of the e-mails or none: of any two, half."""


class Sent(Struct):
    """One e-mail against none: the evidence on visits and on purchases with their amounts, and when it was known."""

    visits: Evidence
    purchases: Tally
    known_at: dict[str, int]

    def found(self) -> dict[str, Uplift]:
        spend = uplift(self.purchases.measured(VALUE), needed=AMOUNTS_NEEDED)
        all_ = {"visit": uplift(self.visits), "conversion": uplift(self.purchases.evidence), "spend": spend}
        return {name: one for name, one in all_.items() if one is not None}


def run(path: Path) -> dict[str, Any]:
    with noise() as noise_p99_ms:
        rows = list(_rows(path))
        sent = {name: _sent(rows, segment) for name, segment in MAILS.items()}
        learner, how = let_loose(rows)
    figures: dict[str, float] = {}
    for name, one in sent.items():
        conversion = one.found()["conversion"]
        figures |= {
            f"{name}_points": 100 * conversion.estimate,
            f"{name}_low": 100 * conversion.low,
            f"{name}_high": 100 * conversion.high,
            f"{name}_covers_known": float(conversion.low <= KNOWN[name] <= conversion.high),
        }
    known = {name: round(100 * effect, 2) for name, effect in KNOWN.items()}
    return report(
        "hillstrom", figures | learner, noise_p99_ms(), customers=len(rows), known_points=known, learner=how,
        **{name: _told(one) for name, one in sent.items()},
    )  # fmt: skip


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as text:
        yield from csv.DictReader(text)


def _sent(rows: list[dict[str, str]], segment: str) -> Sent:
    sent = Sent(Evidence(), Tally(), {})
    spent = sent.purchases.measured(VALUE)
    for number, row in enumerate(row for row in rows if row["segment"] in (segment, NONE)):
        treated = row["segment"] == segment
        for name, evidence, needed in (
            ("visit", sent.visits, GOALS_NEEDED),
            ("conversion", sent.purchases.evidence, GOALS_NEEDED),
            ("spend", spent, AMOUNTS_NEEDED),
        ):
            y = float(row[name])
            psi = score(y, treated, SHARE, evidence.treated.mean(), evidence.holdout.mean())
            add(evidence, Credit("", treated, y > 0.0, psi, 0.0, 0, y=y))
            if name not in sent.known_at and helps(evidence, needed=needed):
                sent.known_at[name] = number + 1
    return sent


def _told(sent: Sent) -> dict[str, Any]:
    """The verdict after the last row, each interval, and after how many rows it was first above 0."""
    evidence = sent.purchases.evidence
    counts = evidence.treated.rows, evidence.holdout.rows
    said = verdict(sent.purchases, 1.0 - SHARE, evidence.rows / 14)
    return {
        "verdict": said.word,
        "sentence": said.sentence,
        "intervals": {name: [one.estimate, one.low, one.high] for name, one in sent.found().items()},
        "known_at_row": sent.known_at,
        "ratio_ln_bayes_factor": round(ratio_factor(*counts, SHARE), 2),
        "advice": advise(evidence.holdout.mean(), evidence.rows / 14).words,
    }
