"""The numbers an arm sees: a fixed list of transforms declared in the plan, at most 24 with the bias.

Nothing here learns: a running mean would change the meaning of what was learned before. A missing value is a level of
its own, so that absence can be evidence; a value of the wrong type counts as missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from math import cos, log1p, pi, sin
from typing import Any, Literal

import numpy as np
from msgspec import Struct

from journeyloop.model.arm import Vector
from journeyloop.model.condition import look

HOUR_MS = 3_600_000
LARGEST = 1e300
"""A larger number, or one that is none, is missing."""
SLOT = 4
"""Bytes of one number, packed."""
Kind = Literal["number", "category", "hour"]


class Feature(Struct, frozen=True):
    """One input: a `number` (log1p if `log`, divided by `scale`, clipped to ±`clip`) and a slot for its absence, a
    `category` hashed into `buckets` slots and a slot for its absence, or the `hour` of the day as sine and cosine.

    `present` numbers are never missing and need one slot only.
    """

    path: tuple[str, ...]
    kind: Kind = "number"
    log: bool = False
    scale: float = 1.0
    clip: float = 3.0
    buckets: int = 3
    present: bool = False

    @property
    def width(self) -> int:
        """How many slots it takes."""
        return {"number": 1 if self.present else 2, "category": self.buckets + 1, "hour": 2}[self.kind]

    def slots(self, values: Mapping[str, Any], now: int) -> list[float]:
        """Its part of the vector."""
        if self.kind == "number":
            return self._number(look(values, self.path))
        if self.kind == "category":
            return self._category(look(values, self.path))
        angle = now % (24 * HOUR_MS) / (24 * HOUR_MS) * 2.0 * pi
        return [sin(angle), cos(angle)]

    def _number(self, found: Any) -> list[float]:
        """The transform is spelt out: it runs a dozen times for every event that a prediction scores."""
        if not isinstance(found, (int, float)) or not -LARGEST <= found <= LARGEST:
            return [0.0] if self.present else [0.0, 1.0]
        clip, value = self.clip, float(found)
        if self.log:
            value = log1p(value) if value > 0.0 else 0.0
        value /= self.scale
        value = clip if value > clip else max(value, -clip)
        return [value] if self.present else [value, 0.0]

    def _category(self, found: Any) -> list[float]:
        slots = [0.0] * (self.buckets + 1)
        if isinstance(found, bool) or not isinstance(found, (str, int)):
            slots[-1] = 1.0
        else:
            slots[_bucket(self.path, found) % self.buckets] = 1.0
        return slots


@lru_cache(maxsize=4_096)
def _bucket(path: tuple[str, ...], found: str | int) -> int:
    digest = blake2b(f"{'.'.join(path)}\0{found}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def _number(path: str, scale: float, present: bool = True) -> Feature:
    return Feature(tuple(path.split(".")), "number", True, scale, present=present)


STANDARD: tuple[Feature, ...] = (
    _number("profile.cart_value", 6.0),
    _number("profile.cart_items", 2.0),
    _number("profile.orders", 2.0),
    _number("profile.revenue", 7.0),
    Feature(("profile", "known"), present=True),
    _number("profile.sessions", 3.0),
    _number("profile.days_since_last_order", 4.0, present=False),
    _number("session.events", 3.0),
    _number("session.seconds", 7.0),
    Feature(("signal", "confidence"), present=True),
    Feature(("signal", "hour"), "hour"),
    Feature(("profile", "device"), "category", buckets=2),
    Feature(("profile", "country"), "category", buckets=3),
    Feature(("profile", "campaign_source"), "category", buckets=2),
)
"""What an arm sees unless the moment says otherwise: profile, session, signal and context; 24 numbers with the bias."""


def width(features: tuple[Feature, ...]) -> int:
    """Slots of all of them, with the bias."""
    return 1 + sum(feature.width for feature in features)


def vector(features: tuple[Feature, ...], values: Mapping[str, Any], now: int) -> Vector:
    """x: 1 for the bias, then each feature's slots."""
    slots = [1.0]
    for feature in features:
        slots += feature.slots(values, now)
    return np.array(slots, np.float32)


def packed(x: Vector) -> bytes:
    """As it is stored: little-endian float32."""
    return x.astype("<f4").tobytes()


def unpacked(raw: bytes) -> Vector:
    """The inverse of `packed`."""
    return np.frombuffer(raw, "<f4")
