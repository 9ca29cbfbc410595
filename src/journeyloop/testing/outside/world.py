"""The servers of the world outside, on free ports of this machine, and the page that shows what arrived."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import aiohttp
from aiohttp import web
from msgspec import json, to_builtins

from journeyloop.testing.outside import events
from journeyloop.testing.outside.arrivals import LOOPBACK, Arrivals, Arrived, mail_server, text_message, told
from journeyloop.testing.outside.events import Call

KEY = b"demo-old-mail-tool-signing-key!!"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'"
)
FILES = {"": "text/html", "world.js": "text/javascript", "world.css": "text/css"}


class Outside:
    """From `start` until `stop`. `loop_url` and `server_key` are where the loop listens, once it does."""

    def __init__(self) -> None:
        self.arrivals = Arrivals()
        self.loop_url, self.server_key = "", ""
        self.account: dict[str, str] = {}

    async def start(self) -> None:
        self._mail = await mail_server(self.arrivals)
        self.smtp_port: int = self._mail.sockets[0].getsockname()[1]
        app = web.Application()
        app.add_routes([
            web.get("/{name:(|world\\.js|world\\.css)}", self._file),
            web.get("/arrived", self._arrived),
            web.post("/2010-04-01/Accounts/{account}/Messages.json", self._text),
            web.post("/old-tool", self._tool),
            web.post("/alerts", self._alert),
            web.post("/do/{what:account|declined|escalated|ordered}", self._do),
        ])  # fmt: skip
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, LOOPBACK, 0)
        await site.start()
        self.url = f"http://{LOOPBACK}:{self._runner.addresses[0][1]}"
        self._client = aiohttp.ClientSession()

    async def stop(self) -> None:
        await self._client.close()
        await self._runner.cleanup()
        self._mail.close()
        await self._mail.wait_closed()

    # --- what happens in it -----------------------------------------------------------------------------------------

    async def vouch(self, user_id: str, first_name: str, email: str, phone: str) -> None:
        """Somebody has an account, whose addresses the shop's backend has verified."""
        self.account = {"user_id": user_id, "first_name": first_name, "email": email, "phone": phone}
        for call in events.vouched(user_id, first_name, email, phone):
            await self.call(call)

    async def call(self, call: Call) -> None:
        """Raises RuntimeError: the loop refused it."""
        headers = {"content-type": "application/json", **call.headers}
        if call.key:
            headers["authorization"] = f"Bearer {self.server_key}"
        async with self._client.post(self.loop_url + call.path, data=call.body, headers=headers) as answer:
            if answer.status >= 300:
                raise RuntimeError(f"{call.path}: {answer.status} {(await answer.text())[:200]}")

    # --- its doors --------------------------------------------------------------------------------------------------

    async def _file(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        text = (files("journeyloop.testing.outside") / (name or "world.html")).read_text(encoding="utf-8")
        return web.Response(text=text, content_type=FILES[name], headers={"content-security-policy": POLICY})

    async def _arrived(self, request: web.Request) -> web.Response:
        return _json({"account": self.account, "arrived": to_builtins(self.arrivals.all[::-1])})

    async def _text(self, request: web.Request) -> web.Response:
        fields = {name: str(value) for name, value in (await request.post()).items()}
        self.arrivals.add(text_message(fields))
        return _json({"sid": f"SM{self.arrivals.count:032x}", "status": "queued"}, 201)

    async def _tool(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.arrivals.add(told(json.decode(await request.read()), headers))
        return _json({})

    async def _alert(self, request: web.Request) -> web.Response:
        """What apprise sends to `json://`."""
        body = json.decode(await request.read())
        self.arrivals.add(Arrived("alert", "the team", str(body.get("title", "")), str(body.get("message", ""))))
        return _json({})

    async def _do(self, request: web.Request) -> web.Response:
        try:
            await self._act(request.match_info["what"], json.decode(await request.read() or b"{}"))
        except (RuntimeError, KeyError, ValueError, aiohttp.ClientError) as error:
            return _json({"error": str(error)}, 400)
        return _json({"account": self.account})

    async def _act(self, what: str, said: dict[str, Any]) -> None:
        if what == "account":
            names = ("user_id", "first_name", "email", "phone")
            return await self.vouch(*(str(said.get(name, "")).strip() for name in names))
        who = self.account["user_id"]
        match what:
            case "declined":
                await self.call(events.card_declined(who, 600.0))
            case "escalated":
                await self.call(events.escalated(who))
            case "ordered":
                await self.call(events.ordered(who, 600.0))


def _json(body: Any, status: int = 200) -> web.Response:
    return web.Response(body=json.encode(body), status=status, content_type="application/json")
