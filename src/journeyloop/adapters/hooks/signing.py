"""What the signatures of providers have in common: HMACs compared in constant time, timestamps with a tolerance."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence

from journeyloop.runtime.hooked import Algorithm, Posted, Unsigned

TOLERANCE = 300_000
"""How old a signature may be, or how far ahead of our clock (ms)."""


def header(posted: Posted, name: str) -> str:
    """Raises Unsigned: there is none."""
    found = posted.headers.get(name, "")
    if not found:
        raise Unsigned("signature_missing")
    return found


def hex_hmacs(secrets: Iterable[str], algorithm: Algorithm, message: bytes) -> Iterator[str]:
    """One for each secret."""
    return (hmac.digest(secret.encode(), message, algorithm).hex() for secret in secrets)


def base64_hmacs(secrets: Iterable[str], algorithm: Algorithm, message: bytes) -> Iterator[str]:
    """One for each secret."""
    return (b64encode(hmac.digest(secret.encode(), message, algorithm)).decode() for secret in secrets)


def require(shown: Sequence[str], expected: Iterable[str]) -> None:
    """Looks at every pair, whichever matches. Raises Unsigned: none does."""
    found = False
    for right in expected:
        for one in shown:
            found |= hmac.compare_digest(one.encode(errors="replace"), right.encode())
    if not found:
        raise Unsigned("signature_wrong")


def require_fresh(at: int | None, now: int) -> None:
    """Raises Unsigned: it was signed too long ago, or ahead of us (ms)."""
    if at is None or abs(now - at) > TOLERANCE:
        raise Unsigned("signature_stale")


def seconds(text: str) -> int | None:
    """Seconds since the epoch in ms."""
    return int(text) * 1000 if text.isascii() and text.isdigit() and len(text) <= 12 else None


def require_token(posted: Posted, secrets: Sequence[str]) -> None:
    """A shared token: as Bearer, as the password of Basic (or `user:password` as a whole), or in `X-Webhook-Token`."""
    shown = list(_tokens(posted.headers))
    if not shown:
        raise Unsigned("signature_missing")
    require(shown, secrets)


def _tokens(headers: dict[str, str]) -> Iterator[str]:
    if token := headers.get("x-webhook-token"):
        yield token
    scheme, _, value = headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        yield value.strip()
    if scheme.lower() == "basic":
        try:
            pair = b64decode(value.strip(), validate=True).decode()
        except ValueError:
            return
        yield from (one for one in (pair, pair.partition(":")[2]) if one)
