"""The benches behind `journeyloop bench NAME`: each answers with figures and context, most by a server of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from journeyloop.testing.bench import (
    decide,
    evidence,
    hillstrom,
    identity,
    import_,
    ingest,
    kill,
    offpolicy,
    profile,
    push,
    recovery,
    stall,
)

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
READING: dict[str, Callable[[Path], dict[str, Any]]] = {
    "hillstrom": hillstrom.run,
    "offpolicy": offpolicy.run,
}
"""Those that read data which is not ours to ship."""


class Unusable(ValueError):
    """There is no such bench, or nothing for it to read."""


def run(name: str, given: Path | None = None) -> dict[str, Any]:
    """`{"bench": name, "figures": {name: number}, "context": {…}}`.

    Raises:
        Unusable: no such name, or no data where the bench reads some.
    """
    if name in NAMES:
        return NAMES[name]()
    if name not in READING:
        raise Unusable(f"no bench {name}: there are {', '.join(sorted({*NAMES, *READING}))}")
    if given is None or not given.exists():
        raise Unusable(f"bench {name} reads data: name it with --data")
    return READING[name](given)
