"""The page's own courier: a message that carries a coupon waits for its code before a page is offered it.

Everything else goes to a page without waiting. There are no slots: a page is there or not, which the kernel looks at.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from journeyloop.model.effects import Queued
from journeyloop.model.inputs import Input, Ready
from journeyloop.runtime import outbox
from journeyloop.runtime.coupons import Coupons
from journeyloop.runtime.doors import Unavailable

log = structlog.get_logger("journeyloop")


class Claims:
    """`commit` returns when these inputs are durable and performed."""

    def __init__(self, coupons: Coupons, commit: Callable[[Sequence[Input]], Awaitable[None]]) -> None:
        self.coupons, self.commit = coupons, commit
        self._tasks: set[asyncio.Task[None]] = set()

    def queue(self, queued: Queued) -> None:
        """A tab is open for it."""
        task = asyncio.get_running_loop().create_task(self._claim(queued))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _claim(self, queued: Queued) -> None:
        delivery = queued.delivery
        coupon = self.coupons.claim(delivery.decision)
        try:
            await self.commit([Ready(queued.person, delivery.decision, outbox.key_of(delivery), coupon)])
        except Unavailable as error:
            log.error("a page's claim was refused", reason=str(error))
        finally:
            self.coupons.settle(coupon)

    async def stop(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)
