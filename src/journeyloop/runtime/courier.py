"""One courier per channel carries what waits for it: so many at once, so fast, and not at all while its provider is in
trouble. A dead channel delays no other and no event.

A message is asked for only when there is a slot for it, so that its intent is written as late as can be and a crash
leaves few in doubt (docs/adr/0030-couriers.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog
from msgspec import Struct, field
from msgspec.structs import replace

from journeyloop.act.render import Unrenderable
from journeyloop.model.effects import Send
from journeyloop.model.identifier import ADDRESSES
from journeyloop.model.inputs import ConsentStated, Delivered, Input, Ready
from journeyloop.model.plan import Plan
from journeyloop.runtime import outbox
from journeyloop.runtime.attempt import Attempt, unsettled
from journeyloop.runtime.catalogue import Catalogue, NoCatalogue, Silent, checked
from journeyloop.runtime.channels import Channel, Message, Receipt, Terms, Withheld
from journeyloop.runtime.circuit import Circuit, Pace
from journeyloop.runtime.compose import compose, way_out
from journeyloop.runtime.coupons import Coupons
from journeyloop.runtime.outbox import Waiting
from journeyloop.runtime.ports import Store
from journeyloop.runtime.staging import NOT_LISTED, Sink, withheld
from journeyloop.runtime.stops import Stops

log = structlog.get_logger("journeyloop")
WINDOW = 200
"""Rows of the outbox that are read at once."""

REST = 5.0
"""Seconds after the store refused a word, or anything nobody thought of, before the courier goes on."""


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
    coupons: Coupons
    catalogue: Catalogue = field(default_factory=NoCatalogue)


class Courier:
    """Carries for one channel, from `start` until `stop`. Runs on the event loop; `seconds` is a monotonic clock.

    A message whose word the store refused is set aside: it must not stand in the way of those behind it. Its expiry
    ends it.
    """

    def __init__(
        self, name: str, channel: Channel, terms: Terms, house: House, seconds: Callable[[], float]
    ) -> None:  # fmt: skip
        self.name, self.channel, self.terms, self.house = name, channel, terms, house
        self.circuit, self.pace = Circuit(seconds), Pace(terms.rate, seconds)
        self.counts: dict[str, int] = {}
        self.trouble: tuple[int, str] | None = None
        self._slots = asyncio.Semaphore(terms.concurrency)
        self._more = asyncio.Event()
        self._in_hand: dict[bytes, asyncio.Task[None]] = {}
        self._aside: set[bytes] = set()
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
            await asyncio.wait([self._task])
        if self._in_hand:
            await asyncio.wait(self._in_hand.values(), timeout=self.terms.timeout + 1)
        for left in self._in_hand.values():  # in doubt, as after a crash
            left.cancel()
        await self.channel.close()

    # --- the queue --------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        """Whatever goes wrong, the next message has another chance."""
        settled = False
        while True:
            try:
                settled = settled or await self._settle_old()
                await self._more.wait()
                self._more.clear()
                while found := self._next():
                    for one in found:
                        await self._begin(one)
            except Exception as error:
                log.error("courier interrupted", channel=self.name, error=type(error).__name__)
                self._more.set()
                await asyncio.sleep(REST)

    async def _begin(self, one: Waiting) -> None:
        await self._slots.acquire()
        try:
            await self._permission()
            self._in_hand[one.decision] = asyncio.get_running_loop().create_task(self._carry(one))
        except BaseException:
            self._slots.release()
            raise

    def _next(self) -> list[Waiting]:
        """What waits and is in nobody's hand yet."""
        found: list[Waiting] = []
        with self.house.store.read() as reader:
            for one in outbox.waiting(reader, self.name):
                if not (one.intent or one.decision in self._in_hand or one.decision in self._aside):
                    found.append(one)
                    if len(found) == WINDOW:
                        break
        return found

    async def _settle_old(self) -> bool:
        with self.house.store.read() as reader:
            old = unsettled(reader, self.name, self.channel.idempotent)
        for start in range(0, len(old), WINDOW):
            await self.house.commit(old[start : start + WINDOW])
        return True

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
            await self._ask_for(one)
            send = self._sends.pop(one.decision, None)
            if send is not None:
                words = await self._word(send)
                await self.house.commit(words)
                self._count(words[0])
        except Exception as error:
            self._aside.add(one.decision)
            log.error("a channel's word was refused", channel=self.name, error=type(error).__name__)
            await asyncio.sleep(REST)
        finally:
            self._sends.pop(one.decision, None)
            self._in_hand.pop(one.decision, None)
            self._slots.release()

    async def _ask_for(self, one: Waiting) -> None:
        """With the code it is to carry, if it wants one."""
        coupon = self.house.coupons.claim(one.decision)
        try:
            await self.house.commit([Ready(one.person, one.decision, one.key, coupon)])
        finally:
            self.house.coupons.settle(coupon)

    async def _word(self, send: Send) -> list[Delivered | ConsentStated]:
        """What is to be told of it, and of the person: one commit."""
        plan, attempt = self.house.plan(), Attempt(send, self.house.stops, self.channel.idempotent)
        if reason := self.house.stops.refusal(send):
            return [attempt.told("suppressed", reason)]
        if withheld(plan, send.names):
            self.house.sink.keep(send, plan, self.house.clock())
            return [attempt.told("suppressed", NOT_LISTED)]
        try:
            receipt = await self._attempt(send, attempt)
        except (Withheld, Unrenderable) as stopped:
            return [attempt.stopped(stopped)]
        except Silent as silent:
            return [attempt.later(f"catalogue: {silent}", self.house.clock())]
        if receipt.trouble:
            self.trouble = self.house.clock(), receipt.reason
        self.circuit.heard(receipt.trouble)
        word = attempt.word(receipt)
        return [word, *opted_out(send, plan, self.house.clock())] if receipt.opted_out else [word]

    def _count(self, word: Delivered | ConsentStated) -> None:
        if isinstance(word, Delivered):
            self.counts[word.state] = self.counts.get(word.state, 0) + 1

    async def _attempt(self, send: Send, attempt: Attempt) -> Receipt:
        """However it ends, there is a receipt."""
        message = await self._message(send)
        try:
            async with asyncio.timeout(self.terms.timeout):
                return await self.channel.send(message, attempt.go)
        except (Withheld, Unrenderable):
            raise
        except Exception as error:  # a provider answers what nobody thought of
            if not isinstance(error, TimeoutError):
                log.error("channel failed", channel=self.name, error=type(error).__name__)
            return attempt.receipt(error)

    async def _message(self, send: Send) -> Message:
        """Filled with what its products cost now."""
        plan = self.house.plan()
        action = plan.moments[send.delivery.moment].action(send.delivery.action)
        assert action is not None  # the intent was written under this plan, or the last look has stopped it
        given = await checked(send.given, action, plan, self.house.catalogue)
        return compose(replace(send, given=given), plan, way_out(send, plan, self.house.secret))


def opted_out(send: Send, plan: Plan, now: int) -> list[ConsentStated]:
    """What a provider knew before us: nothing goes to this person by this channel any more, whatever its purpose."""
    choices = {f"{purpose}/{send.delivery.channel}": False for purpose in plan.policy.purposes}
    known = [("user_id", send.user_id)] if send.user_id else [("anonymous_id", one) for one in send.anonymous_ids]
    address = plan.channels.get(send.delivery.channel, "")
    known += [(address, one) for one in send.to if address in ADDRESSES]
    return [ConsentStated(who, choices, now, "server") for who in known[:1]]
