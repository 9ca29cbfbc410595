"""Synthetic customers against the real server: each personality leaves the trace it promises."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from journeyloop.adapters.config.init import scaffold
from journeyloop.app import Running, serving
from journeyloop.testing import customers
from journeyloop.testing.client import Client
from journeyloop.testing.customers import KINDS, Shop, crowd, visit

pytestmark = pytest.mark.slow


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The demo's configuration with all its times shortened, and customers as hasty."""
    directory = tmp_path / "shop"
    scaffold(directory, demo=True)
    moment = directory / "moments" / "checkout_stall.yaml"
    hasty = moment.read_text().replace("for: 20s", "for: 3s").replace("dwell: 5s", "dwell: 1s")
    moment.write_text(hasty.replace("holdout: 10%", "holdout: 0%"))
    monkeypatch.setattr(customers, "STALL_SECONDS", 3.0)
    monkeypatch.setattr(customers, "PATIENCE", 2.0)
    return directory


def test_a_visit_ends_as_its_personality_says(shop: Path) -> None:
    async def visits() -> tuple[dict[str, Any], Counter[str]]:
        async with serving(shop, "127.0.0.1", 0, demo=True) as running:
            counts: Counter[str] = Counter()
            await asyncio.gather(*(_visit(running, kind.name, counts) for kind in KINDS))
            rows = running.live.moments()["moments"]
            return next(row for row in rows if row["moment"] == "checkout_stall"), counts

    row, counts = asyncio.run(visits())
    assert counts["visits"] == len(KINDS)
    assert row["cancelled"] >= 1
    assert row["gated"]["bot"] == 1
    assert row["gated"]["presence_unknown"] == 1
    assert row["silent"]["consent: marketing refused"] == 1
    assert row["silent"]["consent: marketing not given"] == 1
    assert row["dismissed"] == counts["dismissed"] == 1
    assert any(reason.startswith("cap: ") for reason in row["silent"]), row["silent"]
    assert row["shown"] == counts["messages seen"] > 0


async def _visit(running: Running, name: str, counts: Counter[str]) -> None:
    kind = next(one for one in KINDS if one.name == name)
    client = Client(running.url)
    await visit(Shop(client, running.keys.write, counts), random.Random(name), pace=0.2, kind=kind)
    await asyncio.sleep(4.0)
    await client.close()


def test_a_crowd_ends_when_its_time_is_up_and_says_what_it_did(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(customers, "BURST", 20)
    monkeypatch.setattr(customers, "BURST_SECONDS", 0.2)

    async def visitors() -> dict[str, int]:
        async with serving(shop, "127.0.0.1", 0, demo=True) as running:
            return await crowd(running.url, running.keys.write, seconds=5.0)

    counts = asyncio.run(visitors())
    assert counts["visits"] >= 20
    assert counts["events"] > counts["visits"]
    assert sum(count for name, count in counts.items() if name.startswith("visits: ")) == counts["visits"]
