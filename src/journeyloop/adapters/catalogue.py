"""The shop's catalogue over HTTP: `GET url?ids=a,b` → {"products": {"a": {"price": 12.0, "currency": "EUR", …}}}.

One question a message, no redirects, nothing larger than a megabyte.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
from msgspec import DecodeError, json

from journeyloop.runtime.catalogue import Silent

TIMEOUT = aiohttp.ClientTimeout(total=2)
LARGEST = 1_000_000


class HttpCatalogue:
    """`url` is where it is by now."""

    def __init__(self, url: Callable[[], str]) -> None:
        self.url = url
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, ids: list[str]) -> Mapping[str, Mapping[str, Any]]:
        """Raises Silent."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=TIMEOUT, cookie_jar=aiohttp.DummyCookieJar())
        try:
            query = {"ids": ",".join(ids)}
            async with self._session.get(self.url(), params=query, allow_redirects=False) as answer:
                if answer.status != 200:
                    raise Silent(f"http_{answer.status}")
                return _products(await _whole(answer))
        except (aiohttp.ClientError, TimeoutError, OSError, UnicodeError) as error:
            raise Silent(type(error).__name__) from None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


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
