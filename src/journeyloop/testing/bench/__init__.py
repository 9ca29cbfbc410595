"""The benches behind `journeyloop bench NAME`: each starts a server of its own and answers with figures and context."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from journeyloop.testing.bench import ingest

NAMES: dict[str, Callable[[], dict[str, Any]]] = {"ingest": ingest.run}


def run(name: str) -> dict[str, Any]:
    """`{"bench": name, "figures": {name: number}, "context": {…}}`; a name that is not in NAMES is a KeyError."""
    return NAMES[name]()
