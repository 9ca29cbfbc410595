"""The last guard against our own mistakes: where far more people are contacted than ever should be, everything pauses.

A moment that is wrong, or a flood of events, looks like success to every rule that looks at one person. The breaker
looks at all of them, over the last minute. It never closes by itself: a person looks, and resumes.
"""

from __future__ import annotations

from msgspec import Struct

BREAKER = "breaker"
"""The scope of its pause."""
MINUTE, SECOND = 60_000, 1_000
SIGNALS_NEEDED = 100
"""The share of fewer signals says nothing."""


class Breaker(Struct, frozen=True):
    """At most `contacts_per_minute`; at most `share_of_signals` of the signals of a minute lead to one (None: any)."""

    contacts_per_minute: int | None = None
    share_of_signals: float | None = None


class Pulse(Struct, frozen=True, array_like=True):
    """What happened in the last minute, by second: signals, those of them that were decided to lead to a contact, and
    contacts that were made."""

    seconds: dict[int, tuple[int, int, int]] = {}

    def after(self, signals: int, led: int, contacts: int, now: int) -> Pulse:
        """With so many more; a second counts as long as a part of it is in the minute."""
        kept = {at: counts for at, counts in self.seconds.items() if (at + 1) * SECOND > now - MINUTE}
        before = kept.get(now // SECOND, (0, 0, 0))
        kept[now // SECOND] = (before[0] + signals, before[1] + led, before[2] + contacts)
        return Pulse(kept)

    def excess(self, breaker: Breaker) -> str:
        """What is too much, or ""."""
        signals, led, contacts = (sum(counts[place] for counts in self.seconds.values()) for place in range(3))
        most, share = breaker.contacts_per_minute, breaker.share_of_signals
        if most is not None and contacts > most:
            return f"{contacts} contacts within a minute, more than {most}"
        if share is not None and signals >= SIGNALS_NEEDED and led > share * signals:
            return f"{led} of {signals} signals within a minute led to a contact, more than {share:.0%}"
        return ""
