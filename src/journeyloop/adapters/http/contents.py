"""The JSON API of what messages say: pools of coupons, previews, and the page that a signed link to one opens."""

from __future__ import annotations

import msgspec
from msgspec import structs
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp

from journeyloop.adapters.http.answers import answer
from journeyloop.adapters.http.context import Context
from journeyloop.adapters.http.errors import invalid, not_found, refuse
from journeyloop.adapters.http.gate import Call, Endpoint, Parameter, identifier
from journeyloop.adapters.http.keys import Role
from journeyloop.adapters.http.sheet import PREVIEW_HEADERS, sheet
from journeyloop.model.identifier import PERSON
from journeyloop.runtime.coupons import POOL

MAX_BYTES = 8 * 1024 * 1024
MAX_CODES = 100_000
_POOL = (Parameter("pool", "Its name, as in `coupon: pool:NAME`.", required=True),)
_PREVIEW = (
    Parameter("moment", "The moment.", required=True),
    Parameter("action", "Its action.", required=True),
    Parameter("user_id", "Whose profile; or `anonymous_id`."),
    Parameter("anonymous_id", "Whose profile."),
)
_TOKEN = (Parameter("token", "What `GET /v1/preview` answers as `link` holds it.", required=True),)


class Contents:
    """The answers. Each takes a call that passed the gate."""

    def __init__(self, context: Context) -> None:
        self.door, self.keys, self.clock = context.door, context.keys, context.clock

    def endpoints(self) -> list[Endpoint]:
        take = "New single-use codes: one a line, or a JSON list of them; at most 100,000 at once."
        server, admin = Role.SERVER, Role.ADMIN
        return [
            Endpoint("POST", "/v1/coupons/{pool}", take, server, self.take, _POOL, raw=MAX_BYTES),
            Endpoint("GET", "/v1/coupons", "Every pool of coupons: codes free and given.", server, self.pools),
            Endpoint("GET", "/v1/preview", "What an action would say to a person.", admin, self.preview, _PREVIEW),
            Endpoint("GET", "/preview", "A preview as a page, by a signed link.", "open", self.page, _TOKEN),
        ]

    async def take(self, call: Call) -> ASGIApp:
        if not POOL.fullmatch(pool := call.path.get("pool", "")):
            return invalid("A pool is called by a-z, 0-9, _ and -.")
        codes = _codes(call.body)
        if codes is None:
            return refuse(400, "malformed_json", "Write one code a line, or a JSON list of texts.")
        if len(codes) > MAX_CODES:
            return refuse(413, "too_large", f"At most {MAX_CODES:,} codes at once.")
        return answer(structs.asdict(await self.door.take_coupons(pool, codes)))

    async def pools(self, call: Call) -> ASGIApp:
        return answer({"pools": self.door.coupon_pools()})

    async def preview(self, call: Call) -> ASGIApp:
        who = identifier(call.query.get("user_id"), call.query.get("anonymous_id"))
        if isinstance(who, Response):
            return who
        moment, action = call.query.get("moment", ""), call.query.get("action", "")
        told = await self.door.preview_content(moment, action, who)
        if isinstance(told, str):
            return refuse(404, "nothing_to_preview", told)
        token = self.keys.sign_preview(f"{moment}/{action}", told["person"], self.clock())
        return answer({**told, "link": f"/preview?token={token}"})

    async def page(self, call: Call) -> ASGIApp:
        opened = self.keys.previews(call.query.get("token", ""), self.clock())
        if opened is None:
            return not_found()
        moment, _, action = opened[0].partition("/")
        told = await self.door.preview_content(moment, action, (PERSON, opened[1]))
        return not_found() if isinstance(told, str) else HTMLResponse(sheet(told), headers=PREVIEW_HEADERS)


def _codes(raw: bytes) -> list[str] | None:
    """Blank lines are none."""
    try:
        if raw.lstrip().startswith(b"["):
            return msgspec.json.decode(raw, type=list[str])
        return [code for line in raw.decode("utf-8-sig").splitlines() if (code := line.strip())]
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
