"""What the running loop tells of its contact policy: to tools that ask before they send, and to those who run it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from journeyloop.model.board import Board
from journeyloop.model.moment import DAY
from journeyloop.model.plan import Plan, Problem
from journeyloop.runtime import permission
from journeyloop.runtime.contacted import contacted
from journeyloop.runtime.memory import Memory
from journeyloop.runtime.permission import Message
from journeyloop.runtime.ports import Store
from journeyloop.runtime.would_have import would_have

Considered = Callable[[dict[str, str]], tuple[Plan | None, list[Problem]]]
POLICY = "policy.yaml"
RESTS = 10
"""An answer that took a second is good for so many: who asks again and again must not keep the machine busy."""


class Contacting:
    """`considered` reads the texts of a configuration that is only thought of."""

    store: Store
    memory: Memory
    plan: Plan
    board: Board
    clock: Callable[[], int]
    considered: Considered
    _counted: tuple[int, dict[str, Any]] | None = None

    def wrong(self, message: Message) -> tuple[str, str] | None:
        """What the policy does not know of it: a code and a sentence."""
        return permission.wrong(self.plan, message)

    def may_send(self, messages: Sequence[Message]) -> list[dict[str, Any]]:
        with self.store.read() as reader:
            return permission.permissions(reader, self.memory.secret, self.plan, self.board, messages, self.clock())

    def longest_days(self) -> int:
        """How far back contacts are remembered."""
        return self.plan.horizon // DAY

    def contacts(self, days: int) -> dict[str, Any]:
        """Called on a thread."""
        began = self.clock()
        if self._counted is None or self._counted[1]["days"] != days or began >= self._counted[0]:
            with self.store.read() as reader:
                told = contacted(reader, self.plan, began, days)
            ended = self.clock()
            self._counted = ended + RESTS * (ended - began), told
        return self._counted[1]

    def would_have(self, days: int, policy: str | None) -> dict[str, Any] | list[Problem]:
        """By the policy in force, or by this text in its place; the errors of a text that is none. On a thread."""
        plan: Plan | None = self.plan
        if policy is not None:
            plan, problems = self.considered({**self.plan.texts, POLICY: policy})
            if plan is None:
                return [one for one in problems if one.level == "error"]
        assert plan is not None
        with self.store.read() as reader:
            return would_have(reader, plan, self.clock(), days)
