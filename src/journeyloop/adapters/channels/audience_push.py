"""Changes of audiences by HTTP: Standard Webhooks headers, signed if there is a key. One attempt; when to try again
is the runtime's business.
"""

from __future__ import annotations

from collections.abc import Callable

from journeyloop.adapters.channels.outward import Outward
from journeyloop.adapters.channels.signing import signed

TIMEOUT = 10.0


class AudiencePush:
    """`key` signs what is sent; without one nothing is signed. `clock` gives ms since the epoch. `loopback`: receivers
    on this machine are allowed, which they are outside production."""

    def __init__(self, key: bytes | None, clock: Callable[[], int], loopback: bool) -> None:
        self.keys, self.clock = [key] if key is not None else [], clock
        self._outward = Outward(TIMEOUT, loopback, reuse=True)

    async def push(self, url: str, id_: str, body: bytes) -> str | None:
        """POST once; None if the receiver answered 2xx, else why not."""
        reply = await self._outward.post(url, signed(self.keys, id_, self.clock() // 1000, body), body)
        if 200 <= reply.status < 300:
            return None
        return f"http_{reply.status}" if reply.status else reply.reason

    async def close(self) -> None:
        await self._outward.close()
