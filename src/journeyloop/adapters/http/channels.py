"""The JSON API of the ways out: how each stands, and what did not arrive for sure. For the console the same."""

from __future__ import annotations

from starlette.types import ASGIApp

from journeyloop.adapters.http.answers import answer
from journeyloop.adapters.http.door import Door
from journeyloop.adapters.http.errors import invalid
from journeyloop.adapters.http.gate import Call, Endpoint, Parameter, limit_of
from journeyloop.adapters.http.keys import Role

MOST = 1_000
_FAILED = (
    Parameter("channel", "Of this channel only."),
    Parameter("limit", f"How many, newest first: 100 unless given, at most {MOST:,}."),
)


class Channels:
    """The answers. Each takes a call that passed the gate."""

    def __init__(self, door: Door) -> None:
        self.door = door

    def endpoints(self) -> list[Endpoint]:
        server, admin = Role.SERVER, Role.ADMIN
        state, failed = "How each channel stands.", "Messages that failed, or whose end nobody knows."
        return [
            Endpoint("GET", "/v1/channels", state, server, self.channels),
            Endpoint("GET", "/v1/failed", failed, server, self.failed, _FAILED),
            Endpoint("GET", "/console/channels", "The console's channels.", admin, self.channels, local=True),
            Endpoint("GET", "/console/failed", "The console's list.", admin, self.failed, _FAILED, local=True),
        ]

    async def channels(self, call: Call) -> ASGIApp:
        return answer(self.door.channels())

    async def failed(self, call: Call) -> ASGIApp:
        limit = limit_of(call, MOST)
        if limit is None:
            return invalid("`limit` is a whole number above 0.")
        return answer(self.door.failed(call.query.get("channel"), limit))
