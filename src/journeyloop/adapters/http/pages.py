"""Files: the console, the demo shop, `loop.js` and what belongs to it. Nothing here knows what is in them.

Everything we serve is ours and inline code is never needed, so the content security policy allows only this origin.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from journeyloop.adapters.http.context import Context
from journeyloop.adapters.http.cors import with_cors
from journeyloop.adapters.http.errors import not_found

_ADAPTERS = Path(__file__).parent.parent
CONSOLE = _ADAPTERS / "console" / "static"
DEMO = _ADAPTERS / "console" / "demo"
LOOP_JS = _ADAPTERS / "channels" / "loop.js"
PUSH_JS = _ADAPTERS / "channels" / "push.js"
PUSH_WORKER_JS = _ADAPTERS / "channels" / "push-worker.js"

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "no-cache",
}


class Folder(StaticFiles):
    """The files of one folder, with our headers; any other method than GET finds nothing here."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        if scope["method"] not in ("GET", "HEAD") or "\0" in path:
            raise HTTPException(404)
        response = await super().get_response(path, scope)
        response.headers.update(HEADERS)
        return response


class File:
    """One file at a path of its own. `browser`: other origins may load it."""

    def __init__(self, path: Path, headers: dict[str, str], browser: bool = False) -> None:
        self.path, self.headers, self.browser = path, headers, browser

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self.path.is_file()
        response = FileResponse(self.path, headers=self.headers) if found else not_found()
        await response(scope, receive, with_cors(send) if self.browser else send)


class Script:
    """A script made when the site is built: what the demo page needs to know."""

    def __init__(self, name: str, value: Any) -> None:
        self.text = f"window.{name}={msgspec.json.encode(value).decode()};\n"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = Response(self.text, headers=HEADERS, media_type="text/javascript")
        await response(scope, receive, send)


def browser_scripts() -> list[Route]:
    """What other sites load: cached for five minutes, so that a fix reaches every page soon."""
    headers = {"cache-control": "public, max-age=300", "x-content-type-options": "nosniff"}
    headers["cross-origin-resource-policy"] = "cross-origin"
    return [
        Route(f"/{path.name}", File(path, headers, browser=True), methods=["GET"])
        for path in (LOOP_JS, PUSH_JS, PUSH_WORKER_JS)
    ]


def demo_routes(context: Context) -> list[BaseRoute]:
    """The shop: `/demo/shop` and `/demo/shop/PAGE` are PAGE.html, everything else is a file by its name."""
    pages: list[BaseRoute] = [
        Route("/demo/shop" if page.stem == "shop" else f"/demo/shop/{page.stem}", File(page, HEADERS), methods=["GET"])
        for page in sorted(DEMO.glob("*.html"))
    ]
    key = next(iter(context.keys.write), "")
    config = Route("/demo/config.js", Script("JOURNEYLOOP_KEY", key), methods=["GET"])
    return [*pages, config, Mount("/demo", Folder(directory=DEMO, check_dir=False))]


def console_routes() -> list[BaseRoute]:
    """Live is at `/`, one customer at `/customer`, the agent's desk at `/desk`; all else is a file by its name."""
    named = [Route(f"/{one}", File(CONSOLE / f"{one}.html", HEADERS), methods=["GET"]) for one in ("customer", "desk")]
    return [*named, Mount("/", Folder(directory=CONSOLE, html=True, check_dir=False))]
