"""The other side of our own door: what a command sends to the server that runs for its directory."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterable
from http import HTTPStatus

TIMEOUT_S = 30


def sent_again(address: str, key: str, bodies: Iterable[str]) -> int:
    """Post refused input once more, each on its own; how many were accepted this time.

    Raises:
        OSError: the server cannot be reached.
    """
    return sum(_accepted(address, key, body) for body in bodies)


def _accepted(address: str, key: str, raw: str) -> bool:
    body = raw if _is_batch(raw) else f'{{"batch":[{raw}]}}'
    authorization = {"Authorization": f"Bearer {key}"}
    request = urllib.request.Request(f"{address}/v1/batch", body.encode(), authorization)  # noqa: S310 - our own address
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            return bool(answer.status == HTTPStatus.OK)
    except urllib.error.HTTPError:
        return False


def _is_batch(raw: str) -> bool:
    try:
        found = json.loads(raw)
    except ValueError:
        return False
    return isinstance(found, dict) and "batch" in found
