"""The site: every path and what answers it, put together in one place, with one last net under it all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Message, Receive, Scope, Send

from journeyloop.adapters.http.answers import answer
from journeyloop.adapters.http.api import Api
from journeyloop.adapters.http.channels import Channels
from journeyloop.adapters.http.contacting import Contacting
from journeyloop.adapters.http.context import NO_SOURCES, Context, HttpSettings, random_id, wall_clock
from journeyloop.adapters.http.deciding import Deciding
from journeyloop.adapters.http.desk import Desk
from journeyloop.adapters.http.door import Door
from journeyloop.adapters.http.errors import broken, method_not_allowed, not_found, refuse
from journeyloop.adapters.http.gate import Call, Endpoint, Gate, Preflight, WrongMethod
from journeyloop.adapters.http.governing import Governing
from journeyloop.adapters.http.holds import Holds
from journeyloop.adapters.http.hooks import Hooks
from journeyloop.adapters.http.imports import Imports
from journeyloop.adapters.http.ingest import PATHS, Ingest
from journeyloop.adapters.http.keys import Keys
from journeyloop.adapters.http.leaving import Leaving
from journeyloop.adapters.http.openapi import document
from journeyloop.adapters.http.pages import browser_scripts, console_routes, demo_routes
from journeyloop.adapters.http.people import People
from journeyloop.adapters.http.subscribing import Subscribing
from journeyloop.runtime.hooked import Sources

log = structlog.get_logger(__name__)


def build_site(
    door: Door,
    keys: Keys,
    settings: HttpSettings,
    clock: Callable[[], int] = wall_clock,
    fresh_id: Callable[[], str] = random_id,
    sources: Sources = NO_SOURCES,
) -> Site:
    """The ASGI app. `clock` gives ms since the epoch, `fresh_id` names events that came without a messageId; `sources`
    are the services that push to us."""
    return Site(Context(door, keys, settings, clock, fresh_id, sources))


def endpoints(context: Context) -> list[Endpoint]:
    """The route table of the JSON API, its own description included."""
    table = [
        *Api(context).endpoints(),
        *Deciding(context).endpoints(),
        *Subscribing(context).endpoints(),
        *People(context).endpoints(),
        *Holds(context).endpoints(),
        *Desk(context).endpoints(),
        *Contacting(context).endpoints(),
        *Imports(context.door).endpoints(),
        *Governing(context.door).endpoints(),
        *Channels(context.door).endpoints(),
        *Hooks(context).endpoints(),
    ]

    async def openapi(call: Call) -> Response:
        return answer(described)

    table.append(Endpoint("GET", "/openapi.json", "This description.", "open", openapi))
    described = document(table)
    return table


class Site:
    """Tracking paths go straight to `Ingest`; the rest through Starlette's router."""

    def __init__(self, context: Context) -> None:
        self.ingest = Ingest(context)
        self.rest = Starlette(routes=_routes(context), exception_handlers={HTTPException: _refused, Exception: _broken})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.rest(scope, receive, send)
            return
        if scope["path"] in PATHS:
            await self._ingested(scope, receive, send)
            return
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.rest(scope, receive, sending)
        except ClientDisconnect:
            return
        except Exception as error:
            _log(error, scope)
            if not started:
                await broken()(scope, receive, send)

    async def _ingested(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Without the wrapped `send`: an ingest that fails has not begun to answer."""
        try:
            await self.ingest(scope, receive, send)
        except ClientDisconnect:
            return
        except Exception as error:
            _log(error, scope)
            await broken()(scope, receive, send)


def _log(error: Exception, scope: Scope) -> None:
    """Its message may quote what was sent, so only its type and place are logged."""
    log.error("http_failed", error=type(error).__name__, place=_place(error), path=_route(scope))


def _routes(context: Context) -> list[BaseRoute]:
    routes: list[BaseRoute] = []
    allowed: dict[str, list[str]] = {}
    for endpoint in endpoints(context):
        if endpoint.browser:
            routes.append(Route(endpoint.path, Preflight(), methods=["OPTIONS"]))
        routes.append(Route(endpoint.path, Gate(endpoint, context), methods=[endpoint.method]))
        allowed.setdefault(endpoint.path, []).append(endpoint.method)
    routes += [Route(path, WrongMethod(", ".join(methods))) for path, methods in allowed.items()]
    routes += browser_scripts()
    routes.append(Leaving(context.door).route())
    if context.settings.demo:
        routes += demo_routes(context)
    return [*routes, *console_routes()]


async def _refused(request: Request, error: Exception) -> Response:
    """Starlette's own refusals, in our shape."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return not_found()
    if error.status_code == 405:
        return method_not_allowed((error.headers or {}).get("Allow", "GET"))
    return refuse(error.status_code, "refused", "The request was refused.")


async def _broken(request: Request, error: Exception) -> Response:
    return broken()


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}" if trace else ""


def _route(scope: Any) -> str:
    """The matched pattern: a path itself may hold a key."""
    gate = scope.get("endpoint")
    return gate.endpoint.path if isinstance(gate, Gate) else scope["path"] if scope["path"] in PATHS else ""
