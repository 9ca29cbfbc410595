"""The JSON API: one short method an endpoint, and the table that names them all."""

from __future__ import annotations

import re
from hashlib import sha256

import msgspec
from starlette.responses import Response
from starlette.types import ASGIApp

from journeyloop.adapters.http.answers import answer
from journeyloop.adapters.http.calls import ConsentChange, OpenTabs, Resubmit
from journeyloop.adapters.http.context import Context
from journeyloop.adapters.http.errors import forbidden, invalid, not_found, origin_not_allowed, refuse, unauthorized
from journeyloop.adapters.http.gate import KEY, Call, Endpoint, Parameter, identifier, limit_of
from journeyloop.adapters.http.keys import Role
from journeyloop.adapters.http.stream import EventStream
from journeyloop.detect.refusal import REASONS
from journeyloop.detect.skew import corrected
from journeyloop.model.identifier import Identifier
from journeyloop.model.inputs import ConsentStated
from journeyloop.runtime.memberships import as_csv

MAX_QUARANTINE = 1_000
MAX_MEMBERS = 500
_LIMIT = (Parameter("limit", f"How many, newest first: 100 unless given, at most {MAX_QUARANTINE:,}."),)
_PAGE = (
    Parameter("limit", f"How many: 100 unless given, at most {MAX_MEMBERS}."),
    Parameter("after", "Those after this person: `next` of the page before."),
    Parameter("format", "`csv` for CSV; the header `x-next` then holds `next`."),
)
_SHARED = (Parameter("key", "The write key.", required=True),)
_SOURCE = (Parameter("writeKey", "The write key, unless it is in a header."),)
_STREAM = (
    Parameter("anonymous_id", "The browser."),
    *KEY,
    Parameter("token", "Instead of a key: a JWT (HS256, signed with the server key, `exp` within an hour)."),
)


class Api:
    """The answers. Each takes a call that passed the gate."""

    def __init__(self, context: Context) -> None:
        self.door = context.door
        self.context = context

    def endpoints(self) -> list[Endpoint]:
        """The route table."""
        return [*self._for_browsers(), *self._for_backends(), *self._for_operators()]

    def _for_browsers(self) -> list[Endpoint]:
        segment, rudder = "/v1/projects/{key}/settings", "Settings for RudderStack's browser SDK."
        stream, write = "/v1/stream", Role.WRITE
        return [
            Endpoint("GET", segment, "Settings for analytics.js.", "open", self.settings, _SHARED, browser=True),
            Endpoint("GET", "/sourceConfig/", rudder, "open", self.source_config, _SOURCE, browser=True),
            Endpoint("GET", "/sourceConfig", rudder, "open", self.source_config, _SOURCE, browser=True),
            Endpoint("GET", stream, "Messages for one browser.", "open", self.stream, _STREAM, browser=True),
            Endpoint("POST", "/v1/consent", "Give or withdraw consent.", write, self.consent, KEY, ConsentChange, True),
            Endpoint("POST", "/v1/presence", "What the open tabs show.", write, self.presence, KEY, OpenTabs, True),
        ]

    def _for_backends(self) -> list[Endpoint]:
        server = Role.SERVER
        return [
            Endpoint(
                "GET",
                "/v1/moments",
                "Each moment: live counts, effects with their intervals, `finding`; and budgets.",
                server,
                self.moments,
            ),
            Endpoint("GET", "/v1/models", "What each arm has learned from.", server, self.models),
            Endpoint("GET", "/v1/sources", "How late events come, by who sends them.", server, self.sources),
            Endpoint("GET", "/v1/audiences", "Every audience, and how many are in it.", server, self.audiences),
            Endpoint(
                "GET", "/v1/audiences/{name}/members", "Who is in an audience, by person.", server, self.members, _PAGE
            ),
        ]

    def _for_operators(self) -> list[Endpoint]:
        admin = Role.ADMIN
        return [
            Endpoint("GET", "/v1/quarantine", "Refused input with its reasons.", admin, self.quarantine, _LIMIT),
            Endpoint("POST", "/v1/quarantine/resubmit", "Try refused input again.", admin, self.resubmit, (), Resubmit),
            Endpoint("GET", "/console/moments", "The console's counts.", admin, self.moments, local=True),
            Endpoint("GET", "/console/audiences", "The console's audiences.", admin, self.audiences, local=True),
            Endpoint("GET", "/console/sources", "The console's sources.", admin, self.sources, local=True),
            Endpoint("GET", "/console/feed", "The console's live feed.", admin, self.feed, local=True),
            Endpoint("GET", "/healthz", "Is the process alive?", "open", self.health),
            Endpoint("GET", "/readyz", "Does it take events?", "open", self.ready),
            Endpoint("GET", "/metrics", "Counts for Prometheus.", Role.SERVER, self.metrics, local=True),
        ]

    # --- reading ----------------------------------------------------------------------------------------------------

    async def moments(self, call: Call) -> ASGIApp:
        return answer(self.door.moments())

    async def models(self, call: Call) -> ASGIApp:
        return answer(self.door.models())

    async def sources(self, call: Call) -> ASGIApp:
        return answer(self.door.sources())

    async def audiences(self, call: Call) -> ASGIApp:
        return answer(self.door.audiences())

    async def members(self, call: Call) -> ASGIApp:
        limit, after = limit_of(call, MAX_MEMBERS), _person(call.query.get("after", ""))
        if limit is None or after is None:
            return invalid("`limit` is a whole number above 0 and `after` the id of a person.")
        found = self.door.members(call.path.get("name", ""), limit, after)
        if found is None:
            return not_found()
        if call.query.get("format") == "csv":
            headers = {"cache-control": "no-store", "x-next": found["next"] or ""}
            return Response("".join(as_csv(found["members"])), 200, headers, media_type="text/csv; charset=utf-8")
        return answer(found)

    async def quarantine(self, call: Call) -> ASGIApp:
        limit = limit_of(call, MAX_QUARANTINE)
        if limit is None:
            return invalid("`limit` is a whole number.")
        return answer({"quarantined": self.door.quarantine(limit)})

    # --- consent ----------------------------------------------------------------------------------------------------

    async def consent(self, call: Call) -> ASGIApp:
        """A browser speaks for itself only: the write key never names a user id."""
        body: ConsentChange = call.body
        who = identifier(body.user_id, body.anonymous_id, self.door.blocked_ids())
        if isinstance(who, Response):
            return who
        if call.role is Role.WRITE and body.user_id is not None:
            return forbidden()
        stated = self._stated(call.role, body, who)
        if isinstance(stated, Response):
            return stated
        await self.door.submit([stated])
        return answer({"success": True})

    def _stated(self, role: Role | None, body: ConsentChange, who: Identifier) -> ConsentStated | Response:
        unknown = sorted(body.purposes.keys() - self.door.purposes())
        if unknown:
            return refuse(400, "unknown_purpose", "policy.yaml has no such purpose.")
        now, trusted = self.context.clock(), role is not Role.WRITE
        at = corrected(body.timestamp if trusted else None, None, now)
        if isinstance(at, str):
            return refuse(400, at, REASONS[at])
        endings = [""] if body.channel is None else [f"/{name}" for name in self.door.alike(body.channel)]
        if not endings:
            return refuse(400, "unknown_channel", "There is no such channel.")
        choices = {f"{purpose}{ending}": granted for purpose, granted in body.purposes.items() for ending in endings}
        source = (body.source or "server") if trusted else "browser"
        wording = sha256(body.wording.encode()).hexdigest() if body.wording else ""
        return ConsentStated(who, choices, at, source, wording)

    # --- browsers ---------------------------------------------------------------------------------------------------

    async def stream(self, call: Call) -> ASGIApp:
        """A token signs the stream for its anonymous id, or for the anonymous id of its user."""
        asked, token = call.query.get("anonymous_id"), call.query.get("token")
        if token is None:
            origin = dict(call.scope["headers"]).get(b"origin")
            if call.role is None:
                return unauthorized()
            if not self.context.allows_origin(call.role, origin):
                return origin_not_allowed()
            return self._open(asked, signed=False)
        claims = self.context.keys.claims(token, self.context.clock())
        if claims is None:
            return unauthorized()
        if claims.user_id is not None:
            return self._open(asked, signed=self.context.vouched(claims, asked))
        if asked not in (None, claims.anonymous_id):
            return forbidden()
        return self._open(claims.anonymous_id, signed=True)

    def _open(self, anonymous_id: str | None, signed: bool) -> ASGIApp:
        who = identifier(None, anonymous_id)
        return who if isinstance(who, Response) else EventStream(self.door.stream(who[1], signed))

    async def presence(self, call: Call) -> ASGIApp:
        body: OpenTabs = call.body
        who = identifier(None, body.anonymous_id)
        if isinstance(who, Response):
            return who
        self.door.saw_tabs(who[1], [msgspec.structs.asdict(tab) for tab in body.tabs])
        return answer({"success": True})

    async def settings(self, call: Call) -> ASGIApp:
        """Routes all traffic of analytics.js to the host it asked, by the scheme it asked with."""
        key = call.path.get("key", "")
        if self.context.keys.role(key) is not Role.WRITE:
            return unauthorized()
        host = dict(call.scope["headers"]).get(b"host", b"").decode("latin-1")
        segment = {"apiKey": key, "apiHost": f"{host}/v1", "protocol": call.scope["scheme"]}
        return answer({"integrations": {"Segment.io": segment}})

    async def source_config(self, call: Call) -> ASGIApp:
        """A source with nothing beside it: RudderStack's SDK then sends all its traffic to the host its page names."""
        role = call.role or self.context.keys.role(call.query.get("writeKey"))
        if role is not Role.WRITE:
            return unauthorized()
        source = {"id": "journeyloop", "name": "journeyloop", "enabled": True, "config": {}, "destinations": []}
        return answer({"source": source})

    # --- running it -------------------------------------------------------------------------------------------------

    async def resubmit(self, call: Call) -> ASGIApp:
        return answer(await self.door.resubmit(call.body.numbers))

    async def feed(self, call: Call) -> ASGIApp:
        return EventStream(self.door.feed())

    async def health(self, call: Call) -> ASGIApp:
        return answer(self.door.health())

    async def ready(self, call: Call) -> ASGIApp:
        ready, state = self.door.ready()
        return answer(state, 200 if ready else 503)

    async def metrics(self, call: Call) -> ASGIApp:
        return Response(self.door.metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _person(text: str) -> bytes | None:
    """The id of a person, empty for none; None if it is no id."""
    return bytes.fromhex(text) if re.fullmatch(r"(?:[0-9a-f]{32})?", text) else None
