"""`test-send`: an action sent to one person, marked as a test, through the channel itself. It stands outside holdout,
caps and learning, because it is no decision: nothing is decided, counted or written, and no coupon is taken. Consent,
pauses and the environment's recipients hold, also in the very step that would hand it over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from msgspec import Struct
from msgspec.structs import replace

from journeyloop.act.render import Unrenderable, rendered
from journeyloop.model.board import Board
from journeyloop.model.customer import Customer
from journeyloop.model.decision import Delivery
from journeyloop.model.effects import Send
from journeyloop.model.goods import LISTS, given
from journeyloop.model.moment import MINUTE, Action, Moment
from journeyloop.model.plan import Plan
from journeyloop.model.profile import profile_values
from journeyloop.model.reach import DESK, ONPAGE, PAGE, addresses, unreachable, vouched
from journeyloop.runtime.catalogue import Catalogue, Silent, checked
from journeyloop.runtime.channels import Withheld
from journeyloop.runtime.compose import compose, tags_of
from journeyloop.runtime.couriers import Couriers
from journeyloop.runtime.ports import Pages
from journeyloop.runtime.staging import NOT_LISTED, withheld
from journeyloop.runtime.stops import Stops

LASTS = 10 * MINUTE
COUPON = "TEST-CODE"
UNSUBSCRIBE = "https://unsubscribe.invalid/test"
_MARKED = ("subject", "title", "text", "body")


class Trial(Struct):
    """What a test is judged by. `clock` gives ms since the epoch."""

    plan: Callable[[], Plan]
    board: Callable[[], Board]
    pages: Pages
    couriers: Couriers
    catalogue: Catalogue
    stops: Stops
    clock: Callable[[], int]

    async def send(self, moment: str, action: str, to: str, customer: Customer | None) -> dict[str, Any] | str:
        """What was sent and where, or the reason why nothing was."""
        found = find_action(self.plan(), moment, action)
        if isinstance(found, str):
            return found
        if found[1].placement is not None:
            return f"{moment}/{action} is not sent by itself: the page that has its placement asks for it"
        if customer is None:
            return f"nobody goes by the user id or anonymous id {to}"
        if (refusal := self._refusal(*found, customer)) is not None:
            return refusal
        try:
            send = await self._filled(*found, customer)
            return self._show(send, *found, to) if found[1].channel == ONPAGE else await self._post(send, found[1])
        except Silent as silent:
            return f"catalogue: {silent}"
        except Withheld as stopped:
            return str(stopped)
        except Unrenderable as error:
            return f"content: {error}"

    def _refusal(self, moment: Moment, action: Action, customer: Customer) -> str | None:
        plan, names = self.plan(), [name.value for name in customer.sealed.names]
        return (
            plan.unable(moment, action)
            or self.board().stops(moment.name, action.channel)
            or (NOT_LISTED if withheld(plan, names) else None)
            or plan.policy.refusal(customer.header, moment.purpose, action.channel)
            or unreachable(customer, plan.channels[action.channel])
        )

    async def _filled(self, moment: Moment, action: Action, customer: Customer) -> Send:
        """As if it had been decided, with what its products cost now. Raises Silent, Withheld."""
        send = sample(moment, action, customer, self.plan(), self.clock())
        return replace(send, given=await checked(send.given, action, self.plan(), self.catalogue))

    def _show(self, send: Send, moment: Moment, action: Action, to: str) -> dict[str, Any] | str:
        """To the browser that is asked for, else to the one most looked at. As with every send, a browser that nobody
        vouches for sees no profile."""
        shown: dict[str, Any] = {}
        failed: list[str] = []
        tags, locale = tags_of(self.plan(), moment, action), str(send.profile.get("locale") or "")

        def content(signed: bool) -> bytes | None:
            known = send.given if signed else {name: one for name, one in send.given.items() if name not in LISTS}
            try:
                filled = rendered(action, send.profile if signed else {}, known, locale, tags)
            except Unrenderable as error:
                failed.append(f"content: {error}" + ("" if signed else " (nobody vouches for this browser)"))
                return None
            shown.update(content=filled, vouched=signed)
            return self.pages.frame("show", {"id": uuid4().hex, **filled, "expires_in": LASTS, "test": True})

        written = self.pages.push([to] if to in send.anonymous_ids else send.anonymous_ids, content)
        if written is None:
            return failed[0] if failed else "no tab is open: open a page with loop.js and consent, then try again"
        return {"person": send.person.hex(), "browser": written, **shown}

    async def _post(self, send: Send, action: Action) -> dict[str, Any] | str:
        """Raises Withheld, Unrenderable."""
        if self.plan().channels.get(action.channel) == DESK:
            return "an agent asks for it: a desk is sent nothing; see GET /v1/preview"
        connected = self.couriers.connected(action.channel)
        if connected is None:
            return f"{action.channel} cannot be used: the server's log says why"
        message = compose(send, self.plan(), UNSUBSCRIBE)
        message.test, message.content = True, marked(message.content)

        def go() -> None:
            if (reason := self.stops.withdrawn(send) or self._paused(send)) is not None:
                raise Withheld(reason)

        try:
            async with asyncio.timeout(connected[1].timeout):
                receipt = await connected[0].send(message, go)
        except TimeoutError:
            return f"{action.channel}: timeout"
        if receipt.state != "sent":
            return f"{action.channel}: {receipt.state}: {receipt.reason}"
        return {"person": send.person.hex(), "channel": action.channel, "content": message.content}

    def _paused(self, send: Send) -> str | None:
        return self.board().stops(send.delivery.moment, send.delivery.channel)


def find_action(plan: Plan, moment: str, action: str) -> tuple[Moment, Action] | str:
    """Or why there is none."""
    found = plan.moment(moment)
    if found is None:
        return f"no moment {moment}: there are {', '.join(plan.moments) or 'none'}"
    wanted = found.action(action)
    if wanted is None:
        return f"no action {action} in {moment}: there are {', '.join(one.name for one in found.actions)}"
    return found, wanted


def sample(moment: Moment, action: Action, customer: Customer, plan: Plan, now: int) -> Send:
    """A send that nobody has decided."""
    coupon = f"{action.coupon}:{COUPON}" if action.coupon else ""
    delivery = Delivery(
        uuid4().bytes, moment.name, action.name, moment.topic, action.channel, "intent", now + LASTS, now,
        intended=now, coupon=coupon,
    )  # fmt: skip
    address = plan.channels.get(action.channel, PAGE)
    user_id = next((name.value for name in customer.sealed.names if name.type == "user_id"), "")
    return Send(
        customer.header.person,
        delivery,
        customer.sealed.anonymous_ids(),
        profile_values(customer, now, plan.computed),
        [name.value for name in customer.sealed.names],
        addresses(customer, address),
        user_id,
        vouched(customer, address),
        given(customer, delivery),
    )


def marked(content: dict[str, Any]) -> dict[str, Any]:
    """With the word that it is a test where it is read first."""
    first = next((name for name in _MARKED if isinstance(content.get(name), str)), None)
    return content if first is None else {**content, first: f"[Test] {content[first]}"}
