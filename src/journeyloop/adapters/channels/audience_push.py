"""Changes of audiences by HTTP: Standard Webhooks headers, signed if there is a key. One attempt; when to try again
is the runtime's business. Redirects are not followed: what is told of people goes where the configuration says.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable

import aiohttp

TIMEOUT = aiohttp.ClientTimeout(total=10)


class AudiencePush:
    """`key` signs what is sent; without one nothing is signed. `clock` gives ms since the epoch."""

    def __init__(self, key: bytes | None, clock: Callable[[], int]) -> None:
        self.key, self.clock = key, clock
        self._session: aiohttp.ClientSession | None = None

    async def push(self, url: str, id_: str, body: bytes) -> str | None:
        """POST once; None if the receiver answered 2xx, else why not."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=TIMEOUT, cookie_jar=aiohttp.DummyCookieJar())
        try:
            async with self._session.post(
                url, data=body, headers=self._headers(id_, body), allow_redirects=False
            ) as answer:
                return None if 200 <= answer.status < 300 else f"http_{answer.status}"
        except (aiohttp.ClientError, TimeoutError, OSError, UnicodeError) as error:  # UnicodeError: no name of a host
            return type(error).__name__

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _headers(self, id_: str, body: bytes) -> dict[str, str]:
        at = str(self.clock() // 1000)
        headers = {"content-type": "application/json", "webhook-id": id_, "webhook-timestamp": at}
        if self.key is not None:
            signed = hmac.digest(self.key, f"{id_}.{at}.".encode() + body, hashlib.sha256)
            headers["webhook-signature"] = f"v1,{base64.b64encode(signed).decode()}"
        return headers
