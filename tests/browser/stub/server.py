"""A stand-in for the server, for developing and testing the browser's side alone.

It serves the real loop.js, shop and console under the content security policy they must live with, records what the
browser sends, and lets the test speak through the stream. It decides nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

ADAPTERS = Path(__file__).parents[3] / "src" / "journeyloop" / "adapters"
NOBODY = {"days": 7, "people": 0, "contacts": {"ours": 0, "theirs": 0}, "all": {"0": 0}, "channels": {}}
STATIC = ADAPTERS / "console" / "static"
DEMO = ADAPTERS / "console" / "demo"
SELF = " ".join(f"{kind}-src 'self';" for kind in ("script", "style", "img", "connect"))
POLICY = f"default-src 'none'; {SELF} base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
HEADERS = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
KEY = "jlw_test"
WORKER = 'importScripts("/push-worker.js");'


def eventually(fact: Callable[[], object]) -> None:
    """Wait for what the server hears; the browser says it in its own time."""
    deadline = time.monotonic() + 10
    while not fact():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def _script(name: str) -> Callable[[Request], Response]:
    return lambda _: FileResponse(ADAPTERS / "channels" / name)


class Stub:
    """One server on a free port, in a thread. Its lists are what the browser sent, oldest first."""

    def __init__(self, pages: dict[str, str] | None = None) -> None:
        self.pages = pages or {}
        self.requests: list[str] = []
        self.batches: list[dict[str, Any]] = []
        self.presence: list[dict[str, Any]] = []
        self.outcomes: list[tuple[str, str]] = []
        self.asked: list[dict[str, Any]] = []
        self.answers: dict[str, dict[str, Any]] = {}
        self.delay = 0.0
        self.push_key = ""
        self.pushes: list[dict[str, Any]] = []
        self.streams: dict[int, str] = {}
        self.status = 200
        self.moments: Callable[[], dict[str, Any]] = dict
        self.audiences: list[dict[str, Any]] = []
        self.sources: list[dict[str, Any]] = []
        self.versions: list[dict[str, Any]] = []
        self.paused: list[dict[str, Any]] = []
        self.profiles: dict[str, dict[str, Any]] = {}
        self.desks: dict[str, dict[str, Any]] = {}
        self.taken: list[tuple[str, dict[str, Any]]] = []
        self.refusal: str | None = None
        self._frames: dict[int, asyncio.Queue[bytes]] = {}
        self._feed: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._opened = 0

    # --- what a test says ---------------------------------------------------------------------------------------

    def show(self, decision: str, **message: Any) -> None:
        defaults = {"style": "banner", "title": "Your cart is saved", "body": "Returns are free.", "expires_in": 60_000}
        self.send("show", {"id": decision, **defaults, **message})

    def recall(self, decision: str) -> None:
        self.send("recall", {"id": decision, "reason": "goal reached"})

    def send(self, event: str, payload: dict[str, Any]) -> None:
        """Put a frame on every open stream."""
        frame = f"event: {event}\ndata: {json.dumps(payload)}\n\n".encode()
        for frames in self._frames.values():
            self._loop.call_soon_threadsafe(frames.put_nowait, frame)

    def note(self, **note: Any) -> None:
        self._feed.put(note)

    @property
    def events(self) -> list[dict[str, Any]]:
        """Every event once, however often it was sent."""
        return list({event["messageId"]: event for body in self.batches for event in body["batch"]}.values())

    # --- what the browser meets ---------------------------------------------------------------------------------

    def app(self) -> Starlette:
        routes = [
            Route("/loop.js", lambda _: FileResponse(ADAPTERS / "channels" / "loop.js")),
            *(Route(f"/{name}", _script(name)) for name in ("push.js", "push-worker.js")),
            Route("/journeyloop-push.js", lambda _: PlainTextResponse(WORKER, media_type="text/javascript")),
            Route("/v1/push/key", self._push_key),
            Route("/v1/push", self._push, methods=["POST"]),
            Route("/v1/batch", self._batch, methods=["POST"]),
            Route("/v1/presence", self._presence, methods=["POST"]),
            Route("/v1/outcomes", self._outcome, methods=["POST"]),
            Route("/v1/ask", self._ask, methods=["POST"]),
            Route("/v1/stream", self._stream),
            Route("/console/feed", self._console_feed),
            Route("/console/moments", self._console_moments),
            Route("/console/audiences", lambda _: JSONResponse({"audiences": self.audiences})),
            Route("/console/sources", lambda _: JSONResponse({"sources": self.sources})),
            Route("/console/channels", lambda _: JSONResponse({"channels": []})),
            Route("/console/contacts", lambda _: JSONResponse(NOBODY)),
            Route("/console/failed", lambda _: JSONResponse({"failed": []})),
            Route("/console/history", lambda _: JSONResponse({"versions": self.versions, "pauses": []})),
            Route("/console/pause", self._console_pause, methods=["POST"]),
            Route("/console/profile", self._console_profile),
            Route("/console/agent/next", self._agent_next),
            Route("/console/agent/stream", self._stream),
            Route("/console/agent/{what}", self._agent_said, methods=["POST"]),
            Route("/demo/config.js", self._config),
            Route("/demo/{path:path}", self._demo),
            Route("/pages/{name}", self._page),
            Route("/", self._console),
            Route("/customer", lambda _: FileResponse(STATIC / "customer.html", headers=HEADERS)),
            Route("/desk", lambda _: FileResponse(STATIC / "desk.html", headers=HEADERS)),
            Route("/{path}", self._console),
        ]
        return Starlette(routes=routes)

    async def _batch(self, request: Request) -> Response:
        self.requests.append(request.url.path)
        if self.status == 200:
            self.batches.append(json.loads(await request.body()))
        return JSONResponse({"success": self.status == 200}, self.status)

    async def _presence(self, request: Request) -> Response:
        self.requests.append(request.url.path)
        self.presence.append(json.loads(await request.body()))
        return JSONResponse({})

    async def _outcome(self, request: Request) -> Response:
        self.requests.append(request.url.path)
        body = json.loads(await request.body())
        self.outcomes.append((body["decision_id"], body["outcome"]))
        return JSONResponse({})

    async def _ask(self, request: Request) -> Response:
        """An id and its token for who has none; else what is laid ready, `delay` seconds later."""
        self.requests.append(request.url.path)
        body = json.loads(await request.body())
        self.asked.append(body)
        if self.status != 200:
            return JSONResponse({}, self.status)
        if not body.get("token"):
            fresh = f"issued-{len(self.asked)}"
            return JSONResponse({"decisions": {}, "anonymous_id": fresh, "token": f"token of {fresh}"})
        await asyncio.sleep(self.delay)
        return JSONResponse({"decisions": {name: self.answers.get(name) for name in body["placements"]}})

    async def _push_key(self, request: Request) -> Response:
        self.requests.append(request.url.path)
        return JSONResponse({"key": self.push_key}, 200 if self.push_key else 404)

    async def _push(self, request: Request) -> Response:
        self.requests.append(request.url.path)
        if self.status == 200:
            self.pushes.append(json.loads(await request.body()))
        return JSONResponse({}, self.status)

    async def _stream(self, request: Request) -> Response:
        self.requests.append(request.url.path)
        self._opened += 1
        number, frames = self._opened, asyncio.Queue[bytes]()

        async def body() -> AsyncIterator[bytes]:
            self._frames[number] = frames
            self.streams[number] = request.query_params.get("anonymous_id", "")
            try:
                yield b"retry: 200\n\n"
                while True:
                    yield await frames.get()
            finally:
                del self._frames[number], self.streams[number]

        return StreamingResponse(body(), media_type="text/event-stream")

    async def _console_feed(self, _: Request) -> Response:
        async def body() -> AsyncIterator[bytes]:
            yield b": open\n\n"
            while True:
                await asyncio.sleep(0.02)
                with contextlib.suppress(queue.Empty):
                    yield f"event: note\ndata: {json.dumps(self._feed.get_nowait())}\n\n".encode()

        return StreamingResponse(body(), media_type="text/event-stream")

    async def _console_moments(self, _: Request) -> Response:
        return JSONResponse(self.moments(), self.status)

    async def _console_pause(self, request: Request) -> Response:
        self.paused.append(json.loads(await request.body()))
        return JSONResponse({})

    async def _console_profile(self, request: Request) -> Response:
        """By the query as it is written: `user_id=u1`."""
        profile = self.profiles.get(request.url.query)
        return JSONResponse({"error": {}}, 404) if profile is None else JSONResponse(profile)

    async def _agent_next(self, request: Request) -> Response:
        """By the query as it is written; what was taken is as the test left it."""
        self.requests.append(str(request.url.query))
        state = self.desks.get(request.url.query)
        return JSONResponse({"error": {}}, 404) if state is None else JSONResponse(state)

    async def _agent_said(self, request: Request) -> Response:
        self.taken.append((request.path_params["what"], json.loads(await request.body())))
        if self.refusal is not None:
            return JSONResponse({"error": {"code": "answered", "message": self.refusal}}, 409)
        return JSONResponse({"success": True, "until": 4_102_444_800_000})

    async def _config(self, _: Request) -> Response:
        return PlainTextResponse(f'window.JOURNEYLOOP_KEY = "{KEY}";', media_type="text/javascript")

    async def _demo(self, request: Request) -> Response:
        path = request.path_params["path"]
        name = f"{path.rpartition('/')[2]}.html" if path.startswith("shop") and "." not in path else path
        return FileResponse(DEMO / name, headers=HEADERS)

    async def _console(self, request: Request) -> Response:
        return FileResponse(STATIC / request.path_params.get("path", "index.html"), headers=HEADERS)

    async def _page(self, request: Request) -> Response:
        return Response(self.pages[request.path_params["name"]], media_type="text/html; charset=utf-8")

    # --- running ------------------------------------------------------------------------------------------------

    def __enter__(self) -> Stub:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._server = uvicorn.Server(
            uvicorn.Config(self.app(), log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
        )
        self._ready = threading.Event()
        self._thread = threading.Thread(target=asyncio.run, args=[self._serve(listener)], daemon=True)
        self._thread.start()
        self._ready.wait(10)
        return self

    async def _serve(self, listener: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        self._ready.set()
        await self._server.serve(sockets=[listener])

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(5)
