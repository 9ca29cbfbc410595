"""The JSON API of holds: leave a person alone for a while. Time ends one, or an agent's disposition (desk)."""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import ASGIApp

from journeyloop.adapters.http.answers import answer
from journeyloop.adapters.http.calls import Hold
from journeyloop.adapters.http.context import Context
from journeyloop.adapters.http.errors import invalid, refuse
from journeyloop.adapters.http.gate import Call, Endpoint, identifier
from journeyloop.adapters.http.keys import Role
from journeyloop.model.duration import UNITS, duration
from journeyloop.model.inputs import Held

LONGEST_D = 366


class Holds:
    """The answers. Each takes a call that passed the gate."""

    def __init__(self, context: Context) -> None:
        self.door, self.clock = context.door, context.clock

    def endpoints(self) -> list[Endpoint]:
        text = "Leave a person alone with topics or purposes for a while."
        return [Endpoint("POST", "/v1/hold", text, Role.SERVER, self.hold, (), Hold)]

    async def hold(self, call: Call) -> ASGIApp:
        """A name that nothing has would hold nothing: it is refused."""
        body: Hold = call.body
        who = identifier(body.user_id, body.anonymous_id)
        if isinstance(who, Response):
            return who
        length = duration(body.length)
        if not length or length > LONGEST_D * UNITS["d"]:
            return invalid(f"`for` is a duration such as 72h or 7d, at most {LONGEST_D}d.")
        if set(body.topics) - self.door.topics():
            return refuse(400, "unknown_topic", "No moment has such a topic, and policy.yaml no such purpose.")
        until = self.clock() + length
        await self.door.submit([Held(who, sorted(set(body.topics)), until, body.reason)])
        return answer({"success": True, "until": until})
