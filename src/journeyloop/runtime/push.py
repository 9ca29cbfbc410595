"""Changes of audiences on their way to whoever is told of them: at least once, in order for each audience.

They wait in the store, written in the commit that made the change, until the receiver has answered 2xx. A receiver that
is down is asked again, ever more seldom, and delays nobody but itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import structlog
from msgspec import Struct, json

from journeyloop.model.customer import Customer
from journeyloop.model.effects import Membership
from journeyloop.model.event import Rejected
from journeyloop.model.identifier import keyed_hash
from journeyloop.model.inputs import Judge
from journeyloop.model.moment import DAY
from journeyloop.model.plan import Plan
from journeyloop.runtime import records
from journeyloop.runtime.doors import Overloaded, Unavailable
from journeyloop.runtime.ports import Reader, Receiver, Store, Transaction

log = structlog.get_logger("journeyloop")
FIRST, LONGEST = 1.0, 300.0
"""Seconds until the second attempt, which double up to the longest."""

KEPT = 3 * DAY
"""A change that could not be told for that long (ms) is given up."""

Submit = Callable[[Sequence[Judge], Sequence[Rejected], Callable[[Transaction], None]], Awaitable[None]]


class Push(Struct, array_like=True, gc=False):
    """A person came into an audience or left it, at that time (ms); `merged`: as part of another, or with another."""

    person: bytes
    entered: bool
    at: int
    merged: bool = False


class Known(Struct, array_like=True, gc=False):
    """The sealed part: what the receiver knows this person by."""

    user_id: str | None


def push_record(change: Membership, customer: Customer | None, number: int, now: int) -> tuple[bytes, bytes]:
    """(key, record) of a change that somebody is to be told of."""
    names = customer.sealed.names if customer else []
    user_id = next((name.value for name in names if name.type == "user_id"), None)
    key = change.audience.encode() + b"\0" + number.to_bytes(8, "big")
    return key, records.encode_record(Push(change.person, change.since > 0, now, change.merged), Known(user_id))


class Pushing:
    """`submit` brings the removal of what was told into a commit; `receiver` is the way out."""

    def __init__(
        self,
        store: Store,
        secret: bytes,
        plan: Callable[[], Plan],
        receiver: Receiver,
        submit: Submit,
        clock: Callable[[], int],
    ) -> None:
        self.store, self.secret, self.plan, self.receiver = store, secret, plan, receiver
        self.submit, self.clock = submit, clock
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._more: set[str] = set()

    def start(self) -> None:
        """Go on with what waits from before."""
        with self.store.read() as reader:
            names = _waiting(reader)
        for name in names:
            self.wake(name)

    def wake(self, audience: str) -> None:
        """Something waits for the receiver of this audience."""
        self._more.add(audience)
        if audience not in self._tasks:
            self._tasks[audience] = asyncio.get_running_loop().create_task(self._tell_all(audience))

    async def stop(self) -> None:
        """What was not told yet is told after the next start."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.receiver.close()

    async def _tell_all(self, audience: str) -> None:
        """One after the other until nothing waits."""
        try:
            while audience in self._more:
                self._more.discard(audience)
                while (found := self._next(audience)) is not None:
                    await self._tell(audience, *found)
        finally:
            del self._tasks[audience]

    def _next(self, audience: str) -> tuple[bytes, bytes] | None:
        start = audience.encode()
        with self.store.read() as reader:
            return next(iter(reader.scan("pushes", start + b"\0", start + b"\1")), None)

    async def _tell(self, audience: str, key: bytes, raw: bytes) -> None:
        push, known = records.decode_record(raw, Push, Known)
        id_ = keyed_hash(self.secret, "push", key).hex()
        body = _body(audience, push, known)
        wait = FIRST
        while (url := self.plan().pushes.get(audience)) is not None:
            refusal = await self.receiver.push(url, id_, body)
            if refusal is None:
                break
            if self.clock() > push.at + KEPT:
                log.error("push given up", audience=audience, reason=refusal)
                break
            log.warning("push failed", audience=audience, reason=refusal, again_in_s=wait)
            await asyncio.sleep(wait)
            wait = min(LONGEST, wait * 2)
        await self._remove(key)

    async def _remove(self, key: bytes) -> None:
        while True:
            try:
                return await self.submit([], (), lambda transaction: transaction.delete("pushes", key))
            except Overloaded as error:
                await asyncio.sleep(error.retry_after_s)
            except Unavailable:
                await asyncio.sleep(LONGEST)


def _waiting(reader: Reader) -> list[str]:
    """The audiences with something that waits; one look for each."""
    found: list[str] = []
    start = b""
    while row := next(iter(reader.scan("pushes", start)), None):
        name = row[0].partition(b"\0")[0]
        found.append(name.decode())
        start = name + b"\1"
    return found


def _body(audience: str, push: Push, known: Known | None) -> bytes:
    """The shape of Standard Webhooks (https://www.standardwebhooks.com)."""
    told = {
        "audience": audience,
        "person": push.person.hex(),
        "user_id": known.user_id if known else None,
        "change": "enters" if push.entered else "leaves",
        "merged": push.merged,
        "at": push.at,
    }
    at = datetime.fromtimestamp(push.at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.encode({"type": f"audience.{told['change']}", "timestamp": at, "data": told})
