"""Standard Webhooks (https://www.standardwebhooks.com), the side that signs: a receiver sees that it is us, that it is
recent, and which message this is, however often it comes."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence

PREFIX = "whsec_"
SHORTEST = 16


def keys_of(written: str) -> list[bytes]:
    """One key, or several with spaces between while they are changed. Raises LookupError: one is none."""
    return [_key(one) for one in written.split()]


def _key(written: str) -> bytes:
    try:
        key = b64decode(written.removeprefix(PREFIX), validate=True)
    except ValueError:
        key = b""
    if len(key) < SHORTEST:
        raise LookupError(f"a signing secret is {PREFIX} and at least {SHORTEST} bytes as base64")
    return key


def signed(keys: Sequence[bytes], id_: str, seconds: int, body: bytes) -> dict[str, str]:
    """The headers of a message. Without a key nothing is signed."""
    headers = {"content-type": "application/json", "webhook-id": id_, "webhook-timestamp": str(seconds)}
    if keys:
        message = f"{id_}.{seconds}.".encode() + body
        macs = (b64encode(hmac.digest(key, message, hashlib.sha256)).decode() for key in keys)
        headers["webhook-signature"] = " ".join(f"v1,{mac}" for mac in macs)
    return headers
