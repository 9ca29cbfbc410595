"""The JSON API of the agent's desk: what to suggest and what to know, what came of it, and how the conversation ended.
For the console the same, without a key on the server's own machine.
"""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import ASGIApp

from journeyloop.adapters.http.answers import answer
from journeyloop.adapters.http.calls import AgentAnswer, AgentDisposition
from journeyloop.adapters.http.context import Context
from journeyloop.adapters.http.errors import invalid, not_found, refuse
from journeyloop.adapters.http.gate import Call, Endpoint
from journeyloop.adapters.http.holds import LONGEST_D
from journeyloop.adapters.http.keys import Role
from journeyloop.adapters.http.stream import EventStream
from journeyloop.adapters.http.whom import WHO, whom
from journeyloop.model.disposition import Disposition
from journeyloop.model.duration import UNITS, duration

REFUSED = {
    "not_in_hand": "No agent has this suggestion in hand: it is over, or was never handed over.",
    "answered": "This suggestion has been answered otherwise.",
}
NAMES = ("user_id", "anonymous_id", "email", "phone", "person")


class Desk:
    """The answers. Each takes a call that passed the gate."""

    def __init__(self, context: Context) -> None:
        self.door = context.door

    def endpoints(self) -> list[Endpoint]:
        return [*self._at("/v1/agent", Role.SERVER, False), *self._at("/console/agent", Role.ADMIN, True)]

    def _at(self, path: str, least: Role, local: bool) -> list[Endpoint]:
        told = "What an agent may suggest, and the brief."
        said = "How a conversation ended, and what that holds and releases."
        return [
            Endpoint("GET", f"{path}/next", told, least, self.next, WHO, local=local),
            Endpoint("GET", f"{path}/stream", "The same without asking, live.", least, self.stream, WHO, local=local),
            Endpoint(
                "POST", f"{path}/answer", "Accept or decline it.", least, self.answer, (), AgentAnswer, local=local
            ),
            Endpoint("POST", f"{path}/disposition", said, least, self.disposition, (), AgentDisposition, local=local),
        ]

    async def next(self, call: Call) -> ASGIApp:
        who = whom(call.query, self.door)
        if isinstance(who, Response):
            return who
        told = await self.door.agent_next(who)
        return not_found() if told is None else answer(told)

    async def stream(self, call: Call) -> ASGIApp:
        who = whom(call.query, self.door)
        if isinstance(who, Response):
            return who
        return not_found() if self.door.person_of(who) is None else EventStream(self.door.agent_stream(who))

    async def answer(self, call: Call) -> ASGIApp:
        body: AgentAnswer = call.body
        if body.answer == "accepted" and body.reason is not None:
            return invalid("`reason` says why a suggestion is declined.")
        reason = "" if body.answer == "accepted" else body.reason or "other"
        refused = await self.door.agent_answer(bytes.fromhex(body.decision_id), body.answer, reason, body.agent)
        if refused == "unknown":
            return not_found()
        return refuse(409, refused, REFUSED[refused]) if refused else answer({"success": True})

    async def disposition(self, call: Call) -> ASGIApp:
        """What it holds stops what is pending before the answer is given."""
        body: AgentDisposition = call.body
        said = self._said(body)
        who = whom(_given(body), self.door)
        for found in (said, who):
            if isinstance(found, Response):
                return found
        assert not isinstance(said, Response) and not isinstance(who, Response)
        until = await self.door.agent_disposition(who, said, body.note, body.agent)
        if until is None:
            return not_found()
        return answer({"success": True, "until": until or None, "hold": list(said.hold), "release": list(said.release)})

    def _said(self, body: AgentDisposition) -> Disposition | Response:
        """As the agent says it, or else as policy.yaml does."""
        known = self.door.dispositions()
        if not (body.hold or body.release):
            found = known.get(body.disposition)
            if found is None or body.length is not None:
                named = f"policy.yaml has {', '.join(known) or 'none'}: write one of them, or `hold` with `for`."
                return refuse(400, "unknown_disposition", named)
            return found
        length = duration(body.length or "") or 0
        if body.hold and not 0 < length <= LONGEST_D * UNITS["d"]:
            return invalid(f"`for` is a duration such as 72h or 7d, at most {LONGEST_D}d.")
        if {*body.hold, *body.release} - self.door.topics():
            return refuse(400, "unknown_topic", "No moment has such a topic, and policy.yaml no such purpose.")
        if {*body.hold} & {*body.release}:
            return invalid("What is held cannot be released by the same disposition.")
        return Disposition(body.disposition, tuple(sorted({*body.hold})), length, tuple(sorted({*body.release})))


def _given(body: AgentDisposition) -> dict[str, str]:
    """The names of the body as if they were asked for."""
    return {name: value for name in NAMES if (value := getattr(body, name)) is not None}
