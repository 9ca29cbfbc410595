"""Effects become deeds, on the event loop, in commit order: on-page messages here, all others by their couriers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from journeyloop.act.render import Unrenderable, rendered
from journeyloop.model.board import Board
from journeyloop.model.effects import Answer, Note, Queued, Recall, Send, Stopped
from journeyloop.model.goods import LISTS
from journeyloop.model.inputs import Delivered
from journeyloop.model.moment import Action
from journeyloop.model.plan import Plan
from journeyloop.model.reach import ONPAGE
from journeyloop.runtime.catalogue import Catalogue, NoCatalogue, Silent, asks, checked, homed
from journeyloop.runtime.channels import Withheld
from journeyloop.runtime.compose import tags_of
from journeyloop.runtime.ports import Pages
from journeyloop.runtime.staging import NOT_LISTED, Sink, withheld
from journeyloop.runtime.stops import Stops


class Post(Protocol):
    """The couriers: what waits for a channel, and what may leave by it now."""

    def queue(self, queued: Queued) -> None: ...

    def take(self, send: Send) -> None: ...


class Nowhere:
    """Where no channel is connected."""

    def queue(self, queued: Queued) -> None:
        """It waits."""

    def take(self, send: Send) -> None:
        """Nobody was ready for it."""


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
        post: Post | None = None,
        catalogue: Catalogue | None = None,
    ) -> None:
        self.sink = sink or Sink()
        self.pages, self.report, self.plan, self.board = pages, report, plan, board
        self.clock, self.note = clock, note
        self.answers: dict[str, Callable[[Answer], None]] = {}
        self.stops = Stops(plan, board, clock)
        self.post, self.catalogue = post or Nowhere(), catalogue or NoCatalogue()
        self._checks: dict[bytes, asyncio.Task[None]] = {}

    def perform(self, effects: list[Any]) -> None:
        """Stops first: an opt-out committed together with a send wins."""
        for effect in effects:
            match effect:
                case Stopped():
                    self.stops.hear(effect)
                case Recall():
                    self._recall(effect)
        for effect in effects:
            match effect:
                case Send():
                    self.send(effect)
                case Queued():
                    self.post.queue(effect)
                case Answer(request_id=request_id):
                    answer = self.answers.pop(request_id, None)
                    if answer is not None:
                        answer(effect)
                case Note():
                    self.note(effect)

    def send(self, send: Send) -> None:
        """Hand the message to a live stream if there is one and nothing has stopped it; else it waits for a stream."""
        delivery = send.delivery
        if delivery.channel != ONPAGE:
            return self.post.take(send)
        reason = self.stops.refusal(send)
        if reason is not None:
            return self._say(send, "suppressed", reason)
        if withheld(self.plan(), send.names):
            self.sink.keep(send, self.plan(), self.clock())
            return self._say(send, "suppressed", NOT_LISTED)
        action = self._action(send)
        if action is None:
            return self._say(send, "suppressed", "action_removed")
        if asks(action, self.plan()):
            return self._ask_prices(send, action)
        return self._push(send, action, homed(send.given, self.plan()))

    def _ask_prices(self, send: Send, action: Action) -> None:
        """Once, however often it is offered meanwhile: two answers could say two things."""
        decision = send.delivery.decision
        if decision not in self._checks:
            self._checks[decision] = asyncio.get_running_loop().create_task(self._check(send, action))
            self._checks[decision].add_done_callback(lambda _: self._checks.pop(decision, None))

    async def _check(self, send: Send, action: Action) -> None:
        """Ask what its products cost now, then look again whether anything has stopped it."""
        try:
            given = await checked(send.given, action, self.plan(), self.catalogue)
        except Silent as silent:
            return self._say(send, "suppressed", f"catalogue: {silent}")
        except Withheld as none:
            return self._say(send, "suppressed", str(none))
        if (reason := self.stops.refusal(send)) is not None:
            return self._say(send, "suppressed", reason)
        return self._push(send, action, given)

    def _push(self, send: Send, action: Action, given: dict[str, Any]) -> None:
        failed: list[str] = []
        written = self.pages.push(
            self._browsers(send), lambda signed: self._content(send, action, given, signed, failed)
        )
        if written is not None:
            self.stops.handed.add(send.delivery.decision, written)
            return self._say(send, "sent", "")
        if failed:
            self._say(send, "suppressed", failed[0])
        return None

    def _browsers(self, send: Send) -> list[str]:
        """Where it may go: to the browser that has it already, as long as that one is there, so no other shows it."""
        holder = self.stops.handed.get(send.delivery.decision)
        return [holder] if holder is not None and holder in self.pages else send.anonymous_ids

    def _say(self, send: Send, state: str, reason: str) -> None:
        if send.delivery.state == "intent":
            self.report(Delivered(send.person, send.delivery.decision, state, reason))

    def _action(self, send: Send) -> Action | None:
        return self.plan().moments[send.delivery.moment].action(send.delivery.action)

    def _content(
        self, send: Send, action: Action, given: dict[str, Any], signed: bool, failed: list[str]
    ) -> bytes | None:
        """Only what is to be rendered; for a browser nobody vouched for in its language, but without profile, cart and
        what was looked at."""
        delivery, locale = send.delivery, str(send.profile.get("locale") or "")
        known = given if signed else {name: value for name, value in given.items() if name not in LISTS}
        tags = tags_of(self.plan(), self.plan().moments[delivery.moment], action)
        try:
            content = rendered(action, send.profile if signed else {}, known, locale, tags)
        except Unrenderable as error:
            failed.append(f"content: {error}")
            return None
        left = delivery.expires - self.clock()
        return self.pages.frame("show", {"id": delivery.decision.hex(), **content, "expires_in": left})

    def _recall(self, recall: Recall) -> None:
        """Not yet handed over: suppressed. Already on a page: taken off it."""
        self.stops.hear(recall)
        if recall.decision not in self.stops.handed:
            self.report(Delivered(recall.person, recall.decision, "suppressed", recall.reason))
        self.take_back(recall)

    def take_back(self, recall: Recall) -> None:
        """Take it off every page that shows it; one that does not ignores it."""
        self.pages.tell(
            recall.anonymous_ids, self.pages.frame("recall", {"id": recall.decision.hex(), "reason": recall.reason})
        )
