"""What each way out does by now: what waits for it, what it has in hand, how it stands with its provider."""

from __future__ import annotations

from itertools import islice
from typing import Any

from journeyloop.model.plan import Plan
from journeyloop.model.reach import ONPAGE
from journeyloop.runtime import outbox
from journeyloop.runtime.channels import pulled
from journeyloop.runtime.couriers import Couriers
from journeyloop.runtime.ports import Reader

MOST = 10_000
"""Messages that wait are counted up to here: nobody needs to know more exactly."""

NOBODY: dict[str, Any] = {
    "kind": None, "in_hand": 0, "circuit": "missing", "concurrency": 0, "rate": 0.0, "told": {}, "trouble": None,
}  # fmt: skip
"""A channel that is not connected: what waits for it waits until it is stale."""


def carried(reader: Reader, couriers: Couriers, plan: Plan) -> list[dict[str, Any]]:
    """One row a channel, by name: those that are connected, that are configured, and that something waits for. What
    is fetched by whoever works with it (a desk) needs no courier."""
    rows = {row["channel"]: row for row in couriers.state()}
    fetched = {name for name, connection in couriers.connections().items() if pulled(connection)}
    for name in {*plan.channels, *outbox.queues(reader, "outbox")} - {ONPAGE, "in_app", *fetched}:
        rows.setdefault(name, {"channel": name, **NOBODY})
    return [{**row, "waiting": _waiting(reader, name)} for name, row in sorted(rows.items())]


def _waiting(reader: Reader, channel: str) -> int:
    return sum(not one.intent for one in islice(outbox.waiting(reader, channel), MOST))
