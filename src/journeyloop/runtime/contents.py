"""What those who write messages ask of a running loop: previews, and the pools of coupons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import structlog

from journeyloop.model.event import Rejected
from journeyloop.model.identifier import Identifier
from journeyloop.model.inputs import Input
from journeyloop.model.plan import Plan
from journeyloop.runtime import reads
from journeyloop.runtime.catalogue import Catalogue
from journeyloop.runtime.coupons import Taken, pools, take_in
from journeyloop.runtime.memory import Memory
from journeyloop.runtime.ports import Store, Transaction
from journeyloop.runtime.previews import preview
from journeyloop.runtime.quarantine import Also
from journeyloop.runtime.trial import find_action

log = structlog.get_logger("journeyloop")


class Contents:
    """A part of the running loop; `Live` is the whole."""

    store: Store
    memory: Memory
    plan: Plan
    catalogue: Catalogue
    clock: Callable[[], int]

    async def submit(
        self, inputs: Sequence[Input], rejected: Sequence[Rejected] = (), also: Also | None = None
    ) -> None:
        raise NotImplementedError

    async def preview_content(self, moment: str, action: str, who: Identifier) -> dict[str, Any] | str:
        """What the action would say to this person, or why there is nothing to say."""
        found = find_action(self.plan, moment, action)
        if isinstance(found, str):
            return found
        with self.store.read() as reader:
            customer = reads.find_customer(reader, self.memory.secret, who)
        if customer is None:
            return "nobody goes by this id"
        told = await preview(self.plan, *found, customer, self.catalogue, self.clock())
        return {"person": customer.header.person.hex(), **told}

    async def take_coupons(self, pool: str, codes: Sequence[str]) -> Taken:
        """New codes for a pool, durable once this returns."""
        taken = [Taken()]

        def also(transaction: Transaction) -> None:
            taken[0] = take_in(transaction, pool, codes)

        await self.submit([], also=also)
        log.info("coupons taken in", pool=pool, added=taken[0].added, duplicates=taken[0].duplicates)
        return taken[0]

    def coupon_pools(self) -> list[dict[str, Any]]:
        """Each with how many codes are free and given."""
        with self.store.read() as reader:
            return pools(reader, self.plan)
