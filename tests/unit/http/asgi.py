"""Calling an ASGI app in this process, with any bytes for headers and any cut of the body."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from journeyloop.adapters.http.context import NO_SOURCES, HttpSettings
from journeyloop.adapters.http.keys import Keys
from journeyloop.adapters.http.site import Site, build_site
from journeyloop.runtime.hooked import Sources
from tests.unit.http.recording import RecordingDoor

WRITE, SERVER, ADMIN = "jl_write_1234567890", "jl_server_1234567890", "jl_admin_1234567890"
KEYS = Keys([WRITE], [SERVER], [ADMIN], b"issuing key of the tests, 32 by.")
NOW = 1_795_348_800_000  # 2026-11-22T12:00:00Z
DEFAULT = HttpSettings()


class Answer(Struct):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of a refusal, whose shape must be the one shape."""
        found = self.json
        assert set(found) == {"error"} and set(found["error"]) == {"code", "message"}, found
        assert all(isinstance(text, str) and text for text in found["error"].values())
        return found["error"]["code"]


def site(door: RecordingDoor, settings: HttpSettings = DEFAULT, sources: Sources = NO_SOURCES) -> Site:
    return build_site(door, KEYS, settings, clock=lambda: NOW, fresh_id=lambda: "fresh", sources=sources)


def basic(key: str) -> tuple[str, str]:
    return "authorization", "Basic " + base64.b64encode(f"{key}:".encode()).decode()


def bearer(key: str) -> tuple[str, str]:
    return "authorization", f"Bearer {key}"


async def call(
    app: Any,
    method: str,
    path: str,
    headers: Sequence[tuple[Any, Any]] = (),
    body: Any = b"",
    query: str | bytes = b"",
    client: str = "203.0.113.9",
    cut: int = 1 << 30,
    stay: float | None = None,
) -> Answer:
    """One request. `cut`: bytes a chunk; `stay`: seconds until the client hangs up (default: never)."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    chunks = [raw[start : start + cut] for start in range(0, len(raw), cut)] or [b""]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("utf-8", "replace"),
        "root_path": "",
        "query_string": query.encode() if isinstance(query, str) else query,
        "headers": [(_bytes(name), _bytes(value)) for name, value in headers],
        "client": (client, 50_000),
        "server": ("127.0.0.1", 8080),
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if chunks:
            chunk = chunks.pop(0)
            return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}
        await asyncio.sleep(3_600 if stay is None else stay)
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    starts = [message for message in sent if message["type"] == "http.response.start"]
    assert len(starts) == 1, sent
    found = {name.decode("latin-1"): value.decode("latin-1") for name, value in starts[0]["headers"]}
    return Answer(starts[0]["status"], found, b"".join(message.get("body", b"") for message in sent[1:]))


def ask(app: Any, *args: Any, **kwargs: Any) -> Answer:
    return asyncio.run(call(app, *args, **kwargs))


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")
