"""When to leave a provider alone that does not answer, and how fast to send to one that does."""

from __future__ import annotations

from collections.abc import Callable

TRIPS = 5
FIRST, LONGEST = 1.0, 60.0
"""Seconds of rest after the first trip, which double up to the longest."""


class Circuit:
    """A circuit breaker (M. Nygard, Release It!, 2007): after `TRIPS` troubles in a row nothing is sent for a while;
    then one message tries, and its end decides. `clock` in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.troubles = 0
        self.rest = 0.0
        self.until = 0.0

    @property
    def state(self) -> str:
        if self.troubles < TRIPS:
            return "closed"
        return "open" if self.clock() < self.until else "half-open"

    def wait(self) -> float:
        """How long nothing may be sent (s)."""
        return max(0.0, self.until - self.clock()) if self.troubles >= TRIPS else 0.0

    def heard(self, trouble: bool) -> None:
        """One attempt has ended."""
        if not trouble:
            self.troubles, self.rest = 0, 0.0
            return
        self.troubles += 1
        if self.troubles >= TRIPS and self.clock() >= self.until:
            self.rest = min(LONGEST, self.rest * 2 or FIRST)
            self.until = self.clock() + self.rest


class Pace:
    """At most `rate` per second, evenly, with what a second allows at once after a pause (GCRA, ITU-T I.371). The start
    is no pause: what has piled up meanwhile leaves evenly."""

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.every = 1.0 / rate
        self.burst = max(0.0, 1.0 - self.every)
        self.next = clock()

    def take(self) -> float:
        """Take the next place; how long to wait for it (s)."""
        now = self.clock()
        self.next = max(self.next, now - self.burst)
        wait = max(0.0, self.next - now)
        self.next += self.every
        return wait
