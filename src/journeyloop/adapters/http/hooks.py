"""`POST /v1/hooks/{source}`: what another service pushes becomes events like anybody's, by the same door and parser.

Providers send again what was not answered 2xx, so only what may be better next time is refused: a signature, a body
that cannot be read, a full inbox. What means nothing to us is taken and counted; an event that may not enter is kept in
the quarantine. The answer and the counts say nothing of anybody.
"""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import ASGIApp

from journeyloop.adapters.http.answers import answer
from journeyloop.adapters.http.context import Context
from journeyloop.adapters.http.errors import not_found, refuse
from journeyloop.adapters.http.gate import Call, Endpoint, Parameter
from journeyloop.detect.parse import Parsed, parse_batch
from journeyloop.detect.refusal import refusal
from journeyloop.model.event import Event, Rejected
from journeyloop.runtime.hooked import Nonsense, Posted, Told, Unsigned

MAX_BYTES = 1_000_000
_SOURCE = (Parameter("source", "Its name in sources.yaml.", required=True),)


class Hooks:
    """The one endpoint."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def endpoints(self) -> list[Endpoint]:
        about = "What a service of sources.yaml has to tell, signed in its own way; at most 1 MB."
        return [Endpoint("POST", "/v1/hooks/{source}", about, "open", self.take, _SOURCE, raw=MAX_BYTES)]

    async def take(self, call: Call) -> ASGIApp:
        name, door = call.path["source"], self.context.door
        if not self.context.sources.known(name):
            door.count_hook("", "unknown_source")
            return not_found()
        try:
            told = self.context.sources.heard(name, self._posted(call))
        except Unsigned as why:
            door.count_hook(name, str(why))
            return refuse(401, "unauthorized", "A valid signature is required.")
        except Nonsense as why:
            return await self._nonsense(name, refusal(str(why), call.body))
        return await self._taken(name, told)

    def _posted(self, call: Call) -> Posted:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in call.scope["headers"]}
        return Posted(headers, call.scope["query_string"].decode("latin-1"), call.body, self.context.clock())

    async def _nonsense(self, name: str, refused: Rejected) -> Response:
        self.context.door.count_hook(name, "nonsense")
        await self.context.door.submit([], [refused])
        return refuse(400, refused.reason, refused.detail)

    async def _taken(self, name: str, told: list[Told | None]) -> Response:
        events: list[Event] = []
        rejected: list[Rejected] = []
        for parsed in [self._parsed(one) for one in told if one is not None]:
            events += parsed.events
            rejected += parsed.rejected
        if events or rejected:
            await self.context.door.submit(events, rejected)
        for one in told:
            if one is not None and one.clicked:
                await self.context.door.outcome(one.clicked, "clicked")
        counts = {"taken": len(events), "ignored": told.count(None), "rejected": len(rejected)}
        for result, count in counts.items():
            for _ in range(count):
                self.context.door.count_hook(name, result)
        return answer({"success": True, **counts})

    def _parsed(self, told: Told) -> Parsed:
        context = self.context
        call, source = context.door.addressed(told)
        body = b'{"batch":[' + call + b"]}"
        return parse_batch(body, None, context.clock(), source, context.fresh_id, context.door.blocked_ids())
