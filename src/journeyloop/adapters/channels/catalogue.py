"""The shop's catalogue over HTTP: `GET url?ids=a,b` → {"products": {"a": {"price": 12.0, "currency": "EUR", …}}}.

One question a message, guarded like everything that leaves: no redirects, no address inside a network. An answer is no
larger than a megabyte.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
from msgspec import DecodeError, json

from journeyloop.adapters.channels.guard import Refused, permit
from journeyloop.adapters.channels.outward import Resolver
from journeyloop.runtime.catalogue import Silent

IDLE = 15.0
TIMEOUT = aiohttp.ClientTimeout(total=2)
LARGEST = 1_000_000


class HttpCatalogue:
    """`where` it is by now; `loopback`: that may be this machine, as it may outside production."""

    def __init__(self, where: Callable[[], str], loopback: bool = False) -> None:
        self.where, self.loopback = where, loopback
        self._session: aiohttp.ClientSession | None = None
        self._resolver: Resolver | None = None

    async def ask(self, ids: list[str]) -> Mapping[str, Mapping[str, Any]]:
        """Raises Silent."""
        try:
            url = permit(self.where(), self.loopback)
            asked = self._open().get(url, params={"ids": ",".join(ids)}, allow_redirects=False)
            async with asked as answer:
                if answer.status != 200:
                    raise Silent(f"http_{answer.status}")
                return _products(await _whole(answer))
        except Refused as refused:
            raise Silent(str(refused)) from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise Silent("timeout" if isinstance(error, TimeoutError) else type(error).__name__) from None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
        if self._resolver is not None:
            await self._resolver.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._resolver = Resolver(self.loopback)
            connector = aiohttp.TCPConnector(resolver=self._resolver, keepalive_timeout=IDLE)
            self._session = aiohttp.ClientSession(
                connector=connector, timeout=TIMEOUT, trust_env=False, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session


async def _whole(answer: aiohttp.ClientResponse) -> bytes:
    parts, size = [], 0
    async for part in answer.content.iter_chunked(65_536):
        parts.append(part)
        size += len(part)
        if size > LARGEST:
            raise Silent("larger than a megabyte")
    return b"".join(parts)


def _products(raw: bytes) -> dict[str, dict[str, Any]]:
    try:
        found: dict[str, dict[str, Any]] = json.decode(raw, type=dict[str, Any])["products"]
    except (DecodeError, KeyError):
        raise Silent("no answer of a catalogue") from None
    if not isinstance(found, dict):
        raise Silent("no answer of a catalogue")
    return found
