"""policy.yaml as a value: consent purposes, rolling caps, quiet hours, budgets, the universal holdout."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field, structs

from journeyloop.model.breaker import Breaker
from journeyloop.model.budget import Budget
from journeyloop.model.consent import stated
from journeyloop.model.customer import Contact, Header
from journeyloop.model.disposition import Disposition
from journeyloop.model.hours import Hours, QuietHours
from journeyloop.model.moment import Action, span
from journeyloop.model.reported import KNOWN, Reported

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
    identity: Identity = Identity()
    budgets: tuple[Budget, ...] = ()
    quiet_hours: QuietHours | None = None
    breaker: Breaker | None = None
    fallback: bool = False
    reported: dict[str, Reported] = field(default_factory=KNOWN.copy)
    dispositions: dict[str, Disposition] = {}

    def rank(self, channel: str) -> int:
        """Its place in the priority; what is not named comes last."""
        return self.priority.index(channel) if channel in self.priority else len(self.priority)

    def treated(self, holdout: float) -> float:
        """The share of people who are in neither holdout, where a moment's own is so large."""
        return (1.0 - self.holdout) * (1.0 - holdout)

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

    def quiet(self, channel: str) -> list[tuple[str, Hours]]:
        """The hours in which nothing is sent over this channel."""
        quiet = self.quiet_hours
        kept = quiet and (quiet.channels is None or channel in quiet.channels)
        return [("quiet_hours", quiet.hours)] if quiet and kept else []

    def hours(self, action: Action) -> list[tuple[str, Hours]]:
        """The hours in which this action is not sent."""
        return self.quiet(action.channel) + ([("closed", action.closed)] if action.closed else [])

    def capped(self, wanted: Contact, made: Sequence[Contact]) -> str | None:
        """The cap that leaves no room for one more contact beside those made or reserved, before it or (where they are
        planned) after it, or None."""
        for cap in self.caps:
            if cap.covers(wanted):
                counted = sum(cap.covers(one) and abs(wanted.at - one.at) < cap.within for one in made)
                if counted >= cap.at_most:
                    return f"cap: {cap}"
        return None

    def room(self, wanted: Contact, made: Sequence[Contact]) -> int | None:
        """The first time from `wanted.at` on at which the caps leave room for it, or None."""
        later = {one.at + cap.within for one in made for cap in self.caps if cap.covers(one) and cap.covers(wanted)}
        times = [wanted.at, *sorted(at for at in later if at > wanted.at)]
        return next((at for at in times if not self.capped(structs.replace(wanted, at=at), made)), None)


def reserved(header: Header, now: int) -> list[Contact]:
    """The contacts made and those that room is held for. What is in its channel's hand may arrive any moment."""
    in_hand = {one.decision for one in header.deliveries if one.state == "intent"}
    if not in_hand:
        return header.contacts
    return [structs.replace(one, at=max(one.at, now)) if one.decision in in_hand else one for one in header.contacts]
