"""Effects become deeds, on the event loop, in commit order. The last look before the first byte is here: what was
committed to stop a message stops it, in the same step that would hand it over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from journeyloop.act.render import Unrenderable, render
from journeyloop.model.board import Board
from journeyloop.model.effects import Answer, Note, Recall, Send, Stopped
from journeyloop.model.hours import place_of, untimely
from journeyloop.model.inputs import Delivered
from journeyloop.model.plan import Plan
from journeyloop.runtime.ports import Pages
from journeyloop.runtime.staging import NOT_LISTED, Sink, withheld

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


class Performer:
    """`report` takes a channel's word back into the loop."""

    def __init__(
        self,
        pages: Pages,
        report: Callable[[Delivered], None],
        plan: Callable[[], Plan],
        board: Callable[[], Board],
        clock: Callable[[], int],
        note: Callable[[Note], None],
        sink: Sink | None = None,
    ) -> None:
        self.sink = sink or Sink()
        self.pages, self.report, self.plan, self.board = pages, report, plan, board
        self.clock, self.note = clock, note
        self.answers: dict[str, Callable[[Answer], None]] = {}
        self._written = Remembered()
        self._recalled = Remembered()
        self._stopped = Remembered()

    def perform(self, effects: list[Any]) -> None:
        """Stops first: an opt-out committed together with a send wins."""
        for effect in effects:
            match effect:
                case Stopped(person=person, purpose=purpose, stopped=stopped):
                    (self._stopped.add if stopped else self._stopped.discard)((person, purpose))
                case Recall():
                    self._recall(effect)
        for effect in effects:
            match effect:
                case Send():
                    self.send(effect)
                case Answer(request_id=request_id):
                    answer = self.answers.pop(request_id, None)
                    if answer is not None:
                        answer(effect)
                case Note():
                    self.note(effect)

    def send(self, send: Send) -> None:
        """Hand the message to a live stream if there is one and nothing has stopped it; else it waits for a stream."""
        delivery = send.delivery
        reason = self._refusal(send)
        if reason is not None:
            return self._say(send, "suppressed", reason)
        if withheld(self.plan(), send.names):
            self.sink.keep(send, self.plan(), self.clock())
            return self._say(send, "suppressed", NOT_LISTED)
        failed: list[str] = []
        written = self.pages.push(self._browsers(send), lambda signed: self._content(send, signed, failed))
        if written is not None:
            self._written.add(delivery.decision, written)
            return self._say(send, "sent", "")
        if failed:
            self._say(send, "suppressed", failed[0])
        return None

    def _browsers(self, send: Send) -> list[str]:
        """Where it may go: to the browser that has it already, as long as that one is there, so no other shows it."""
        holder = self._written.get(send.delivery.decision)
        return [holder] if holder is not None and holder in self.pages else send.anonymous_ids

    def _say(self, send: Send, state: str, reason: str) -> None:
        if send.delivery.state == "intent":
            self.report(Delivered(send.person, send.delivery.decision, state, reason))

    def _refusal(self, send: Send) -> str | None:
        delivery = send.delivery
        moment = self.plan().moment(delivery.moment)
        if moment is None:
            return "moment_removed"
        subjects = (moment.purpose, f"{moment.purpose}/{delivery.channel}")
        if any((send.person, subject) in self._stopped for subject in subjects):
            return "consent: withdrawn"
        if delivery.decision in self._recalled:
            return "recalled"
        if self.clock() >= delivery.expires:
            return "expired"
        return self.board().stops(delivery.moment, delivery.channel) or self._untimely(send)

    def _untimely(self, send: Send) -> str | None:
        """The hours that have begun since the intent, or before it is offered again."""
        policy, action = self.plan().policy, self.plan().moments[send.delivery.moment].action(send.delivery.action)
        kept = policy.hours(action) if action else []
        place = place_of(send.profile.get("time_zone"), send.profile.get("country"))
        return untimely(kept, self.clock(), place) if kept else None

    def _content(self, send: Send, signed: bool, failed: list[str]) -> bytes | None:
        """Only what is to be rendered; without profile fields for a browser nobody vouched for."""
        delivery = send.delivery
        moment = self.plan().moments[delivery.moment]
        action = next((one for one in moment.actions if one.name == delivery.action), None)
        if action is None:
            failed.append("action_removed")
            return None
        try:
            content = render(action.content, send.profile if signed else {})
        except Unrenderable as error:
            failed.append(f"content: {error}")
            return None
        left = delivery.expires - self.clock()
        return self.pages.frame("show", {"id": delivery.decision.hex(), **content, "expires_in": left})

    def _recall(self, recall: Recall) -> None:
        """Not yet handed over: suppressed. Already on a page: taken off it."""
        self._recalled.add(recall.decision)
        if recall.decision not in self._written:
            self.report(Delivered(recall.person, recall.decision, "suppressed", recall.reason))
        self.take_back(recall)

    def take_back(self, recall: Recall) -> None:
        """Take it off every page that shows it; one that does not ignores it."""
        self.pages.tell(
            recall.anonymous_ids, self.pages.frame("recall", {"id": recall.decision.hex(), "reason": recall.reason})
        )
