"""The one shape of every refusal: `{"error": {"code": …, "message": …}}`. A message never carries the asker's data."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from starlette.responses import Response

from journeyloop.runtime.doors import Overloaded, Unavailable

UNAVAILABLE_RETRY_S = 10


def refuse(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    body = msgspec.json.encode({"error": {"code": code, "message": message}})
    return Response(body, status, headers, media_type="application/json")


def unauthorized(challenge: bool = False) -> Response:
    """No key, or a wrong one: the same answer for both. `challenge` makes a browser ask for one."""
    headers = {"www-authenticate": 'Basic realm="journeyloop"'} if challenge else None
    return refuse(401, "unauthorized", "A valid key is required.", headers)


def forbidden() -> Response:
    return refuse(403, "forbidden", "This key may not do that.")


def origin_not_allowed() -> Response:
    return refuse(403, "origin_not_allowed", "This origin is not in the list of allowed origins.")


def not_found() -> Response:
    return refuse(404, "not_found", "There is nothing here.")


def method_not_allowed(allow: str) -> Response:
    return refuse(405, "method_not_allowed", f"Use {allow} here.", {"allow": allow})


def invalid(message: str) -> Response:
    return refuse(400, "invalid_request", message)


def not_taken(error: Overloaded | Unavailable) -> Response:
    """The sender should try again: nothing of the request was kept."""
    if isinstance(error, Overloaded):
        retry = {"retry-after": str(max(1, error.retry_after_s))}
        return refuse(429, "overloaded", "The inbox is full. Send the same again later.", retry)
    retry = {"retry-after": str(UNAVAILABLE_RETRY_S)}
    return refuse(503, "unavailable", "Nothing can be made durable right now. Send the same again later.", retry)


def broken() -> Response:
    return refuse(500, "internal_error", "The server failed. The cause is in its log.")
