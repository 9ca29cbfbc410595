"""The agent's desk: what an agent is told, what they answer, and what they say of a conversation when it is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal
from uuid import uuid4

from msgspec import json

from journeyloop.act import in_hand, waiting
from journeyloop.act.render import Unrenderable, render
from journeyloop.model.brief import AGENT
from journeyloop.model.customer import Customer
from journeyloop.model.decision import Delivery
from journeyloop.model.disposition import DISPOSED, Disposition
from journeyloop.model.effects import Answer
from journeyloop.model.event import Event
from journeyloop.model.identifier import Identifier
from journeyloop.model.inputs import Asked, Held, Input, Outcome
from journeyloop.model.plan import Plan
from journeyloop.model.profile import profile_values
from journeyloop.model.reach import DESK
from journeyloop.runtime import reads, records
from journeyloop.runtime.briefing import briefed
from journeyloop.runtime.hooked import travels_by
from journeyloop.runtime.memory import Memory
from journeyloop.runtime.perform import Performer
from journeyloop.runtime.ports import Reader, Store
from journeyloop.runtime.staging import NOT_LISTED, withheld

NOTHING = "nothing waits for an agent"
REST = 0.5
"""A desk is told of changes twice a second at most (s)."""

IDLE = 15.0
"""What changes by time alone shows after so long (s)."""

Declined = Literal["not_relevant", "already_done", "wrong_moment", "customer_refuses", "not_allowed", "other"]
Answered = Literal["accepted", "declined"]
OUTCOMES: dict[Answered, str] = {"accepted": "clicked", "declined": "dismissed"}
Refused = Literal["", "unknown", "not_in_hand", "answered"]


class Desks:
    """Who looks at whom right now. A desk that watches somebody is woken when anything of theirs has changed."""

    def __init__(self) -> None:
        self._watched: dict[bytes, set[asyncio.Event]] = {}
        self.ended = False

    def changed(self, people: Collection[bytes]) -> None:
        if self._watched:
            for person in self._watched.keys() & people:
                for one in self._watched[person]:
                    one.set()

    def watch(self, person: bytes, bell: asyncio.Event) -> None:
        self._watched.setdefault(person, set()).add(bell)

    def leave(self, person: bytes, bell: asyncio.Event) -> None:
        watching = self._watched.get(person, set())
        watching.discard(bell)
        if not watching:
            self._watched.pop(person, None)

    def end(self) -> None:
        self.ended = True
        self.changed(list(self._watched))


class Desk:
    """The part of the running loop that agents speak with."""

    store: Store
    memory: Memory
    performer: Performer
    plan: Plan
    desks: Desks
    clock: Callable[[], int]

    async def submit(self, inputs: Sequence[Input]) -> None:
        raise NotImplementedError

    # --- asking -----------------------------------------------------------------------------------------------------

    async def agent_next(self, identifier: Identifier) -> dict[str, Any] | None:
        """One suggestion at most, and the brief; None: nobody goes by this identifier. Asked again it is the same
        suggestion, until it is answered or over: a second look is no second contact."""
        customer = self._customer(identifier)
        if customer is None:
            return None
        reason = await self._take(customer)
        return self.agent_state(identifier, reason)

    def agent_state(self, identifier: Identifier, reason: str = NOTHING) -> dict[str, Any] | None:
        """The same without asking: nothing is handed over."""
        with self.store.read() as reader:
            customer = reads.find_customer(reader, self.memory.secret, identifier)
            if customer is None:
                return None
            now = self.clock()
            suggestion = _suggestion(reader, customer, self.plan, now)
            return {
                "person": customer.header.person.hex(),
                "suggestion": suggestion,
                "reason": suggestion["reason"] if suggestion else reason,
                "waiting": len(waiting(customer, now, self.plan)),
                "brief": briefed(reader, self.memory.secret, self.plan, customer, now, suggestion),
                "dispositions": [_described(one) for one in self.dispositions().values()],
            }

    def dispositions(self) -> dict[str, Disposition]:
        return self.plan.policy.dispositions

    async def _take(self, customer: Customer) -> str:
        """Have what waits handed over, else ask the moments that answer agents; why there is nothing."""
        names = [name.value for name in customer.sealed.names]
        waits = [one.decision for one in waiting(customer, self.clock(), self.plan)]
        who = _named(customer)
        if who is None or in_hand(customer, self.clock(), self.plan) or not (waits or AGENT in self.plan.by_ask):
            return NOTHING
        if withheld(self.plan, names):
            return NOT_LISTED
        ask = Asked(who, AGENT, uuid4().hex, desk=True)
        answers: list[Answer] = []
        self.performer.answers[ask.request_id] = answers.append
        try:
            await self.submit([ask])
        finally:
            self.performer.answers.pop(ask.request_id, None)
        made = [one.decision.id for one in answers if one.decision is not None]
        return self._why_not(made + waits)

    def _why_not(self, decisions: list[bytes]) -> str:
        """What was decided now, or else why what had waited may not be said any more."""
        with self.store.read() as reader:
            for one in decisions:
                delivery, made = reader.get("deliveries", one), reader.get("decisions", one)
                if delivery is not None:
                    return records.decode_delivery(delivery).reason
                if made is not None:
                    return records.decode_decision(made).reason
        return NOTHING

    def _customer(self, identifier: Identifier) -> Customer | None:
        with self.store.read() as reader:
            return reads.find_customer(reader, self.memory.secret, identifier)

    # --- answering --------------------------------------------------------------------------------------------------

    async def agent_answer(self, decision: bytes, answer: Answered, reason: str = "", agent: str = "") -> Refused:
        """Once: the same answer again changes nothing, another one is refused. The loop learns from it as from what a
        person does with a message."""
        outcome = OUTCOMES[answer]
        person, before = self._on_desk(decision)
        if before is None or person is None:
            return "unknown"
        if before.clicked or before.dismissed:
            return "" if getattr(before, outcome) else "answered"
        if before.state == "sent":
            await self.submit([Outcome(person, decision, outcome, reason=reason, agent=agent)])
        _, after = self._on_desk(decision)
        if after is not None and getattr(after, outcome):
            return ""
        return "answered" if after is not None and (after.clicked or after.dismissed) else "not_in_hand"

    def _on_desk(self, decision: bytes) -> tuple[bytes | None, Delivery | None]:
        """Whose decision it is, and its delivery, if that is for an agent."""
        with self.store.read() as reader:
            raw, person = reader.get("deliveries", decision), reads.decision_person(reader, decision)
        found = records.decode_delivery(raw) if raw else None
        return person, found if found and self.plan.channels.get(found.channel) == DESK else None

    async def agent_disposition(self, identifier: Identifier, said: Disposition, note: str, agent: str) -> int | None:
        """What it holds and releases, and an event that moments may listen to, in one commit: until when it holds (0:
        nothing is held); None: nobody goes by this identifier. An event travels by a user id or a browser only."""
        customer = self._customer(identifier)
        who = None if customer is None else _named(customer)
        if customer is None or who is None:
            return None
        now = self.clock()
        until = now + said.length if said.hold else 0
        inputs: list[Input] = [Held(who, sorted(said.hold), until, said.name, sorted(said.release))]
        if (carrier := travels_by(customer)) is not None:
            inputs.append(_event(carrier, said, until, note, agent, now))
        await self.submit(inputs if said.hold or said.release else inputs[1:])
        return until

    # --- watching ---------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def agent_stream(self, identifier: Identifier) -> AsyncIterator[AsyncIterator[bytes]]:
        """A frame with the state of a person now, and another whenever it has changed."""
        bell, at = asyncio.Event(), bytearray()
        try:
            yield self._states(identifier, bell, at)
        finally:
            self.desks.leave(bytes(at), bell)

    async def _states(self, identifier: Identifier, bell: asyncio.Event, at: bytearray) -> AsyncIterator[bytes]:
        """`at` is the person that is watched: two people can become one meanwhile."""
        shown: dict[str, Any] | None = None
        while not self.desks.ended:
            bell.clear()
            self._follow(identifier, bell, at)
            state = await asyncio.to_thread(self.agent_state, identifier)
            if state is not None and state != shown:
                shown = state
                yield b"event: state\ndata: " + json.encode(state) + b"\n\n"
            await asyncio.sleep(REST)
            try:
                await asyncio.wait_for(bell.wait(), IDLE)
            except TimeoutError:
                continue

    def _follow(self, identifier: Identifier, bell: asyncio.Event, at: bytearray) -> None:
        customer = self._customer(identifier)
        person = customer.header.person if customer else b""
        if person != at:
            self.desks.leave(bytes(at), bell)
            self.desks.watch(person, bell)
            at[:] = person


def _suggestion(reader: Reader, customer: Customer, plan: Plan, now: int) -> dict[str, Any] | None:
    """What an agent has in hand, in the words of its author. One that cannot be filled any more is none."""
    delivery = in_hand(customer, now, plan)
    moment = plan.moment(delivery.moment) if delivery else None
    action = moment.action(delivery.action) if moment and delivery else None
    raw = reader.get("decisions", delivery.decision) if delivery else None
    if delivery is None or moment is None or action is None or raw is None:
        return None
    try:
        content = render(action.content, profile_values(customer, now, plan.computed))
    except Unrenderable:
        return None
    made = records.decode_decision(raw)
    return {
        "decision_id": delivery.decision.hex(),
        "moment": moment.name,
        "action": action.name,
        "channel": action.channel,
        "because": moment.title,
        "reason": made.reason,
        "content": content,
        "at": delivery.ended,
        "decided": made.at,
        "expires": delivery.expires,
    }


def _named(customer: Customer) -> Identifier | None:
    """A name that finds this person: one that events travel by, else any."""
    names = customer.sealed.names
    return travels_by(customer) or (names[0].identifier if names else None)


def _described(one: Disposition) -> dict[str, Any]:
    return {"disposition": one.name, "hold": list(one.hold), "for_ms": one.length, "release": list(one.release)}


def _event(who: Identifier, said: Disposition, until: int, note: str, agent: str, now: int) -> Event:
    told = {
        "disposition": said.name,
        "hold": sorted(said.hold),
        "until": until or None,
        "release": sorted(said.release),
        "note": note,
        "agent": agent,
    }
    properties = {name: value for name, value in told.items() if value}
    by_user = who[0] == "user_id"
    ids = {"user_id": who[1]} if by_user else {"anonymous_id": who[1]}
    return Event("track", DISPOSED, uuid4().hex, now, **ids, properties=properties, source="server")  # type: ignore[arg-type]
