"""What goes wrong in a simulated run: when the process dies, what the network does, how long nobody is there.

All chance of a run comes from its one seed, through here or the simulator's own draws: one seed is one run.
"""

from __future__ import annotations

from random import Random
from typing import Literal

from msgspec import Struct

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
DOWNTIMES = (SECOND, 10 * SECOND, 40 * SECOND, 4 * MINUTE, HOUR, 9 * HOUR)
Crash = Literal["before_commit", "after_commit", "after_sending"]


class Rates(Struct, frozen=True):
    """Probabilities per occasion. Each fault is frequent enough to meet the others within one run."""

    crash: float = 0.06
    aimed_crash: float = 0.3
    aimed_opt_out: float = 0.2
    aimed_login: float = 0.3
    stall: float = 0.08
    lost_frame: float = 0.1
    lost_request: float = 0.1
    lost_answer: float = 0.1
    delayed: float = 0.12
    aimed_hold: float = 0.15
    unreachable: float = 0.1
    slow: float = 0.15
    trouble: float = 0.4
    aimed: float = 0.3
    pause: float = 0.02


CALM = Rates(*[0.0] * 15)
REPLIES = (
    ("hangs", True),
    ("hangs", False),
    ("breaks", True),
    ("breaks", False),
    ("asks to wait", False),
    ("refuses", False),
)
"""What a provider in trouble says, and whether it has taken the message."""


class Faults:
    """Draws faults. `calm()` ends them, so that a run can show that everything comes to its end."""

    def __init__(self, random: Random, rates: Rates | None = None) -> None:
        self.random, self.rates = random, rates or Rates()

    def calm(self) -> None:
        self.rates = CALM

    def crash(self, aimed: bool) -> Crash | None:
        """Whether the process dies around this commit; `aimed`: it has just written an intent."""
        if not self._happens(self.rates.aimed_crash if aimed else self.rates.crash):
            return None
        return self.random.choice(("before_commit", "after_commit", "after_sending"))

    def downtime(self) -> int:
        """How long until the next start (ms)."""
        return self.random.choice(DOWNTIMES)

    def stall(self) -> int:
        """How long the event loop lets a commit wait before its effects are performed (ms)."""
        return self.random.randrange(10 * MINUTE) if self._happens(self.rates.stall) else 0

    def opts_out_now(self) -> bool:
        """Aimed: a message is about to leave, and just now its person says no."""
        return self._happens(self.rates.aimed_opt_out)

    def logs_in_now(self) -> bool:
        """Aimed: a message waits for a visitor, who turns out to be somebody we know."""
        return self._happens(self.rates.aimed_login)

    def holds_now(self) -> bool:
        """Aimed: a message is about to leave, and just now its person complains."""
        return self._happens(self.rates.aimed_hold)

    # --- providers --------------------------------------------------------------------------------------------------

    def connecting(self) -> int:
        """How long until the first byte could leave (ms); of what is slow, some for ever."""
        if self._happens(self.rates.slow):
            return self.random.choice((5 * SECOND, 9 * SECOND, MINUTE))
        return self.random.randrange(2 * SECOND)

    def answering(self) -> int:
        return self.random.randrange(3 * SECOND)

    def unreachable(self) -> bool:
        return self._happens(self.rates.unreachable)

    def reply(self) -> tuple[str, bool]:
        """What the provider says, and whether it has taken the message."""
        return self.random.choice(REPLIES) if self._happens(self.rates.trouble) else ("takes it", True)

    def asked_wait(self) -> float:
        """How long a provider that is asked too much wants to be left alone (s)."""
        return self.random.choice((0.0, 30.0, 600.0, 3600.0))

    def meddles(self) -> str | None:
        """Aimed: what happens while a message is in its channel's hand."""
        if not self._happens(self.rates.aimed):
            return None
        return self.random.choice(("crash", "opt out", "hold", "purchase", "pause", "signal", "signal"))

    def pauses(self) -> bool:
        """Somebody pulls the switch, or lets it go."""
        return self._happens(self.rates.pause)

    def loses_frame(self) -> bool:
        return self._happens(self.rates.lost_frame)

    def loses_request(self) -> bool:
        return self._happens(self.rates.lost_request)

    def loses_answer(self) -> bool:
        return self._happens(self.rates.lost_answer)

    def delays(self) -> bool:
        """The client keeps this event for later: it arrives after younger ones."""
        return self._happens(self.rates.delayed)

    def _happens(self, rate: float) -> bool:
        return self.random.random() < rate
