"""`/u/{token}`: the page behind the link of an e-mail. Looking at it changes nothing, for programs look at links; a
click on it, or the one click of a mail program (RFC 8058), ends such messages at once.

It shows nothing of anybody, loads nothing and needs no script.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from journeyloop.adapters.http.body import read_body
from journeyloop.adapters.http.door import Door
from journeyloop.adapters.http.errors import UNAVAILABLE_RETRY_S
from journeyloop.model.event import Rejected
from journeyloop.runtime.doors import Overloaded, Unavailable
from journeyloop.runtime.unsubscribe import Ending

MAX_BYTES = 10_000
STYLE = """
:root { color-scheme: light dark; --back: #f6f6f4; --card: #ffffff; --ink: #1c1c1a; --soft: #5d5d58; --line: #d8d8d2; }
@media (prefers-color-scheme: dark) {
  :root { --back: #161614; --card: #22221f; --ink: #f0f0ec; --soft: #adada6; --line: #44443f; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--back);
  color: var(--ink); font: 1.05rem/1.55 system-ui, sans-serif; }
main { width: 100%; max-width: 30rem; padding: 2rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 0.75rem; }
h1 { margin: 0 0 0.75rem; font-size: 1.5rem; line-height: 1.25; }
p { margin: 0; color: var(--soft); }
form { margin-top: 1.5rem; }
button { display: block; width: 100%; margin: 0.75rem 0 0; padding: 0.8rem 1rem; border: 1px solid var(--ink);
  border-radius: 0.5rem; background: var(--ink); color: var(--card); font: inherit; font-weight: 600; cursor: pointer; }
button.second { background: transparent; color: var(--ink); font-weight: 400; }
button:focus-visible { outline: 3px solid #3b82f6; outline-offset: 2px; }
"""
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'sha256-"
    + b64encode(sha256(STYLE.encode()).digest()).decode()
    + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-robots-tag": "noindex",
}
_PAGE = (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    "<title>{title}</title><style>{style}</style></head><body><main><h1>{title}</h1>{body}</main></body></html>\n"
)
_ASKED = (
    "<p>Press the button, and we send you no more e-mails of this kind: {purpose}.</p>"
    '<form method="post">'
    '<button name="end" value="these">Stop these e-mails</button>'
    '<button class="second" name="end" value="everything">Stop all {purpose}, not only e-mails</button>'
    "</form>"
)


class Leaving:
    """The page, and what its button and mail programs send."""

    def __init__(self, door: Door) -> None:
        self.door = door

    def route(self) -> Route:
        return Route("/u/{token}", self.answer, methods=["GET", "POST"])

    async def answer(self, request: Request) -> Response:
        ending = self.door.ending(request.path_params["token"])
        if ending is None:
            return _unknown()
        if request.method != "POST":
            return _page("Unsubscribe", _ASKED.format(purpose=escape(ending.purpose)))
        body = await read_body(request.receive, MAX_BYTES)
        return await self._end(ending, not isinstance(body, Rejected) and _asks_for_everything(body))

    async def _end(self, ending: Ending, everything: bool) -> Response:
        try:
            done = await self.door.unsubscribe(ending, everything)
        except (Overloaded, Unavailable):
            retry = {"retry-after": str(UNAVAILABLE_RETRY_S)}
            return _page(
                "Please try again", "<p>This could not be saved just now. Nothing has changed.</p>", 503, retry
            )
        if not done:
            return _unknown()
        what = f"no {escape(ending.purpose)} any more" + ("" if everything else " by e-mail")
        told = f"<p>From now on we send you {what}. You can close this page.</p>"
        return _page("You are unsubscribed", told)


def _asks_for_everything(body: bytes) -> bool:
    """Whatever else is sent, such as a mail program's `List-Unsubscribe=One-Click`, ends the e-mails alone."""
    try:
        return ("end", "everything") in parse_qsl(body.decode("ascii"), max_num_fields=20)
    except ValueError:
        return False


def _unknown() -> Response:
    told = "<p>It may have been cut off on its way. Please use the link as it stands in the e-mail.</p>"
    return _page("This link does not work", told, 404)


def _page(title: str, body: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return HTMLResponse(_PAGE.format(title=title, style=STYLE, body=body), status, {**HEADERS, **(headers or {})})
