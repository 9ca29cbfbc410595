"""Who changed what: the plans in the order they came into force and the pauses, read from the log along the chain that
starts at `Singles.changed`. A log that began before there was a chain is read from its start up to the first link.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff
from typing import Any

from msgspec import msgpack

from journeyloop.model.inputs import Paused, PlanChanged
from journeyloop.runtime import records
from journeyloop.runtime.memory import read_singles
from journeyloop.runtime.ports import Reader
from journeyloop.runtime.records import LogHeader

NOW = "now"
"""What a version is called that is not in the store: the files as they are."""

Texts = dict[str, str]
_SHORTEST = 4
_KINDS = ("plan", "paused")


def history(reader: Reader) -> dict[str, Any]:
    """`versions` and `pauses`, oldest first. `files` are what changed since the version before: `added`, `changed`,
    `removed`."""
    versions: list[dict[str, Any]] = []
    pauses: list[dict[str, Any]] = []
    before: Texts = {}
    for header, change in reversed(list(_changes(reader))):
        said = {"at": header.now, "by": change.by, "note": change.note}
        if isinstance(change, Paused):
            pauses.append({"scope": change.scope, "paused": change.paused, **said})
            continue
        if versions and versions[-1]["hash"] == change.hash:  # the same again is a word on it, said later
            versions[-1] |= {"by": change.by, "note": change.note}
            continue
        after = texts_of(reader, change.hash)
        versions.append({"hash": change.hash, **said, "files": changed_files(before, after)})
        before = after
    for one in versions:
        one["in_force"] = one is versions[-1]
    return {"versions": versions, "pauses": pauses}


def version(reader: Reader, prefix: str) -> str:
    """The hash that begins like this.

    Raises:
        LookupError: no version does, or several do.
    """
    if len(prefix) < _SHORTEST:
        raise LookupError(f"{prefix}: at least {_SHORTEST} characters of a hash are needed")
    found = [key.decode() for key, _ in reader.scan("plans", prefix.encode()) if key.startswith(prefix.encode())]
    if len(found) != 1:
        several = f"is the beginning of {len(found)} versions: write more of it" if found else "is no version"
        raise LookupError(f"{prefix} {several}; `journeyloop history` lists them")
    return found[0]


def texts_of(reader: Reader, hash_: str) -> Texts:
    """The configuration of a version; nothing if it is not stored, or before the first."""
    raw = reader.get("plans", hash_.encode()) if hash_ else None
    return {} if raw is None else msgpack.decode(raw, type=Texts)


def was_in_force(reader: Reader, texts: Texts) -> bool:
    """Whether exactly these texts are stored as a version, so that nothing is lost with them."""
    return any(msgpack.decode(raw, type=Texts) == texts for _, raw in reader.scan("plans"))


def changed_files(before: Texts, after: Texts) -> dict[str, str]:
    """By name what happened to each file that is not the same."""
    names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return {name: _what(name in before, name in after) for name in names}


def diff(before: Texts, after: Texts, names: tuple[str, str]) -> str:
    """A unified diff of two configurations; `names` is what each is called."""
    lines: list[str] = []
    for file in changed_files(before, after):
        one, other = (texts.get(file, "").splitlines() for texts in (before, after))
        lines += unified_diff(one, other, f"{names[0]}/{file}", f"{names[1]}/{file}", lineterm="")
    return "".join(f"{line}\n" for line in lines)


def _what(was: bool, is_now: bool) -> str:
    if was and is_now:
        return "changed"
    return "added" if is_now else "removed"


def _changes(reader: Reader) -> Iterator[tuple[LogHeader, PlanChanged | Paused]]:
    """Newest first."""
    at = read_singles(reader).changed
    first: int | None = None
    while at >= 0:
        raw = reader.get("log", at.to_bytes(8, "big"))
        if raw is None:
            return
        first = at
        header, change = records.decode_log(raw)
        if isinstance(change, PlanChanged | Paused):
            yield header, change
        at = header.previous
    yield from _unchained(reader, first)


def _unchained(reader: Reader, before: int | None) -> Iterator[tuple[LogHeader, PlanChanged | Paused]]:
    """Those of a log from before there was a chain."""
    stop = None if before is None else before.to_bytes(8, "big")
    for _, raw in reader.scan("log", stop=stop, reverse=True):
        if records.decode_log_header(raw).kind in _KINDS:
            header, change = records.decode_log(raw)
            if isinstance(change, PlanChanged | Paused):
                yield header, change
