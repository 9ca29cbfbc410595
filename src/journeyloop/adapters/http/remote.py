"""The other side of our own door: what a command asks of the server that runs for its directory."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode

from journeyloop.runtime.coupons import Taken
from journeyloop.runtime.imports import Progress
from journeyloop.runtime.rows import Kind

TIMEOUT_S = 60
TRIES = 30
TOO_BUSY = 429


class NotNow(LookupError):
    """The server is too busy; `after` seconds later it may not be."""

    def __init__(self, message: str, after: float) -> None:
        super().__init__(message)
        self.after = after


def ask(address: str, key: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """POST as JSON; the answer.

    Raises:
        LookupError: the server refused; the message is its reason.
        OSError: it cannot be reached.
    """
    return _answered(address, key, path, json.dumps(body).encode(), "application/json")


class Beside:
    """Writing through the server that runs for a directory."""

    def __init__(self, address: str, key: str) -> None:
        self.address, self.key = address, key

    def ask(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """As the function of this name."""
        return ask(self.address, self.key, path, body)

    def progress(self, file: str) -> Progress:
        """Raises as `ask`."""
        query = urlencode({"import": file})
        return Progress(**_answered(self.address, self.key, f"/v1/import?{query}", None, ""))

    def take(self, kind: Kind, file: str, start: int, lines: Sequence[bytes]) -> Progress:
        """Send these rows, again and again while the server is too busy.

        Raises:
            LookupError: the server refused or is gone; what it took is recorded there.
        """
        query = urlencode({"kind": kind, "import": file, "row": start})
        body = b"\n".join(lines)
        for _ in range(TRIES):
            try:
                told = _answered(self.address, self.key, f"/v1/import?{query}", body, "application/x-ndjson")
                return Progress(**told)
            except NotNow as busy:
                time.sleep(busy.after)
            except (OSError, HTTPException) as error:
                raise LookupError(
                    f"the server is gone ({error}): the same command goes on where this one ends"
                ) from None
        raise LookupError("the server is too busy to take the rows in")

    def take_coupons(self, pool: str, codes: Sequence[str]) -> Taken:
        """Raises as `ask`."""
        body = json.dumps(list(codes)).encode()
        return Taken(**_answered(self.address, self.key, f"/v1/coupons/{pool}", body, "application/json"))


def _answered(address: str, key: str, path: str, body: bytes | None, media_type: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": media_type}
    request = urllib.request.Request(f"{address}{path}", body, headers)  # noqa: S310 - our own address
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            told: dict[str, Any] = json.load(answer)
            return told
    except urllib.error.HTTPError as error:
        message = f"the server answered {error.code}: {error.read(500).decode(errors='replace')}"
        if error.code == TOO_BUSY:
            raise NotNow(message, float(error.headers.get("Retry-After", 1))) from None
        raise LookupError(message) from None
