"""A door that records what HTTP hands to it and answers from what a test laid ready."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from journeyloop.adapters.http.door import Frames
from journeyloop.interpret.names import normal
from journeyloop.model.customer import Customer
from journeyloop.model.disposition import Disposition
from journeyloop.model.event import Event, Rejected
from journeyloop.model.identifier import Identifier
from journeyloop.model.inputs import Input
from journeyloop.model.plan import Problem
from journeyloop.model.policy import BLOCKED, Identity
from journeyloop.model.reach import CHANNELS
from journeyloop.runtime.channels import Pushes
from journeyloop.runtime.coupons import Taken
from journeyloop.runtime.hooked import Addressing, Told
from journeyloop.runtime.imports import Gap, Progress
from journeyloop.runtime.permission import Message
from journeyloop.runtime.rows import Kind
from journeyloop.runtime.unsubscribe import Ending

SILENCE = {"action": None, "reason": "nothing_listens", "decision_id": None}


class RecordingDoor:
    def __init__(self) -> None:
        self.inputs: list[Input] = []
        self.rejected: list[Rejected] = []
        self.customers: dict[Identifier, Customer] = {}
        self.hooks: Counter[tuple[str, str]] = Counter()
        self.people: dict[Identifier, dict[str, Any]] = {}
        self.known_decisions: set[str] = set()
        self.outcomes: list[tuple[str, str]] = []
        self.endings: dict[str, Ending] = {}
        self.ended: list[tuple[Ending, bool]] = []
        self.asked: list[tuple[Identifier, str, dict[str, Any]]] = []
        self.by_browsers: list[bool] = []
        self.previewed: list[tuple[Identifier, str, dict[str, Any]]] = []
        self.answers: dict[str, dict[str, Any]] = {}
        self.machines: list[bool] = []
        self.unmerged: list[tuple[Identifier, Identifier | str, str]] = []
        self.pauses: list[tuple[str, bool, str, str]] = []
        self.reloads: list[tuple[str, str]] = []
        self.tests: list[tuple[str, str, str]] = []
        self.contents: list[tuple[str, str, Identifier]] = []
        self.content: dict[str, Any] = {}
        self.codes: dict[str, list[str]] = {}
        self.tabs: dict[str, list[dict[str, Any]]] = {}
        self.streams: list[tuple[str, bool]] = []
        self.rows: list[tuple[str, str, int, list[bytes]]] = []
        self.progress = Progress()
        self.listed: list[tuple[str, int, bytes]] = []
        self.agents: list[tuple[str, str, str, str]] = []
        self.disposed: list[tuple[Identifier, Disposition, str, str]] = []
        self.refused = ""
        self.messages: list[Message] = []
        self.closed = 0
        self.pushing: Pushes | None = None
        self.frames: list[bytes] = [b"event: show\ndata: {}\n\n"]
        self.endless = False
        self.blocked = BLOCKED
        self.fails: Exception | None = None

    @property
    def events(self) -> list[Event]:
        return [found for found in self.inputs if isinstance(found, Event)]

    def _may_fail(self) -> None:
        if self.fails:
            raise self.fails

    async def submit(self, inputs: Sequence[Input], rejected: Sequence[Rejected] = ()) -> None:
        self._may_fail()
        await asyncio.sleep(0)
        self.inputs += inputs
        self.rejected += rejected

    async def agent_next(self, identifier: Identifier) -> dict[str, Any] | None:
        self._may_fail()
        return self.people.get(identifier)

    async def agent_answer(self, decision: bytes, answer: str, reason: str = "", agent: str = "") -> str:
        self._may_fail()
        self.agents.append((decision.hex(), answer, reason, agent))
        return self.refused

    async def agent_disposition(self, identifier: Identifier, said: Disposition, note: str, agent: str) -> int | None:
        self._may_fail()
        if identifier not in self.people:
            return None
        self.disposed.append((identifier, said, note, agent))
        return said.length

    def dispositions(self) -> dict[str, Disposition]:
        return {"complaint_open": Disposition("complaint_open", ("marketing",), 7, ())}

    def agent_stream(self, identifier: Identifier) -> Frames:
        return self._opened()

    def person_of(self, identifier: Identifier) -> str | None:
        found = self.people.get(identifier)
        return None if found is None else found["person"]

    def export(self, identifier: Identifier) -> dict[str, Any] | None:
        return self.people.get(identifier)

    def normal(self, type_: str, value: str) -> str:
        return normal(type_, value, None, Identity())

    async def unmerge(self, identifier: Identifier, other: Identifier | str, by: str) -> bool:
        self._may_fail()
        self.unmerged.append((identifier, other, by))
        return identifier in self.people

    def addressed(self, told: Told) -> tuple[bytes, str]:
        return Addressing(b"secret", Identity(), self.customers.get).addressed(told)

    def count_hook(self, source: str, result: str) -> None:
        self.hooks[source, result] += 1

    def blocked_ids(self) -> frozenset[str]:
        return self.blocked

    def pushes(self) -> Pushes | None:
        return self.pushing

    def alike(self, channel: str) -> list[str]:
        return [channel] if channel in CHANNELS else []

    def topics(self) -> frozenset[str]:
        return frozenset({"cart", "marketing"})

    def purposes(self) -> frozenset[str]:
        return frozenset({"marketing", "service"})

    async def ask(
        self, identifier: Identifier, placements: Sequence[str], context: dict[str, Any], browser: bool = False
    ) -> dict[str, Any]:
        self._may_fail()
        self.asked += [(identifier, placement, context) for placement in placements]
        self.by_browsers += [browser] * len(placements)
        return {placement: self.answers.get(placement, SILENCE) for placement in placements}

    def preview(self, identifier: Identifier, placements: Sequence[str], context: dict[str, Any]) -> dict[str, Any]:
        self.previewed += [(identifier, placement, context) for placement in placements]
        return {placement: {**SILENCE, "preview": True} for placement in placements}

    def wrong(self, message: Message) -> tuple[str, str] | None:
        known = message.channel in ("email", "push") and message.topic in ("", "cart")
        return None if known else ("unknown_channel", "There is no such channel: did you mean email?")

    def may_send(self, messages: Sequence[Message]) -> list[dict[str, Any]]:
        self.messages += messages
        return [{"may_send": True, "reasons": [], "until": None} for _ in messages]

    def longest_days(self) -> int:
        return 7

    def contacts(self, days: int) -> dict[str, Any]:
        return {"days": days}

    def would_have(self, days: int, policy: str | None) -> dict[str, Any] | list[Problem]:
        wrong = Problem("policy.yaml", 1, "error", "caps: write a list")
        return [wrong] if policy == "caps: 3" else {"days": days, "policy": policy}

    def profile(self, identifier: Identifier) -> dict[str, Any] | None:
        return self.people.get(identifier)

    def decisions(self, identifier: Identifier) -> list[dict[str, Any]]:
        return [{"id": "d1"}] if identifier in self.people else []

    def decision(self, decision_id: bytes) -> dict[str, Any] | None:
        return {"id": decision_id.hex()} if decision_id.hex() in self.known_decisions else None

    def why(self, moment: str, identifier: Identifier) -> dict[str, Any] | None:
        return {"moment": moment, "outcome": "clause"} if moment == "checkout_stall" else None

    def audiences(self) -> dict[str, Any]:
        return {"audiences": [{"audience": "buyers", "where": "profile.orders > 0", "members": 3, "push": False}]}

    def members(self, audience: str, limit: int, after: bytes) -> dict[str, Any] | None:
        self.listed.append((audience, limit, after))
        identifiers = [{"type": "user_id", "value": "=u1"}]
        member = {"person": "ab" * 16, "since": 5, "identifiers": identifiers}
        return {"members": [member], "next": "ab" * 16} if audience == "buyers" else None

    def moments(self) -> dict[str, Any]:
        return {"plan": "p", "problems": [], "moments": []}

    def sources(self) -> dict[str, Any]:
        return {"sources": []}

    def channels(self) -> dict[str, Any]:
        return {"channels": [{"channel": "letters"}]}

    def failed(self, channel: str | None, limit: int) -> dict[str, Any]:
        return {"failed": [{"channel": channel, "limit": limit}]}

    def quarantine(self, limit: int) -> list[dict[str, Any]]:
        return [{"reason": refused.reason} for refused in self.rejected[:limit]]

    async def resubmit(self, numbers: list[int]) -> dict[str, int]:
        return {"accepted": len(numbers), "refused": 0}

    def imported(self, file: str) -> Progress:
        return self.progress

    async def take_rows(self, kind: Kind, file: str, start: int, lines: Sequence[bytes]) -> Progress:
        self._may_fail()
        if start > self.progress.next:
            raise Gap(str(self.progress.next))
        self.rows += [(kind, file, start, list(lines))]
        self.progress = Progress(start + len(lines), start + len(lines), {})
        return self.progress

    def ending(self, token: str) -> Ending | None:
        return self.endings.get(token)

    async def unsubscribe(self, ending: Ending, everything: bool) -> bool:
        self._may_fail()
        self.ended.append((ending, everything))
        return ending.purpose != "of nobody"

    async def outcome(self, decision_id: str, outcome: str, machine: bool = False) -> bool:
        self._may_fail()
        self.machines.append(machine)
        self.outcomes.append((decision_id, outcome))
        return decision_id in self.known_decisions

    async def pause(self, scope: str, paused: bool, by: str, note: str = "") -> str | None:
        self.pauses.append((scope, paused, by, note))
        return "there is no such moment" if scope == "moment:nowhere" else None

    async def test_send(self, moment: str, action: str, to: str) -> dict[str, Any] | str:
        self.tests.append((moment, action, to))
        return {"browser": to} if to == "a1" else "no tab is open"

    async def preview_content(self, moment: str, action: str, who: Identifier) -> dict[str, Any] | str:
        self.contents.append((moment, action, who))
        return self.content if moment == "now" else "no moment"

    async def take_coupons(self, pool: str, codes: Sequence[str]) -> Taken:
        self._may_fail()
        self.codes.setdefault(pool, []).extend(codes)
        return Taken(added=len(codes))

    def coupon_pools(self) -> list[dict[str, Any]]:
        return [{"pool": "welcome", "free": 1, "given": 0, "used": True}]

    async def reload(self, by: str = "", note: str = "") -> dict[str, Any]:
        self.reloads.append((by, note))
        return {"plan": "p", "problems": []}

    def history(self) -> dict[str, Any]:
        return {"versions": [{"hash": "abcd"}], "pauses": []}

    def version(self, prefix: str) -> dict[str, Any] | None:
        return {"hash": "abcd", "files": {}} if prefix == "abcd" else None

    def sunk(self) -> list[dict[str, Any]]:
        return [{"content": {}}]

    def stream(self, anonymous_id: str, signed: bool) -> Frames:
        self.streams.append((anonymous_id, signed))
        return self._opened()

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[AsyncIterator[bytes]]:
        self._may_fail()
        try:
            yield self._iterate()
        finally:
            self.closed += 1

    async def _iterate(self) -> AsyncIterator[bytes]:
        for frame in self.frames:
            yield frame
        if self.endless:
            await asyncio.Event().wait()

    def saw_tabs(self, anonymous_id: str, tabs: list[dict[str, Any]]) -> None:
        self.tabs[anonymous_id] = tabs

    def feed(self) -> Frames:
        return self._opened()

    def health(self) -> dict[str, Any]:
        return {"status": "ok"}

    def ready(self) -> tuple[bool, dict[str, Any]]:
        return self.fails is None, {"store": "ok"}

    def metrics(self) -> bytes:
        return b"journeyloop_events_total 1\n"
