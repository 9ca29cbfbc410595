"""Who is asking: keys, what each may do, and the signed tokens of browsers.

Keys are compared as SHA-256 digests in constant time. The server key is also the secret its owner signs browser tokens
with, so it is held in clear; the write key is public. No key is ever logged.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from enum import IntEnum
from hashlib import sha256
from hmac import compare_digest
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from msgspec import Struct

MAX_TOKEN_CHARS = 4_096
MAX_TOKEN_LIFE_S = 3_600


class Role(IntEnum):
    """Each may do all that those before it may."""

    WRITE = 1
    SERVER = 2
    ADMIN = 3


class Claims(Struct, frozen=True):
    """What a verified token says: one of the two is set."""

    user_id: str | None = None
    anonymous_id: str | None = None


class Keys:
    """The active keys: several of a kind while they are being rotated."""

    def __init__(self, write: Sequence[str], server: Sequence[str], admin: Sequence[str]) -> None:
        self.write = tuple(write)
        self._digests = [
            (sha256(key.encode()).digest(), role)
            for role, keys in ((Role.WRITE, write), (Role.SERVER, server), (Role.ADMIN, admin))
            for key in keys
            if key
        ]
        self._signing = [OctKey.import_key(key) for key in server if key]

    def role(self, key: str | None) -> Role | None:
        """What this key may do; None for a wrong or absent one. Looks at every key, whichever matches."""
        if not key:
            return None
        digest = sha256(key.encode("utf-8", "replace")).digest()
        found = None
        for known, role in self._digests:
            if compare_digest(known, digest):
                found = role
        return found

    def claims(self, token: str, now: int) -> Claims | None:
        """The claims of a token (JWT, HS256 by a server key, `exp` at most an hour from `now` in ms), or None."""
        if len(token) > MAX_TOKEN_CHARS:
            return None
        for key in self._signing:
            try:
                claims = jwt.decode(token, key, algorithms=["HS256"]).claims
            except (JoseError, ValueError, TypeError, KeyError):
                continue
            return _checked(claims, now)
        return None


def _checked(claims: dict[str, Any], now: int) -> Claims | None:
    expires = claims.get("exp")
    if not isinstance(expires, (int, float)) or not 0 < expires * 1000 - now <= MAX_TOKEN_LIFE_S * 1000:
        return None
    user, anonymous = claims.get("user_id"), claims.get("anonymous_id")
    if isinstance(user, str) and user:
        return Claims(user_id=user)
    return Claims(anonymous_id=anonymous) if isinstance(anonymous, str) and anonymous else None


def presented(authorization: bytes | None) -> str | None:
    """The key of an Authorization header: `Basic` with or without its colon, or `Bearer`. None if it names none."""
    if not authorization:
        return None
    scheme, _, value = authorization.decode("latin-1").strip().partition(" ")
    if scheme.lower() == "bearer":
        return value.strip() or None
    if scheme.lower() != "basic":
        return value.strip() or scheme
    try:
        padded = value.strip() + "=" * (-len(value.strip()) % 4)
        return b64decode(padded, validate=True).decode().partition(":")[0] or None
    except ValueError:
        return value
