"""The benches behind `journeyloop bench NAME`: each starts a server of its own and answers with figures and context."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from journeyloop.testing.bench import (
    backtest,
    decide,
    dispatch,
    evidence,
    hillstrom,
    identity,
    import_,
    ingest,
    kill,
    learn,
    offpolicy,
    profile,
    push,
    recovery,
    stall,
)

NAMES: dict[str, Callable[[], dict[str, Any]]] = {
    "backtest": backtest.run,
    "decide": decide.run,
    "dispatch": dispatch.run,
    "evidence": evidence.run,
    "identity": identity.run,
    "import": import_.run,
    "ingest": ingest.run,
    "kill": kill.run,
    "learn": learn.run,
    "profile": profile.run,
    "push": push.run,
    "recovery": recovery.run,
    "stall": stall.run,
}
ON_DATA: dict[str, Callable[[Path], dict[str, Any]]] = {
    "hillstrom": hillstrom.run,
    "offpolicy": offpolicy.run,
}
"""Benches on real data, a file or a folder, which is not ours to give away."""


def refusal(name: str, data: Path | None = None) -> str | None:
    """Why there is no such bench, or None."""
    if name not in (NAMES if data is None else ON_DATA):
        return f"no bench {name}: there are {', '.join([*sorted(NAMES), *(f'{one} --data PATH' for one in ON_DATA)])}"
    return f"no file {data}" if data is not None and not data.exists() else None


def run(name: str, data: Path | None = None) -> dict[str, Any]:
    """`{"bench": name, "figures": {name: number}, "context": {…}}`; an unknown name is a KeyError."""
    return ON_DATA[name](data) if data is not None else NAMES[name]()
