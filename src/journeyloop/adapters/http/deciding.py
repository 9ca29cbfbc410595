"""The JSON API of decisions: a backend that asks for a person, a page that asks for itself, and what came of it.

A page is told what to show and no more, and only if it shows a token for its anonymous id. To any other the answer is
of one status and one size, whoever exists or not: nobody is looked up for it.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp

from journeyloop.adapters.http.answers import answer
from journeyloop.adapters.http.calls import Ask, Decide, Reported
from journeyloop.adapters.http.context import Context
from journeyloop.adapters.http.errors import invalid, not_found
from journeyloop.adapters.http.gate import KEY, Call, Endpoint, identifier
from journeyloop.adapters.http.keys import Role
from journeyloop.interpret.context import is_bot
from journeyloop.model.identifier import Identifier

RENDERED = ("action", "content", "decision_id", "expires")
TOOLS = ("curl/", "wget/")


class Deciding:
    """The answers. Each takes a call that passed the gate."""

    def __init__(self, context: Context) -> None:
        self.door, self.keys = context.door, context.keys
        self.clock, self.fresh_id = context.clock, context.fresh_id

    def endpoints(self) -> list[Endpoint]:
        write, server = Role.WRITE, Role.SERVER
        outcomes, about = "/v1/outcomes", "What became of a message, or that the place for one was seen."
        return [
            Endpoint(
                "POST", "/v1/decide", "Decide for one placement or several, now.", server, self.decide, (), Decide
            ),
            Endpoint("POST", "/v1/ask", "What a page is to show, now.", write, self.ask, KEY, Ask, browser=True),
            Endpoint("POST", outcomes, about, write, self.outcome, KEY, Reported, browser=True),
        ]

    async def decide(self, call: Call) -> ASGIApp:
        body: Decide = call.body
        who = identifier(body.user_id, body.anonymous_id, self.door.blocked_ids())
        if isinstance(who, Response):
            return who
        placements = body.placements or ([] if body.placement is None else [body.placement])
        if (body.placement is None) is (body.placements is None):
            return invalid("Either `placement` or `placements` is needed.")
        if len(set(placements)) < len(placements):
            return _repeated()
        if body.reserve:
            told = await self.door.ask(who, placements, body.context)
        else:
            told = self.door.preview(who, placements, body.context)
        return answer({"decisions": told} if body.placement is None else told[body.placement])

    async def ask(self, call: Call) -> ASGIApp:
        body: Ask = call.body
        if len(set(body.placements)) < len(body.placements):
            return _repeated()
        who, vouched = self._asker(body)
        if who is None:
            fresh = self.fresh_id()
            nothing = dict.fromkeys(body.placements, _rendered({}))
            return answer({"decisions": nothing, "anonymous_id": fresh, "token": self.keys.issue(fresh, self.clock())})
        told = await self.door.ask(who, body.placements, body.context, browser=not vouched) if body.placements else {}
        return answer({"decisions": {placement: _rendered(one) for placement, one in told.items()}})

    def _asker(self, body: Ask) -> tuple[Identifier | None, bool]:
        """Whose token it is, and whether the host's backend vouches for them. A token for an id that names nobody, such
        as `undefined`, is nobody's: all its holders would be one person."""
        token, now = body.token or "", self.clock()
        claims = self.keys.claims(token, now)
        user_id = None if claims is None else claims.user_id
        anonymous_id = self.keys.issued(token, now) if claims is None else claims.anonymous_id
        if user_id is None and body.anonymous_id not in (None, anonymous_id):
            return None, False
        who = identifier(user_id, anonymous_id, self.door.blocked_ids())
        return (None, False) if isinstance(who, Response) else (who, claims is not None)

    async def outcome(self, call: Call) -> ASGIApp:
        body: Reported = call.body
        known = await self.door.outcome(body.decision_id, body.outcome, _is_machine(call))
        return answer({"success": True}) if known else not_found()


def _repeated() -> Response:
    return invalid("`placements` names each place once.")


def _rendered(told: dict[str, Any]) -> dict[str, Any]:
    """What is to be rendered; without an action only the id, by which the page says that its place was seen."""
    names = RENDERED if told.get("action") else ("action", "decision_id")
    return {name: told.get(name) for name in names}


def _is_machine(call: Call) -> bool:
    """Whether the user agent says so. A backend that reports with a tool of its own is no bot."""
    agent = dict(call.scope["headers"]).get(b"user-agent", b"").decode("latin-1")
    return is_bot(agent) and not (call.role is not Role.WRITE and agent.lower().startswith(TOOLS))
