"""The JSON API of push subscriptions: a browser that its visitor allowed to receive push says where, and when no more.

An endpoint comes from anybody who has the write key, and is something that we shall connect to: the channel refuses
what it would not push to (docs/adr/0034-web-push.md).
"""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import ASGIApp

from journeyloop.adapters.http.answers import answer
from journeyloop.adapters.http.calls import Push, PushSubscription
from journeyloop.adapters.http.context import Context
from journeyloop.adapters.http.errors import refuse, unauthorized
from journeyloop.adapters.http.gate import KEY, Call, Endpoint, identifier
from journeyloop.adapters.http.keys import Role
from journeyloop.model.identifier import Identifier
from journeyloop.model.subscription import PushSubscribed


class Subscribing:
    """The answers. Each takes a call that passed the gate."""

    def __init__(self, context: Context) -> None:
        self.door, self.context = context.door, context

    def endpoints(self) -> list[Endpoint]:
        write, about = Role.WRITE, "The public key that a browser subscribes to push with."
        return [
            Endpoint("GET", "/v1/push/key", about, write, self.key, KEY, browser=True),
            Endpoint(
                "POST", "/v1/push", "A browser may be pushed to, or no longer.", write, self.push, KEY, Push, True
            ),
        ]

    async def key(self, call: Call) -> ASGIApp:
        channel = self.door.pushes()
        return _no_push() if channel is None else answer({"key": channel.public_key})

    async def push(self, call: Call) -> ASGIApp:
        """A browser speaks for its own anonymous id. What is sent to it has no profile fields unless a token or a
        server key vouches for it."""
        body: Push = call.body
        who = identifier(None, body.anonymous_id, self.door.blocked_ids())
        if isinstance(who, Response):
            return who
        signed = self._signed(call.role, body)
        if signed is None:
            return unauthorized()
        told = self._told(who, body.subscription, signed)
        if isinstance(told, Response):
            return told
        await self.door.submit([told])
        return answer({"success": True})

    def _told(self, who: Identifier, given: PushSubscription | None, signed: bool) -> PushSubscribed | Response:
        if given is None:
            return PushSubscribed(who)
        channel, keys = self.door.pushes(), given.keys
        if channel is None:
            return _no_push()
        if refused := channel.refusal(given.endpoint, keys.p256dh, keys.auth):
            return refuse(400, "invalid_subscription", f"{refused}.")
        return PushSubscribed(who, given.endpoint, keys.p256dh, keys.auth, signed)

    def _signed(self, role: Role | None, body: Push) -> bool | None:
        """Whether somebody vouches for this browser; None: the token is not valid."""
        if body.token is None:
            return role is not Role.WRITE
        claims = self.context.keys.claims(body.token, self.context.clock())
        return None if claims is None else self.context.vouched(claims, body.anonymous_id)


def _no_push() -> Response:
    return refuse(404, "no_push", "No channel of kind webpush is configured, or it cannot be used.")
