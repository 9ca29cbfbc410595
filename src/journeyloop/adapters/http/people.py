"""The JSON API about one person: who they are, all that is held of them, and the undoing of a merge."""

from __future__ import annotations

import asyncio
import re

from starlette.responses import Response
from starlette.types import ASGIApp

from journeyloop.adapters.http.answers import answer
from journeyloop.adapters.http.calls import Joined, Unmerge
from journeyloop.adapters.http.context import Context
from journeyloop.adapters.http.errors import invalid, not_found, refuse
from journeyloop.adapters.http.gate import Call, Endpoint, Parameter, identifier
from journeyloop.adapters.http.keys import Role
from journeyloop.adapters.http.whom import WHO, normalised, whom
from journeyloop.model.identifier import Identifier

_MOMENT = Parameter("moment", "The moment's name.", required=True)


class People:
    """The answers. Each takes a call that passed the gate."""

    def __init__(self, context: Context) -> None:
        self.door = context.door

    def endpoints(self) -> list[Endpoint]:
        server, admin = Role.SERVER, Role.ADMIN
        return [
            Endpoint("GET", "/v1/profile", "What is known of a person.", server, self.profile, WHO),
            Endpoint("GET", "/console/profile", "The console's customer.", admin, self.profile, WHO, local=True),
            Endpoint("GET", "/v1/decisions", "Every decision on a person.", server, self.decisions, WHO),
            Endpoint(
                "GET", "/v1/decisions/{decision_id}", "One decision, and the same in words.", server, self.decision
            ),
            Endpoint("GET", "/v1/why", "Why a moment fired, or did not.", server, self.why, (_MOMENT, *WHO)),
            Endpoint("GET", "/v1/export", "All that is held about a person.", admin, self.export, WHO),
            Endpoint("POST", "/v1/unmerge", "Undo a wrong merge.", admin, self.unmerge, (), Unmerge),
        ]

    async def profile(self, call: Call) -> ASGIApp:
        who = self._who(call)
        if isinstance(who, Response):
            return who
        profile = self.door.profile(who)
        return not_found() if profile is None else answer(profile)

    async def export(self, call: Call) -> ASGIApp:
        who = self._who(call)
        if isinstance(who, Response):
            return who
        held = await asyncio.to_thread(self.door.export, who)
        return not_found() if held is None else answer(held)

    async def decisions(self, call: Call) -> ASGIApp:
        who = self._who(call)
        return who if isinstance(who, Response) else answer({"decisions": self.door.decisions(who)})

    async def decision(self, call: Call) -> ASGIApp:
        known = re.fullmatch("[0-9a-f]{32}", call.path.get("decision_id", ""))
        told = self.door.decision(bytes.fromhex(known[0])) if known else None
        return not_found() if told is None else answer(told)

    async def why(self, call: Call) -> ASGIApp:
        who = self._who(call)
        if isinstance(who, Response):
            return who
        if not call.query.get("moment"):
            return invalid("`moment` is needed.")
        told = self.door.why(call.query["moment"], who)
        return not_found() if told is None else answer(told)

    async def unmerge(self, call: Call) -> ASGIApp:
        body: Unmerge = call.body
        who = identifier(body.user_id, body.anonymous_id)
        other = self._other(body.other)
        for found in (who, other):
            if isinstance(found, Response):
                return found
        assert not isinstance(who, Response) and not isinstance(other, Response)
        if await self.door.unmerge(who, other, "admin"):
            return answer({"success": True})
        return refuse(404, "not_joined", "These two were never joined, or have been told apart already.")

    def _other(self, joined: Joined) -> Identifier | str | Response:
        if joined.person is not None:
            return joined.person
        for type_ in ("email", "phone"):
            value = getattr(joined, type_)
            if value is not None:
                return normalised(type_, value, self.door)
        return identifier(joined.user_id, joined.anonymous_id)

    def _who(self, call: Call) -> Identifier | Response:
        return whom(call.query, self.door)
