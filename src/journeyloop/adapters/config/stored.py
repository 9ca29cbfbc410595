"""Plans of the past: what a replay needs, loaded anew from the texts that are stored with each."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import msgpack

from journeyloop.adapters.config.load import load
from journeyloop.model.plan import Plan
from journeyloop.runtime.ports import Reader


def stored_plans(reader: Reader) -> Callable[[str], Plan]:
    """Plans by hash, loaded anew from their stored texts."""
    texts = {key.decode(): msgpack.decode(raw, type=dict[str, str]) for key, raw in reader.scan("plans")}
    plans: dict[str, Plan] = {}

    def plan(hash_: str) -> Plan:
        if hash_ not in plans:
            loaded = load(texts[hash_]).plan
            assert loaded is not None, "only plans that passed the check are stored"
            plans[hash_] = loaded
        return plans[hash_]

    return plan
