"""policy.yaml as a value: consent purposes, rolling caps, the universal holdout."""

from __future__ import annotations

from msgspec import Struct


class Purpose(Struct, frozen=True):
    name: str
    consent_required: bool = True


class Cap(Struct, frozen=True):
    """At most `at_most` contacts of one person in any `within` ms; 0 = none at all. None fields match everything."""

    at_most: int
    within: int
    channel: str | None = None
    topic: str | None = None
    moment: str | None = None


class Policy(Struct, frozen=True):
    purposes: dict[str, Purpose]
    caps: tuple[Cap, ...] = ()
    holdout: float = 0.0
    priority: tuple[str, ...] = ("onpage",)
    unsupported: tuple[str, ...] = ()
