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

    def refusal(self, purpose: str, stated: bool | None) -> str | None:
        """Why this purpose may not be pursued, given what the person stated (None: nothing), or None if it may."""
        known = self.purposes.get(purpose)
        if known is None:
            return f"consent: {purpose} is not a purpose"
        if stated is False:
            return f"consent: {purpose} refused"
        return f"consent: {purpose} not given" if known.consent_required and stated is None else None
