"""policy.yaml as a value: consent purposes, rolling caps, quiet hours, budgets, the universal holdout."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from journeyloop.model.breaker import Breaker
from journeyloop.model.budget import Budget
from journeyloop.model.consent import stated
from journeyloop.model.customer import Contact, Header
from journeyloop.model.disposition import Disposition
from journeyloop.model.hours import Hours, QuietHours
from journeyloop.model.moment import Action, span

BLOCKED = frozenset({"", "null", "undefined", "nan", "[object object]", "0", "anonymous", "none", "unknown"})
"""Ids that name nobody: what broken clients send in place of one. Sharing such an id would merge strangers."""


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

    def covers(self, contact: Contact) -> bool:
        return (
            self.channel in (None, contact.channel)
            and self.topic in (None, contact.topic)
            and self.moment in (None, contact.moment)
        )

    def __str__(self) -> str:
        of = next((f" and {name}" for name in (self.channel, self.topic, self.moment) if name), "")
        return f"{self.at_most} per person{of} in {span(self.within)}"


class Identity(Struct, frozen=True):
    """What may name a person. `limits`: how many identifiers of a type one person may have (others: `limit`, but one
    user id); `priority` which types claim first; `blocked`: values that name nobody, in lower case."""

    limit: int = 5
    limits: dict[str, int] = {}
    priority: tuple[str, ...] = ("user_id", "anonymous_id", "email", "phone", "device_id")
    blocked: frozenset[str] = BLOCKED

    def limit_of(self, type_: str) -> int:
        return 1 if type_ == "user_id" else self.limits.get(type_, self.limit)

    def names(self, type_: str) -> bool:
        """Whether this type is one of ours or of the plan's, and not only a sender's."""
        return type_ in self.priority or type_ in self.limits


class Policy(Struct, frozen=True):
    purposes: dict[str, Purpose]
    caps: tuple[Cap, ...] = ()
    holdout: float = 0.0
    priority: tuple[str, ...] = ("onpage",)
    unsupported: tuple[str, ...] = ()
    identity: Identity = Identity()
    budgets: tuple[Budget, ...] = ()
    quiet_hours: QuietHours | None = None
    breaker: Breaker | None = None
    dispositions: dict[str, Disposition] = {}

    def refusal(self, header: Header, purpose: str, channel: str | None = None) -> str | None:
        """Why this purpose may not be pursued with this person (over this channel), or None if it may."""
        known = self.purposes.get(purpose)
        if known is None:
            return f"consent: {purpose} is not a purpose"
        word = stated(header.consent, purpose, channel)
        if word is False:
            general = header.consent.get(purpose)
            return f"consent: {purpose} refused" + (f" for {channel}" if general is None or general.granted else "")
        return f"consent: {purpose} not given" if known.consent_required and word is None else None

    def hours(self, action: Action) -> list[tuple[str, Hours]]:
        """The hours in which this action is not sent."""
        quiet = self.quiet_hours
        kept = [("closed", action.closed)] if action.closed else []
        if quiet and (quiet.channels is None or action.channel in quiet.channels):
            kept = [("quiet_hours", quiet.hours), *kept]
        return kept

    def capped(self, wanted: Contact, made: Iterable[Contact]) -> str | None:
        """The cap that leaves no room for one more contact beside those made or reserved, before it or (where they are
        planned) after it, or None."""
        for cap in self.caps:
            if cap.covers(wanted):
                counted = sum(cap.covers(one) and abs(wanted.at - one.at) < cap.within for one in made)
                if counted >= cap.at_most:
                    return f"cap: {cap}"
        return None
