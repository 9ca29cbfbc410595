"""`test-send`: an action shown to one browser, marked as a test. It stands outside holdout, caps and learning, because
it is no decision: nothing is decided, counted or written. Consent, pauses and the environment's recipients hold.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from msgspec import Struct

from journeyloop.act.render import Unrenderable, render
from journeyloop.model.board import Board
from journeyloop.model.customer import Customer
from journeyloop.model.moment import MINUTE, Action, Moment
from journeyloop.model.plan import Plan
from journeyloop.model.profile import profile_values
from journeyloop.runtime.ports import Pages
from journeyloop.runtime.staging import NOT_LISTED, withheld

LASTS = 10 * MINUTE
SHOWN_ON = "onpage"


class Trial(Struct):
    """What a test is judged by at the time `now` (ms)."""

    plan: Plan
    board: Board
    pages: Pages
    now: int

    def send(self, moment: str, action: str, to: str, customer: Customer | None) -> dict[str, Any] | str:
        """What was shown and where, or the reason why nothing was."""
        found = self._found(moment, action)
        if isinstance(found, str):
            return found
        if customer is None:
            return f"nobody goes by the user id or anonymous id {to}"
        refusal = self._refusal(*found, customer)
        return refusal if refusal is not None else self._show(found[1], customer, to)

    def _found(self, moment: str, action: str) -> tuple[Moment, Action] | str:
        found = self.plan.moment(moment)
        if found is None:
            return f"no moment {moment}: there are {', '.join(self.plan.moments) or 'none'}"
        wanted = found.action(action)
        if wanted is None:
            return f"no action {action} in {moment}: there are {', '.join(one.name for one in found.actions)}"
        if wanted.channel != SHOWN_ON or wanted.placement is not None:
            return f"{moment}/{action} is not shown by itself: only {SHOWN_ON} without a placement can be tested"
        return found, wanted

    def _refusal(self, moment: Moment, action: Action, customer: Customer) -> str | None:
        names = [name.value for name in customer.sealed.names]
        stopped = self.board.stops(moment.name, action.channel)
        if stopped is None and withheld(self.plan, names):
            stopped = NOT_LISTED
        return stopped or self.plan.policy.refusal(customer.header, moment.purpose, action.channel)

    def _show(self, action: Action, customer: Customer, to: str) -> dict[str, Any] | str:
        """To the browser that is asked for, else to the one most looked at. As with every send, a browser that nobody
        vouches for sees no profile."""
        profile = profile_values(customer, self.now, self.plan.computed)
        shown: dict[str, Any] = {}
        failed: list[str] = []

        def content(signed: bool) -> bytes | None:
            try:
                shown.update(content=render(action.content, profile if signed else {}), vouched=signed)
            except Unrenderable as error:
                failed.append(f"content: {error}" + ("" if signed else " (nobody vouches for this browser)"))
                return None
            return self.pages.frame("show", {"id": uuid4().hex, **shown["content"], "expires_in": LASTS, "test": True})

        browsers = customer.sealed.anonymous_ids()
        written = self.pages.push([to] if to in browsers else browsers, content)
        if written is None:
            return failed[0] if failed else "no tab is open: open a page with loop.js and consent, then try again"
        return {"person": customer.header.person.hex(), "browser": written, **shown}
