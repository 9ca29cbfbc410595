"""One gate before every endpoint of the JSON API: key, origin, query and body are checked here, once.

The key is checked before anything is looked up: a key that may not read gets one answer, whoever exists or not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from journeyloop.adapters.http.body import read_body
from journeyloop.adapters.http.context import Context
from journeyloop.adapters.http.cors import preflight, with_cors
from journeyloop.adapters.http.errors import (
    forbidden,
    invalid,
    method_not_allowed,
    not_taken,
    origin_not_allowed,
    refuse,
    unauthorized,
)
from journeyloop.adapters.http.keys import Role, presented
from journeyloop.adapters.http.loopback import is_local
from journeyloop.detect.blocked import refuse_id
from journeyloop.detect.refusal import MAX_EVENT_BYTES
from journeyloop.detect.strict import refuse_depth
from journeyloop.model.event import Rejected
from journeyloop.model.identifier import Identifier
from journeyloop.model.policy import BLOCKED
from journeyloop.runtime.doors import Overloaded, Unavailable

Open = Literal["open"]
_MAX_FIELDS = 50


class Parameter(Struct, frozen=True):
    name: str
    about: str
    required: bool = False


KEY = (Parameter("write_key", "The write key, where a browser can set no header."),)


class Call(Struct, frozen=True):
    """A request that passed the gate. `role` is None only where no key is needed."""

    role: Role | None
    query: dict[str, str]
    path: dict[str, str]
    body: Any
    scope: Scope


class Endpoint(Struct, frozen=True):
    """One route. `least` is the least role it needs, `open` for none.

    `browser`: called from other origins, where the key may also come as `write_key` in query or body.
    `local`: a client on this machine needs no key. `lines`: the body is that many bytes of lines at most, as they are.
    `optional`: there need be no body.
    `raw`: it is that many bytes of anything, left as it came so that its signature can be checked.
    `most`: bytes of a body that is JSON.
    """

    method: str
    path: str
    about: str
    least: Role | Open
    answer: Callable[[Call], Awaitable[ASGIApp]]
    query: tuple[Parameter, ...] = ()
    body: type[Struct] | None = None
    browser: bool = False
    local: bool = False
    lines: int = 0
    optional: bool = False
    raw: int = 0
    most: int = MAX_EVENT_BYTES


class Gate:
    """The ASGI app of one endpoint."""

    def __init__(self, endpoint: Endpoint, context: Context) -> None:
        self.endpoint = endpoint
        self.context = context
        self.decoder = msgspec.json.Decoder(endpoint.body) if endpoint.body else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.endpoint.browser:
            send = with_cors(send)
        try:
            answer = await self._answer(scope, receive)
        except ClientDisconnect:
            return
        await answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> ASGIApp:
        headers = dict(scope["headers"])
        query = _query(scope["query_string"])
        key = presented(headers.get(b"authorization"))
        if query is None:
            return invalid("The query has too many fields.")
        if not self.endpoint.browser:
            refused = self._refuse(key, scope)
            if refused:
                return refused
        body = await self._body(receive)
        if isinstance(body, Response):
            return body
        if self.endpoint.browser:
            key = key or query.get("write_key") or getattr(body, "write_key", None)
            refused = self._refuse(key, scope)
            if refused:
                return refused
        call = Call(self.context.keys.role(key), query, scope.get("path_params", {}), body, scope)
        try:
            return await self.endpoint.answer(call)
        except (Overloaded, Unavailable) as error:
            return not_taken(error)

    def _refuse(self, key: str | None, scope: Scope) -> Response | None:
        least = self.endpoint.least
        if least == "open":
            return None
        role = self.context.keys.role(key)
        if role is None:
            if self.endpoint.local and key is None and is_local(scope, self.context.settings):
                return None
            return unauthorized(challenge=self.endpoint.local)
        if role < least:
            return forbidden()
        origin = dict(scope["headers"]).get(b"origin")
        return None if self.context.allows_origin(role, origin) else origin_not_allowed()

    async def _body(self, receive: Receive) -> Struct | Response | list[bytes] | bytes | None:
        if not (self.decoder or self.endpoint.lines or self.endpoint.raw):
            return None
        raw = await read_body(receive, self.endpoint.lines or self.endpoint.raw or self.endpoint.most)
        if isinstance(raw, Rejected):
            return refuse(413 if raw.reason == "too_large" else 400, raw.reason, raw.detail)
        if self.endpoint.raw:
            return raw
        if not self.decoder:
            return raw.removesuffix(b"\n").split(b"\n") if raw else []
        if refuse_depth(raw):
            return refuse(400, "too_deep", "The body is nested too deep.")
        try:
            body: Struct = self.decoder.decode(raw or (b"{}" if self.endpoint.optional else b""))
            msgspec.msgpack.encode(body)
        except msgspec.ValidationError as error:
            return invalid(_without_values(str(error)))
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return refuse(400, "malformed_json", "The body is not JSON.")
        except OverflowError:
            return refuse(400, "integer_too_large", "Integers must fit in 64 bits.")
        return body


class WrongMethod:
    """Every other method of a known path."""

    def __init__(self, allow: str) -> None:
        self.allow = allow

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await method_not_allowed(self.allow)(scope, receive, send)


class Preflight:
    """OPTIONS of a path that browsers call."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await preflight(scope)(scope, receive, send)


def identifier(
    user_id: str | None, anonymous_id: str | None, blocked: frozenset[str] = BLOCKED
) -> Identifier | Response:
    """The primary identifier of the two, or a 400. `blocked`: values that name nobody."""
    found: Identifier | None = None
    if user_id is not None:
        found = ("user_id", user_id)
    elif anonymous_id is not None:
        found = ("anonymous_id", anonymous_id)
    if found is None:
        return refuse(400, "missing_id", "`user_id` or `anonymous_id` is needed.")
    reason = refuse_id(found[1], blocked)
    if reason or len(found[1]) > 512:
        return refuse(400, reason or "id_too_long", f"`{found[0]}` is not the id of a person.")
    return found


def _query(raw: bytes) -> dict[str, str] | None:
    try:
        return dict(parse_qsl(raw.decode("latin-1"), keep_blank_values=True, max_num_fields=_MAX_FIELDS))
    except ValueError:
        return None


def _without_values(message: str) -> str:
    """msgspec quotes the invalid value of a Literal; the rest of its messages speak of types and paths."""
    return "A value is not one of those allowed." if "Invalid enum value" in message else message


def limit_of(call: Call, most: int) -> int | None:
    """How many are asked for: 100 unless given; None if that is no number."""
    text = call.query.get("limit", "100")
    return min(int(text), most) if text.isascii() and text.isdigit() and 1 <= len(text) <= 6 and int(text) else None
