"""Arms to records and back: one record per arm, written once per batch where it has changed."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from journeyloop.model.arm import SILENCE, Arms
from journeyloop.model.feature import SLOT
from journeyloop.runtime import records
from journeyloop.runtime.ports import Reader
from journeyloop.runtime.records import ArmHeader

_WIDE = "<f8"


def arm_records(moment: str, arms: Arms, names: Iterable[str]) -> list[tuple[bytes, bytes | None]]:
    """Keys and records of these arms of a moment, None for one there is no more. One that only has rows waiting has no
    mean yet."""
    kept = {*arms.names, *arms.waiting}
    return [
        (_key(moment, name), records.encode_arm(_header(moment, name, arms)) if name in kept else None)
        for name in sorted(names)
    ]


def read_arms(reader: Reader, moments: Iterable[str] | None = None) -> dict[str, Arms]:
    """What has been learned, by moment: of these, or (None) of all."""
    found: dict[str, list[ArmHeader]] = {}
    ranges = [(b"", None)] if moments is None else [(_key(one, ""), one.encode() + b"\1") for one in moments]
    for start, stop in ranges:
        for _, raw in reader.scan("arms", start, stop):
            header = records.decode_arm(raw)
            found.setdefault(header.moment, []).append(header)
    return {moment: _together(headers) for moment, headers in found.items()}


def _key(moment: str, action: str) -> bytes:
    return moment.encode() + b"\0" + action.encode()


def _header(moment: str, name: str, arms: Arms) -> ArmHeader:
    waiting = b"".join(arms.waiting.get(name, []))
    if name not in arms.names:
        return ArmHeader(moment, name, arms.meaning, -1, b"", b"", waiting)
    index = arms.names.index(name)
    mean, covariance = arms.means[index].astype(_WIDE), arms.covariances[index].astype(_WIDE)
    seen, reached = arms.seen[index], arms.reached[index]
    return ArmHeader(moment, name, arms.meaning, seen, mean.tobytes(), covariance.tobytes(), waiting, reached)


def _together(headers: list[ArmHeader]) -> Arms:
    """Silence's key comes first, as its name is empty."""
    born = [one for one in headers if one.seen >= 0]
    assert born[0].action == SILENCE
    width = len(born[0].mean) // 8
    means = np.array([np.frombuffer(one.mean, _WIDE) for one in born])
    covariances = np.array([np.frombuffer(one.covariance, _WIDE).reshape(width, width) for one in born])
    waiting = {one.action: _rows(one.waiting, SLOT * (width + 1)) for one in headers}
    names, seen, reached = zip(*((one.action, one.seen, one.reached) for one in born), strict=True)
    return Arms(born[0].meaning, list(names), means, covariances, list(seen), waiting, list(reached))


def _rows(raw: bytes, size: int) -> list[bytes]:
    return [raw[at : at + size] for at in range(0, len(raw), size)]
