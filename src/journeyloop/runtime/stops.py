"""The last look before the first byte: what was committed to stop a message stops it, in the same step of the event
loop that would hand it over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from journeyloop.model.board import Board
from journeyloop.model.effects import Recall, Send, Stopped
from journeyloop.model.hours import place_of, untimely
from journeyloop.model.plan import Plan
from journeyloop.runtime.channels import Withheld

REMEMBERED = 10_000


class Remembered:
    """A bounded mapping that forgets its oldest."""

    def __init__(self, limit: int = REMEMBERED) -> None:
        self.limit = limit
        self._held: dict[Any, Any] = {}

    def add(self, one: Any, value: Any = True) -> None:
        self._held[one] = value
        if len(self._held) > self.limit:
            del self._held[next(iter(self._held))]

    def discard(self, one: Any) -> None:
        self._held.pop(one, None)

    def get(self, one: Any) -> Any:
        return self._held.get(one)

    def __contains__(self, one: Any) -> bool:
        return one in self._held


class Stops:
    """What has been committed against sending, and what was handed over already: where to, by decision."""

    def __init__(self, plan: Callable[[], Plan], board: Callable[[], Board], clock: Callable[[], int]) -> None:
        self.plan, self.board, self.clock = plan, board, clock
        self.handed = Remembered()
        self._recalled = Remembered()
        self._stopped = Remembered()

    def hear(self, effect: Stopped | Recall) -> None:
        if isinstance(effect, Recall):
            self._recalled.add(effect.decision)
        elif effect.stopped:
            self._stopped.add((effect.person, effect.purpose))
        else:
            self._stopped.discard((effect.person, effect.purpose))

    def go(self, send: Send) -> None:
        """From here on it may have left. Raises `Withheld`: it must not."""
        reason = self.refusal(send)
        if reason is not None:
            raise Withheld(reason)
        self.handed.add(send.delivery.decision)

    def refusal(self, send: Send) -> str | None:
        delivery = send.delivery
        if (reason := self.withdrawn(send)) is not None:
            return reason
        if delivery.decision in self._recalled:
            return "recalled"
        if self.clock() >= delivery.expires:
            return "expired"
        return self.board().stops(delivery.moment, delivery.channel) or self._untimely(send)

    def withdrawn(self, send: Send) -> str | None:
        """Whether it is nothing that is said any more, or nothing that the person wants to hear."""
        moment = self.plan().moment(send.delivery.moment)
        if moment is None:
            return "moment_removed"
        action = moment.action(send.delivery.action)
        if action is None or action.channel != send.delivery.channel:
            return "action_removed"
        subjects = (moment.purpose, f"{moment.purpose}/{send.delivery.channel}")
        stopped = any((send.person, subject) in self._stopped for subject in subjects)
        return "consent: withdrawn" if stopped else None

    def _untimely(self, send: Send) -> str | None:
        """The hours that have begun since the intent, or before it is offered again."""
        policy, action = self.plan().policy, self.plan().moments[send.delivery.moment].action(send.delivery.action)
        assert action is not None  # `withdrawn` has looked
        kept = policy.hours(action)
        place = place_of(send.profile.get("time_zone"), send.profile.get("country"))
        return untimely(kept, self.clock(), place) if kept else None
