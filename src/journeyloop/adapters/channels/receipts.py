"""What a reply means for a message, as far as all providers mean the same."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from journeyloop.adapters.channels.outward import Reply
from journeyloop.runtime.channels import Receipt

BUSY, UNAVAILABLE = 429, 503
OURS = frozenset({401, 403, 404})
"""Refusals that every message of the channel would get: its key or its address is wrong."""


def unanswered(reply: Reply) -> Receipt | None:
    """If nobody answered. Whether a message of unknown end may be repeated, the courier knows."""
    if reply.status:
        return None
    if reply.refused:
        return Receipt("failed", reply.reason, trouble=True)
    return Receipt("unknown" if reply.left else "again", reply.reason, trouble=True)


def usual(reply: Reply, code: str = "") -> Receipt:
    """2xx: it is there. 429, or 503 with a time: not taken, later. Other 5xx: nobody knows. All else is a refusal.

    `code` is the provider's own word for it, if it has one.
    """
    if (receipt := unanswered(reply)) is not None:
        return receipt
    status, reason = reply.status, code or f"http_{reply.status}"
    if 200 <= status < 300:
        return Receipt("sent")
    if status == BUSY or (status == UNAVAILABLE and "retry-after" in reply.headers):
        return Receipt("again", reason, pause(reply.headers), trouble=True)
    if status >= 500:
        return Receipt("unknown", reason, trouble=True)
    if status < 400:
        return Receipt("failed", f"{reason}: a redirect is not followed", trouble=True)
    return Receipt("failed", reason, trouble=status in OURS)


def pause(headers: Mapping[str, str]) -> float:
    """How long they asked us to wait (s): Retry-After, in seconds or as a date."""
    written = headers.get("retry-after", "").strip()
    if written.isascii() and written.isdigit() and len(written) < 10:
        return float(written)
    try:
        return max(0.0, parsedate_to_datetime(written).timestamp() - time.time())
    except ValueError:
        return 0.0
