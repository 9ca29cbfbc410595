"""The benches behind `journeyloop bench NAME`: each starts a server of its own and answers with figures and context."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from journeyloop.testing.bench import decide, evidence, identity, import_, ingest, kill, profile, push, recovery, stall

NAMES: dict[str, Callable[[], dict[str, Any]]] = {
    "decide": decide.run,
    "evidence": evidence.run,
    "identity": identity.run,
    "import": import_.run,
    "ingest": ingest.run,
    "kill": kill.run,
    "profile": profile.run,
    "push": push.run,
    "recovery": recovery.run,
    "stall": stall.run,
}


def run(name: str) -> dict[str, Any]:
    """`{"bench": name, "figures": {name: number}, "context": {…}}`; a name that is not in NAMES is a KeyError."""
    return NAMES[name]()
