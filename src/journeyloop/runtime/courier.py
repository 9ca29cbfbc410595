"""One courier per channel carries what waits for it: so many at once, so fast, and not at all while its provider is in
trouble. A dead channel delays no other and no event.

A message is asked for only when there is a slot for it, so that its intent is written as late as can be and a crash
leaves few in doubt (docs/adr/0030-couriers.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog
from msgspec import Struct

from journeyloop.act.render import Unrenderable
from journeyloop.model.effects import Send
from journeyloop.model.inputs import ConsentStated, Delivered, Input, Ready
from journeyloop.model.plan import Plan
from journeyloop.runtime import outbox
from journeyloop.runtime.channels import Channel, Receipt, Terms, Withheld
from journeyloop.runtime.circuit import Circuit, Pace
from journeyloop.runtime.compose import compose
from journeyloop.runtime.doors import Unavailable
from journeyloop.runtime.outbox import Waiting
from journeyloop.runtime.ports import Store
from journeyloop.runtime.staging import NOT_LISTED, Sink, withheld
from journeyloop.runtime.stops import Stops

log = structlog.get_logger("journeyloop")
WINDOW = 200
"""Rows of the outbox that are read at once."""

LONGEST_BACKOFF = 900.0
REST = 5.0
"""Seconds after the store refused a word, before the courier goes on."""


class House(Struct):
    """What a courier needs of the running loop. `commit` returns when these inputs are durable and performed; `secret`
    is the store's."""

    store: Store
    stops: Stops
    sink: Sink
    plan: Callable[[], Plan]
    clock: Callable[[], int]
    commit: Callable[[Sequence[Input]], Awaitable[None]]
    secret: bytes


class Courier:
    """Carries for one channel, from `start` until `stop`. Runs on the event loop; `seconds` is a monotonic clock."""

    def __init__(
        self, name: str, channel: Channel, terms: Terms, house: House, seconds: Callable[[], float]
    ) -> None:  # fmt: skip
        self.name, self.channel, self.terms, self.house = name, channel, terms, house
        self.circuit, self.pace = Circuit(seconds), Pace(terms.rate, seconds)
        self.counts: dict[str, int] = {}
        self._slots = asyncio.Semaphore(terms.concurrency)
        self._more = asyncio.Event()
        self._in_hand: dict[bytes, asyncio.Task[None]] = {}
        self._sends: dict[bytes, Send] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._more.set()
        self._task = asyncio.get_running_loop().create_task(self._run())

    def wake(self) -> None:
        """Something waits."""
        self._more.set()

    def take(self, send: Send) -> None:
        """An intent that this courier asked for is committed."""
        self._sends[send.delivery.decision] = send

    @property
    def in_hand(self) -> int:
        return len(self._in_hand)

    async def stop(self) -> None:
        """What is in hand is finished, as far as an attempt may last; what waits goes on waiting."""
        if self._task is not None:
            self._task.cancel()
        if self._in_hand:
            await asyncio.wait(self._in_hand.values(), timeout=self.terms.timeout + 1)
        await self.channel.close()

    # --- the queue --------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        await self._settle_old()
        while True:
            await self._more.wait()
            self._more.clear()
            while found := self._next():
                for one in found:
                    await self._slots.acquire()
                    await self._permission()
                    task = asyncio.get_running_loop().create_task(self._carry(one))
                    self._in_hand[one.decision] = task

    def _next(self) -> list[Waiting]:
        """What waits and is in nobody's hand yet."""
        found: list[Waiting] = []
        with self.house.store.read() as reader:
            for one in outbox.waiting(reader, self.name):
                if not one.intent and one.decision not in self._in_hand:
                    found.append(one)
                    if len(found) == WINDOW:
                        break
        return found

    async def _settle_old(self) -> None:
        """Intents found at the start may have left or not. Only a channel that would know them again may try again."""
        with self.house.store.read() as reader:
            old = [one for one in outbox.waiting(reader, self.name) if one.intent]
        state = "again" if self.channel.idempotent else "unknown"
        reason = "the server stopped after the intent was written"
        if old:
            await self.house.commit([Delivered(one.person, one.decision, state, reason) for one in old])

    async def _permission(self) -> None:
        """Not while the provider is in trouble, and not faster than it likes."""
        while True:
            if (wait := self.circuit.wait()) > 0:
                await asyncio.sleep(wait)
            elif self.circuit.state == "half-open" and self._in_hand:  # one message tries, the others wait for its end
                await asyncio.wait(self._in_hand.values())
            else:
                break
        await asyncio.sleep(self.pace.take())

    # --- one message ------------------------------------------------------------------------------------------------

    async def _carry(self, one: Waiting) -> None:
        try:
            await self.house.commit([Ready(one.person, one.decision, one.key)])
            send = self._sends.pop(one.decision, None)
            if send is not None:
                await self.house.commit([await self._word(send)])
        except Unavailable as error:
            log.error("a channel's word was refused", channel=self.name, reason=str(error))
            await asyncio.sleep(REST)
        finally:
            self._in_hand.pop(one.decision, None)
            self._slots.release()

    async def _word(self, send: Send) -> Delivered:
        """What is to be told of it."""
        plan = self.house.plan()
        if withheld(plan, send.names):
            self.house.sink.keep(send, plan, self.house.clock())
            return self._told(send, "suppressed", NOT_LISTED)
        if reason := self.house.stops.refusal(send):
            return self._told(send, "suppressed", reason)
        try:
            receipt = await self._attempt(send)
        except Withheld as stopped:
            return self._told(send, "suppressed", str(stopped))
        except Unrenderable as error:
            return self._told(send, "suppressed", f"content: {error}")
        self.circuit.heard(receipt.trouble)
        if receipt.opted_out:
            await self.house.commit(opted_out(send, plan, self.house.clock()))
        if receipt.state == "unknown" and self.channel.idempotent:
            receipt.state = "again"
        backoff = min(LONGEST_BACKOFF, max(receipt.after, 2.0**send.delivery.attempts))
        after = int(backoff * 1000) if receipt.state == "again" else 0
        return self._told(send, receipt.state, receipt.reason, after, receipt.gone)

    def _told(self, send: Send, state: str, reason: str, after: int = 0, gone: str = "") -> Delivered:
        self.counts[state] = self.counts.get(state, 0) + 1
        return Delivered(send.person, send.delivery.decision, state, reason, after, gone)

    async def _attempt(self, send: Send) -> Receipt:
        """However it ends: what may have left is in doubt, what has not may be tried again."""
        message = compose(send, self.house.plan(), self.house.secret)
        left = False

        def go() -> None:
            nonlocal left
            self.house.stops.go(send)
            left = True

        try:
            async with asyncio.timeout(self.terms.timeout):
                return await self.channel.send(message, go)
        except (Withheld, Unrenderable):
            raise
        except TimeoutError:
            return Receipt("unknown" if left else "again", "timeout", trouble=True)
        except Exception as error:  # a provider answers what nobody thought of
            log.error("channel failed", channel=self.name, error=type(error).__name__)
            return Receipt("unknown" if left else "failed", type(error).__name__, trouble=True)


def opted_out(send: Send, plan: Plan, now: int) -> list[ConsentStated]:
    """What a provider knew before us: nothing goes to this person by this channel any more, whatever its purpose."""
    choices = {f"{purpose}/{send.delivery.channel}": False for purpose in plan.policy.purposes}
    known = [("user_id", send.user_id)] if send.user_id else [("anonymous_id", one) for one in send.anonymous_ids]
    return [ConsentStated(who, choices, now, "server") for who in known[:1]]
