"""The JSON API of those who run it: the kill switch, the history, a test, the sink. For the console the same, without a
key on the server's own machine.
"""

from __future__ import annotations

import asyncio

from starlette.responses import Response
from starlette.types import ASGIApp

from journeyloop.adapters.http.answers import answer
from journeyloop.adapters.http.calls import Pause, Reload, TestSend
from journeyloop.adapters.http.door import Door
from journeyloop.adapters.http.errors import not_found, refuse
from journeyloop.adapters.http.gate import Call, Endpoint, Parameter
from journeyloop.adapters.http.keys import Role

_HASH = (Parameter("hash", "The version, or as much of its hash as names only this one.", required=True),)


class Governing:
    """The answers. Each takes a call that passed the gate."""

    def __init__(self, door: Door) -> None:
        self.door = door

    def endpoints(self) -> list[Endpoint]:
        admin, test = Role.ADMIN, "Send an action to one person, marked as a test."
        reload = "Read the configuration again."
        return [
            Endpoint("POST", "/v1/pause", "Stop everything, a moment or a channel.", admin, self.pause, (), Pause),
            Endpoint("POST", "/v1/resume", "End a pause.", admin, self.resume, (), Pause),
            Endpoint("POST", "/v1/reload", reload, admin, self.reload, (), Reload, optional=True),
            Endpoint("POST", "/v1/test-send", test, admin, self.test_send, (), TestSend),
            Endpoint("GET", "/v1/history", "Who changed what: plans and pauses.", admin, self.history),
            Endpoint("GET", "/v1/history/{hash}", "The files of one plan.", admin, self.version, _HASH),
            Endpoint("GET", "/v1/sink", "What went to nobody, outside production.", admin, self.sink),
            *self._for_the_console(),
        ]

    def _for_the_console(self) -> list[Endpoint]:
        admin, pause, resume = Role.ADMIN, "/console/pause", "/console/resume"
        return [
            Endpoint("POST", pause, "The console's kill switch.", admin, self.pause, (), Pause, local=True),
            Endpoint("POST", resume, "The end of a pause, by the console.", admin, self.resume, (), Pause, local=True),
            Endpoint("GET", "/console/history", "The console's history.", admin, self.history, local=True),
        ]

    async def pause(self, call: Call) -> ASGIApp:
        return await self._turned(call, True)

    async def resume(self, call: Call) -> ASGIApp:
        return await self._turned(call, False)

    async def _turned(self, call: Call, paused: bool) -> Response:
        body: Pause = call.body
        refusal = await self.door.pause(body.scope, paused, _by(call, body.by), body.note)
        return answer({"success": True}) if refusal is None else refuse(404, "unknown_scope", refusal)

    async def reload(self, call: Call) -> ASGIApp:
        body: Reload = call.body
        return answer(await self.door.reload(_by(call, body.by), body.note))

    async def test_send(self, call: Call) -> ASGIApp:
        body: TestSend = call.body
        told = await self.door.test_send(body.moment, body.action, body.to)
        return refuse(409, "not_sent", told) if isinstance(told, str) else answer(told)

    async def history(self, call: Call) -> ASGIApp:
        return answer(await asyncio.to_thread(self.door.history))

    async def version(self, call: Call) -> ASGIApp:
        found = self.door.version(call.path.get("hash", ""))
        return not_found() if found is None else answer(found)

    async def sink(self, call: Call) -> ASGIApp:
        return answer({"sink": self.door.sunk()})


def _by(call: Call, said: str) -> str:
    """Who it is: the key, and whoever it was by the word of its holder. The console needs no key."""
    if call.role is None:
        return "console"
    return f"{said} ({call.role.name.lower()} key)" if said else call.role.name.lower()
