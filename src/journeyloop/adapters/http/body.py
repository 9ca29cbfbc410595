"""Reading a request body: bounded while it arrives and while it unfolds, whatever its headers claim."""

from __future__ import annotations

import zlib

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from journeyloop.model.event import Rejected

# A client hears a 413 only after it has finished sending: this much more is read (and dropped) for its sake.
DRAIN_BYTES = 4 * 1024 * 1024
_KEPT_OF_TOO_LARGE = 1_024


async def read_body(receive: Receive, limit: int) -> bytes | Rejected:
    """The body, unzipped if it starts with the gzip magic (Content-Type and Content-Encoding are not trusted).

    Raises:
        ClientDisconnect: the sender left.
    """
    raw = await _received(receive, limit)
    if isinstance(raw, Rejected) or raw[:2] != b"\x1f\x8b":
        return raw
    return gunzip(raw, limit)


async def _received(receive: Receive, limit: int) -> bytes | Rejected:
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        body: bytes = message.get("body", b"")
        return body if len(body) <= limit else _too_large(body, limit)
    chunks: list[bytes] = []
    size = 0
    while True:
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= limit or not chunks:
            chunks.append(chunk)
        if not message.get("more_body") or size > limit + DRAIN_BYTES:
            break
        message = await receive()
    return b"".join(chunks) if size <= limit else _too_large(chunks[0], limit)


def gunzip(raw: bytes, limit: int) -> bytes | Rejected:
    """Unzip, but never more than `limit` bytes."""
    stream = zlib.decompressobj(wbits=31)
    try:
        body = stream.decompress(raw, limit + 1)
    except zlib.error:
        return _malformed(raw)
    if len(body) > limit:
        return _too_large(raw, limit)
    return body if stream.eof and not stream.unused_data else _malformed(raw)


def _too_large(raw: bytes, limit: int) -> Rejected:
    return Rejected("too_large", f"A body has at most {limit:,} bytes, unzipped.", raw[:_KEPT_OF_TOO_LARGE])


def _malformed(raw: bytes) -> Rejected:
    return Rejected("malformed_gzip", "The body starts like gzip but does not unzip.", raw)
