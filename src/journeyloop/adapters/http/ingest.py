"""The Segment tracking paths, and RudderStack's beacon, as bare ASGI: read, parse, hand over, answer 200 once durable.

Speed matters here and only here, so there is no request object. What may enter is decided by `detect.parse`; whatever
was refused from somebody with a valid key is handed over too, so that nothing vanishes.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from journeyloop.adapters.http.body import read_body
from journeyloop.adapters.http.context import Context
from journeyloop.adapters.http.cors import HEADERS, preflight, with_cors
from journeyloop.adapters.http.errors import (
    method_not_allowed,
    not_taken,
    origin_not_allowed,
    refuse,
    unauthorized,
)
from journeyloop.adapters.http.keys import Role, presented
from journeyloop.detect.parse import Parsed, parse_batch
from journeyloop.detect.refusal import MAX_BATCH_BYTES
from journeyloop.model.event import Kind, Rejected
from journeyloop.runtime.doors import Overloaded, Unavailable

_KINDS: dict[str, Kind | None] = {
    "identify": "identify",
    "track": "track",
    "page": "page",
    "screen": "screen",
    "group": "group",
    "alias": "alias",
    "batch": None,
}
BEACON = "/beacon/v1/batch"
PATHS: dict[str, Kind | None] = {
    **{f"/v1/{name}": kind for name, kind in _KINDS.items()},
    **{f"/v1/{name[0]}": kind for name, kind in _KINDS.items()},
    BEACON: None,
}

KNOWN = 100
_OK = b'{"success":true}'
_OK_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(_OK)).encode()), *HEADERS],
}
_OK_BODY = {"type": "http.response.body", "body": _OK}


class Ingest:
    """One ASGI app for all of PATHS."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._known: dict[bytes | None, Role] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            answer = preflight(scope) if scope["method"] == "OPTIONS" else method_not_allowed("POST")
            await answer(scope, receive, send)
            return
        refused = await self._take(scope, receive)
        if refused is None:
            await send(_OK_START)
            await send(_OK_BODY)
        else:
            await refused(scope, receive, with_cors(send))

    async def _take(self, scope: Scope, receive: Receive) -> Response | None:
        """None if everything was taken; else what to answer."""
        authorization = origin = None
        for name, value in scope["headers"]:
            if name == b"authorization":
                authorization = value
            elif name == b"origin":
                origin = value
        role = self._known.get(authorization)
        if role is None:
            key = presented(authorization)
            role = self.context.keys.role(key)
            if key is not None and role is None:
                return unauthorized()
            if role is not None:
                self._remember(authorization, role)
        body = await read_body(receive, MAX_BATCH_BYTES)
        parsed = self._parsed(body, PATHS[scope["path"]], role)
        role = role or self.context.keys.role(parsed.write_key or _in_query(scope))
        if role is None:
            return unauthorized()
        if not self.context.allows_origin(role, origin):
            return origin_not_allowed()
        return await self._hand_over(parsed)

    def _remember(self, authorization: bytes | None, role: Role) -> None:
        """The headers that held a right key, so that it is decoded and digested once and not with every request. They
        are found by a keyed hash, so the time it takes tells nothing of a key."""
        if len(self._known) >= KNOWN:
            self._known.clear()
        self._known[authorization] = role

    def _parsed(self, body: bytes | Rejected, kind: Kind | None, role: Role | None) -> Parsed:
        if isinstance(body, Rejected):
            return Parsed([], [body], [0], None, True)
        # A key in the body is the write key: whoever holds a better one sends it in the header.
        source = "browser" if role is None or role is Role.WRITE else "server"
        context = self.context
        return parse_batch(body, kind, context.clock(), source, context.fresh_id, context.door.blocked_ids())

    async def _hand_over(self, parsed: Parsed) -> Response | None:
        if parsed.events or parsed.rejected:
            try:
                await self.context.door.submit(parsed.events, parsed.rejected)
            except (Overloaded, Unavailable) as error:
                return not_taken(error)
        return _partly(parsed) if parsed.rejected else None


def _in_query(scope: Scope) -> str | None:
    """The write key of a beacon: a page cannot give it headers, and RudderStack writes no key into the body."""
    if scope["path"] != BEACON:
        return None
    return dict(parse_qsl(scope["query_string"].decode("latin-1"))).get("writeKey")


def _partly(parsed: Parsed) -> Response:
    """Some or all were refused. With nothing accepted it is the sender's error, named by the first reason."""
    if not parsed.events:
        first = parsed.rejected[0]
        return refuse(413 if first.reason == "too_large" else 400, first.reason, first.detail)
    rejected: list[dict[str, Any]] = [
        {"index": position, "reason": refused.reason, "message": refused.detail}
        for position, refused in zip(parsed.positions, parsed.rejected, strict=True)
    ]
    answer = {"success": True, "accepted": len(parsed.events), "rejected": rejected}
    return Response(msgspec.json.encode(answer), media_type="application/json")
