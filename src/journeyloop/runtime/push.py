"""What other systems are told, on its way to whoever is to hear it: at least once, in order for each audience and for
each destination.

It waits in the store, written in the commit that brought it about, until the receiver has taken it. A receiver that is
down is asked again, ever more seldom, and delays nobody but itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import structlog
from msgspec import Struct

from journeyloop.model.customer import Customer
from journeyloop.model.effects import Membership
from journeyloop.model.errand import Errand, Told
from journeyloop.model.event import Rejected
from journeyloop.model.identifier import keyed_hash
from journeyloop.model.inputs import Input
from journeyloop.model.moment import DAY
from journeyloop.model.plan import Plan
from journeyloop.runtime import outbox, records
from journeyloop.runtime.doors import Overloaded, Unavailable
from journeyloop.runtime.errands import TO, Addressed, Proof, described, enveloped, written
from journeyloop.runtime.ports import Receiver, Store, Transaction
from journeyloop.runtime.staging import NOT_LISTED, Sink, withheld
from journeyloop.runtime.ways import Ways, no_ways

log = structlog.get_logger("journeyloop")
FIRST, LONGEST = 1.0, 300.0
"""Seconds until the second attempt, which double up to the longest."""

KEPT = 3 * DAY
"""What could not be told for that long (ms) is given up."""

NOBODY = "no such receiver any more"
Submit = Callable[[Sequence[Input], Sequence[Rejected], Callable[[Transaction], None]], Awaitable[None]]


class Push(Struct, array_like=True, gc=False):
    """A person came into an audience or left it, at that time (ms); `merged`: as part of another, or with another."""

    person: bytes
    entered: bool
    at: int
    merged: bool = False


class Known(Struct, array_like=True, gc=False):
    """The sealed part: what the receiver knows this person by, and all that they go by."""

    user_id: str | None
    names: list[str] = []


class Letter(Struct, gc=False):
    """What waits first in a queue, ready to be told: `names` are those of whom it is about, `shown` is what a sink may
    keep of it, `proved` the person in whose record its end is written, if it is."""

    queue: str
    key: bytes
    at: int
    names: list[str]
    content: bytes
    shown: dict[str, object]
    proved: bytes | None = None

    @property
    def number(self) -> int:
        return int.from_bytes(self.key[-8:], "big")


def push_record(change: Membership, customer: Customer | None, number: int, now: int) -> tuple[bytes, bytes]:
    """(key, record) of a change that somebody is to be told of."""
    names = customer.sealed.names if customer else []
    user_id = next((name.value for name in names if name.type == "user_id"), None)
    key = change.audience.encode() + b"\0" + number.to_bytes(8, "big")
    known = Known(user_id, [name.value for name in names])
    return key, records.encode_record(Push(change.person, change.since > 0, now, change.merged), known)


class Pushing:
    """`submit` brings the removal of what was told into a commit; `receiver` is the way out for audiences, `ways` are
    those to the destinations. What must not leave this environment goes to the `sink`."""

    def __init__(
        self, store: Store, secret: bytes, plan: Callable[[], Plan], receiver: Receiver, submit: Submit,
        clock: Callable[[], int], ways: Ways | None = None, sink: Sink | None = None,
    ) -> None:  # fmt: skip
        self.store, self.secret, self.plan, self.receiver = store, secret, plan, receiver
        self.submit, self.clock = submit, clock
        self.ways, self.sink = ways or no_ways(), sink or Sink()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._more: set[str] = set()

    def start(self) -> None:
        """Go on with what waits from before."""
        with self.store.read() as reader:
            names = outbox.queues(reader, "pushes")
        for name in names:
            self.wake(name)

    def wake(self, queue: str) -> None:
        """Something waits for the receiver of this audience or destination."""
        self._more.add(queue)
        if queue not in self._tasks:
            self._tasks[queue] = asyncio.get_running_loop().create_task(self._tell_all(queue))

    async def stop(self) -> None:
        """What was not told yet is told after the next start."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.receiver.close()
        await self.ways.close()

    async def _tell_all(self, queue: str) -> None:
        """One after the other until nothing waits."""
        try:
            while queue in self._more:
                self._more.discard(queue)
                while (letter := self._next(queue)) is not None:
                    await self._remove(letter, *await self._tell(letter))
        finally:
            del self._tasks[queue]

    def _next(self, queue: str) -> Letter | None:
        start = queue.encode()
        with self.store.read() as reader:
            row = next(iter(reader.scan("pushes", start + b"\0", start + b"\1")), None)
        return None if row is None else _letter(queue, *row)

    async def _tell(self, letter: Letter) -> tuple[str, str]:
        """Until it is told or need not be; what became of it, and why."""
        id_ = keyed_hash(self.secret, "push", letter.key).hex()
        wait = FIRST
        while True:
            if withheld(self.plan(), letter.names):
                self.sink.keep_told(letter.shown, self.clock())
                return "withheld", NOT_LISTED
            refusal = await self._attempt(letter, id_)
            if refusal is None:
                return "acknowledged", ""
            if refusal == NOBODY:
                return "dropped", refusal
            if self.clock() > letter.at + KEPT:
                log.error("push given up", to=letter.queue, reason=refusal)
                return "given_up", refusal
            log.warning("push failed", to=letter.queue, reason=refusal, again_in_s=wait)
            await asyncio.sleep(wait)
            wait = min(LONGEST, wait * 2)

    async def _attempt(self, letter: Letter, id_: str) -> str | None:
        """One; None if it was taken."""
        plan, name = self.plan(), letter.queue
        if not name.startswith(TO):
            url = plan.pushes.get(name)
            return NOBODY if url is None else await self.receiver.push(url, id_, letter.content)
        destination = plan.destinations.get(name.removeprefix(TO))
        if destination is None:
            return NOBODY
        try:
            receiver = await self.ways.to(destination)
        except LookupError as error:
            return str(error)
        return await receiver.push(destination.url, id_, letter.content)

    async def _remove(self, letter: Letter, state: str, reason: str) -> None:
        proof: list[Input] = [] if letter.proved is None else [Told(letter.proved, letter.number, state, reason)]
        while True:
            try:
                return await self.submit(proof, (), lambda transaction: transaction.delete("pushes", letter.key))
            except Overloaded as error:
                await asyncio.sleep(error.retry_after_s)
            except Unavailable:
                await asyncio.sleep(LONGEST)


def queues_of(effects: Iterable[Any]) -> list[str]:
    """Those in which something waits by these effects."""
    found: dict[str, None] = {}
    for one in effects:
        if isinstance(one, Membership):
            found[one.audience] = None
        elif isinstance(one, Errand):
            found[TO + one.to] = None
    return list(found)


def _letter(queue: str, key: bytes, raw: bytes) -> Letter:
    if not queue.startswith(TO):
        return _change(queue, key, raw)
    proof, addressed = records.decode_record(raw, Proof, Addressed)
    content, names = written(proof, addressed), addressed.names if addressed else []
    shown = {**described(proof), "person": proof.person.hex(), "text": addressed.text if addressed else ""}
    return Letter(queue, key, proof.at, names, content, shown, proof.person)


def _change(audience: str, key: bytes, raw: bytes) -> Letter:
    push, known = records.decode_record(raw, Push, Known)
    told = {
        "audience": audience,
        "person": push.person.hex(),
        "user_id": known.user_id if known else None,
        "change": "enters" if push.entered else "leaves",
        "merged": push.merged,
        "at": push.at,
    }
    type_ = f"audience.{told['change']}"
    names = known.names or [known.user_id] if known else []
    shown = {"to": audience, "type": type_, "person": push.person.hex(), "at": push.at}
    return Letter(audience, key, push.at, [one for one in names if one], enveloped(type_, push.at, told), shown)
