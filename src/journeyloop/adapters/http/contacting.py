"""The JSON API of the contact policy: may a tool send, what has it sent, how often are people contacted, and what would
another policy have blocked.
"""

from __future__ import annotations

import asyncio
from typing import Any

from msgspec import structs
from starlette.responses import Response
from starlette.types import ASGIApp

from journeyloop.adapters.http.answers import answer
from journeyloop.adapters.http.calls import MayISend, MaySend, Sent, WouldHave
from journeyloop.adapters.http.context import Context
from journeyloop.adapters.http.errors import invalid, refuse
from journeyloop.adapters.http.gate import Call, Endpoint, Parameter, identifier
from journeyloop.adapters.http.keys import Role
from journeyloop.adapters.http.whom import WHO, whom
from journeyloop.detect.refusal import REASONS
from journeyloop.detect.skew import corrected
from journeyloop.model.event import Event
from journeyloop.model.reported import SENT
from journeyloop.runtime.permission import Message

BATCH_BYTES = 500_000
_MESSAGE = (
    Parameter("channel", "Such as email, sms or push.", required=True),
    Parameter("topic", "What it is about; without one no cap, hold or rest of a topic is looked at."),
    Parameter("purpose", "A purpose of policy.yaml. Default: the only one that asks consent, or `marketing`."),
)
_DAYS = (Parameter("days", "The last so many days: 7 unless given, as far back as the longest cap."),)


class Contacting:
    """The answers. Each takes a call that passed the gate."""

    def __init__(self, context: Context) -> None:
        self.door, self.clock = context.door, context.clock

    def endpoints(self) -> list[Endpoint]:
        server, admin, path = Role.SERVER, Role.ADMIN, "/v1/may-send"
        one, many = "May somebody else send this person a message now?", "The same for up to 1,000 messages."
        how_often, would = "How often people were contacted.", "What a policy would have blocked; nothing changes."
        return [
            Endpoint("GET", path, one, server, self.may_send, (*WHO, *_MESSAGE)),
            Endpoint("POST", path, many, server, self.may_send_many, (), MaySend, most=BATCH_BYTES),
            Endpoint("POST", "/v1/sends", "Another tool has sent a message.", server, self.sent, (), Sent),
            Endpoint("GET", "/v1/contacts", how_often, server, self.contacts, _DAYS),
            Endpoint("GET", "/console/contacts", "The console's contacts.", admin, self.contacts, _DAYS, local=True),
            Endpoint(
                "POST", "/v1/policy/would-have", would, admin, self.would_have, (), WouldHave,
                optional=True, most=BATCH_BYTES,
            ),
        ]  # fmt: skip

    async def may_send(self, call: Call) -> ASGIApp:
        found = self._message(call.query)
        return found if isinstance(found, Response) else answer(self.door.may_send([found])[0])

    async def may_send_many(self, call: Call) -> ASGIApp:
        """A wrong word refuses them all; who names nobody is refused alone: no list of addresses is without one."""
        body: MaySend = call.body
        found = [self._message(_given(one)) for one in body.messages]
        for number, one in enumerate(found):
            if isinstance(one, Wrong):
                return refuse(400, one.code, f"messages[{number}]: {one.sentence}")
        asked = [one for one in found if isinstance(one, Message)]
        answers = iter(await asyncio.to_thread(self.door.may_send, asked))
        return answer({"answers": [next(answers) if isinstance(one, Message) else NOBODY for one in found]})

    def _message(self, given: dict[str, str]) -> Message | Response:
        who = whom(given, self.door)
        if isinstance(who, Response):
            return who
        message = Message(who, given.get("channel", ""), given.get("topic", ""), given.get("purpose", ""))
        wrong = self.door.wrong(message)
        return message if wrong is None else Wrong(*wrong)

    async def sent(self, call: Call) -> ASGIApp:
        """It becomes an event, and so a line of the person's records like any other."""
        body: Sent = call.body
        who = identifier(body.user_id, body.anonymous_id, self.door.blocked_ids())
        if isinstance(who, Response):
            return who
        wrong = self.door.wrong(Message(who, body.channel, body.topic))
        if wrong is not None and wrong[0] != "unknown_purpose":
            return refuse(400, *wrong)
        now = self.clock()
        at = corrected(body.at, None, now)
        if isinstance(at, str):
            return refuse(400, at, REASONS[at])
        properties = {"channel": body.channel, "message_id": body.id, "topic": body.topic}
        user_id, anonymous_id = (who[1], None) if who[0] == "user_id" else (None, who[1])
        event = Event(
            "track", SENT, f"send/{body.channel}/{body.id}", at, user_id, anonymous_id,
            properties={name: value for name, value in properties.items() if value}, source="server",
        )  # fmt: skip
        await self.door.submit([event])
        return answer({"success": True})

    async def contacts(self, call: Call) -> ASGIApp:
        days, most = call.query.get("days", "7"), self.door.longest_days()
        if not (days.isascii() and days.isdigit() and len(days) < 5 and 1 <= int(days) <= most):
            return invalid(f"`days` is a whole number from 1 to {most}: no longer are contacts remembered.")
        return answer(await asyncio.to_thread(self.door.contacts, int(days)))

    async def would_have(self, call: Call) -> ASGIApp:
        body: WouldHave = call.body
        told = await asyncio.to_thread(self.door.would_have, body.days, body.policy)
        if isinstance(told, dict):
            return answer(told)
        return refuse(400, "invalid_policy", "; ".join(f"{one.file}:{one.line}: {one.message}" for one in told))


class Wrong(Response):
    """A refusal for a word that the policy does not know."""

    def __init__(self, code: str, sentence: str) -> None:
        told = refuse(400, code, sentence)
        super().__init__(told.body, 400, media_type="application/json")
        self.code, self.sentence = code, sentence


NOBODY: dict[str, Any] = {"may_send": False, "reasons": ["nobody: this is no id of a person"], "until": None}


def _given(one: MayISend) -> dict[str, str]:
    return {name: value for name, value in structs.asdict(one).items() if value is not None}
