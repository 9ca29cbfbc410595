"""What can be asked to be done: an outcome reported, a pause, refused input tried again, a merge undone.

Each becomes an input like any other, and is done when it is durable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import structlog

from journeyloop.model.board import Board
from journeyloop.model.event import Rejected
from journeyloop.model.identifier import Identifier
from journeyloop.model.inputs import Input, Outcome, Paused
from journeyloop.model.plan import Plan
from journeyloop.runtime import reads
from journeyloop.runtime.channels import Pushes
from journeyloop.runtime.couriers import Couriers
from journeyloop.runtime.imports import Imports, Progress
from journeyloop.runtime.memory import Memory
from journeyloop.runtime.person import joined
from journeyloop.runtime.ports import Pages, Store
from journeyloop.runtime.quarantine import Also, tried_again
from journeyloop.runtime.rows import Kind, Terms
from journeyloop.runtime.trial import Trial
from journeyloop.runtime.unsubscribe import Ending, stated

log = structlog.get_logger("journeyloop")
PRIMARY = ("user_id", "anonymous_id")


class Commands:
    """The asking-for half of the running loop; `Live` carries them out."""

    store: Store
    memory: Memory
    plan: Plan
    board: Board
    pages: Pages
    imports: Imports
    couriers: Couriers
    clock: Callable[[], int]

    async def submit(
        self, inputs: Sequence[Input], rejected: Sequence[Rejected] = (), also: Also | None = None
    ) -> None:
        raise NotImplementedError

    async def resubmit(self, numbers: list[int]) -> dict[str, int]:
        """Take refused input that is acceptable by now out of the quarantine; no numbers: all of it."""
        with self.store.read() as reader:
            tried = list(tried_again(reader, numbers, self._terms()))
        for one in tried:
            if one.inputs is not None:
                await self.submit(one.inputs, also=one.also)
        accepted = sum(one.inputs is not None for one in tried)
        return {"accepted": accepted, "refused": len(tried) - accepted}

    async def take_rows(self, kind: Kind, file: str, start: int, lines: Sequence[bytes]) -> Progress:
        """Rows of an import, as `runtime.imports` says."""
        return await self.imports.take(kind, file, start, lines)

    def _terms(self) -> Terms:
        return Terms(self.plan, self.memory.secret, self.clock())

    async def outcome(self, decision_id: str, outcome: str, machine: bool = False) -> bool:
        """Report an outcome of a decision by its id; False if there is no such decision. `machine`: a bot's word."""
        try:
            key = bytes.fromhex(decision_id)
        except ValueError:
            return False
        with self.store.read() as reader:
            made = reads.decision_person(reader, key) if len(key) == 16 else None
        if made is None:
            return False
        await self.submit([Outcome(made, key, outcome, machine)])
        return True

    async def unmerge(self, identifier: Identifier, other: Identifier | str, by: str) -> bool:
        """Tell two people apart who were joined by mistake: this person, and the one that `other` (an identifier, or a
        person's id in hex) was before. False: they were never joined."""
        with self.store.read() as reader:
            unmerge = joined(reader, self.memory.secret, self.plan, identifier, other)
        if unmerge is None:
            return False
        unmerge.by = by
        await self.submit([unmerge])
        log.warning("unmerged", person=unmerge.person.hex(), by=by)
        return True

    async def unsubscribe(self, ending: Ending, everything: bool) -> bool:
        """Somebody came by the link of a message and wants no more: of its purpose (`everything`), or of it by e-mail.
        False: there is nobody left whom it is about."""
        with self.store.read() as reader:
            customer = reads.read_customer(reader, ending.person)
        word = stated(ending, everything, customer, self.plan, self.clock()) if customer else None
        if word is None:
            return False
        await self.submit([word])
        return True

    def pushes(self) -> Pushes | None:
        return self.couriers.pushes()

    async def pause(self, scope: str, paused: bool, by: str, note: str = "") -> str | None:
        """Stop or resume `all`, `moment:NAME` or `channel:NAME`, effective for the next send. Or the reason why not: a
        pause of something that does not exist would stop nothing."""
        if scope not in self.board.paused and (refusal := self.plan.unknown(scope)) is not None:
            return refusal
        await self.submit([Paused(scope, paused, by, note)])
        log.warning("paused" if paused else "resumed", scope=scope)
        return None

    async def test_send(self, moment: str, action: str, to: str) -> dict[str, Any] | str:
        """Show an action to one person (by user id, else by anonymous id), marked as a test; or the reason why not.
        Nothing is decided, counted or written."""
        with self.store.read() as reader:
            found = (reads.find_customer(reader, self.memory.secret, (type_, to)) for type_ in PRIMARY)
            customer = next((one for one in found if one is not None), None)
        told = Trial(self.plan, self.board, self.pages, self.clock()).send(moment, action, to, customer)
        if isinstance(told, dict):
            log.warning("test sent", moment=moment, action=action, person=told["person"])
        return told
