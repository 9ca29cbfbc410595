"""Cross-origin rules of the paths that browsers call: any origin may send, none may use credentials.

The origin allow-list is not here: it is a condition of the write key (see `gate`), not of the response headers.
"""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import Message, Scope, Send

HEADERS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"Retry-After"),
]
MAX_AGE_S = 7_200


def preflight(scope: Scope) -> Response:
    """Allow what is asked: the requested headers come back as they are."""
    asked = dict(scope["headers"]).get(b"access-control-request-headers", b"")
    headers = {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "GET, POST, OPTIONS",
        "access-control-allow-headers": asked.decode("latin-1") or "*",
        "access-control-max-age": str(MAX_AGE_S),
        "vary": "access-control-request-headers",
    }
    return Response(status_code=204, headers=headers)


def with_cors(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            # A new message: the one given may be a constant that every answer shares.
            message = {**message, "headers": [*message.get("headers", []), *HEADERS]}
        await send(message)

    return sending
