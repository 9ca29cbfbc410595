"""The other side of our own door: what a command asks of the server that runs for its directory."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

TIMEOUT_S = 60


def ask(address: str, key: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """POST as JSON; the answer.

    Raises:
        LookupError: the server refused; the message is its reason.
        OSError: it cannot be reached.
    """
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}{path}", json.dumps(body).encode(), headers)  # noqa: S310 - our own address
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            told: dict[str, Any] = json.load(answer)
            return told
    except urllib.error.HTTPError as error:
        raise LookupError(f"the server answered {error.code}: {error.read(500).decode(errors='replace')}") from None
