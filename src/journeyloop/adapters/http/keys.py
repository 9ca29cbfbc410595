"""Who is asking: keys, what each may do, and the signed tokens of browsers.

Keys are compared as SHA-256 digests in constant time. The server key is also the secret its owner signs browser tokens
with, so it is held in clear; the write key is public. No key is ever logged. The anonymous ids that we issue are signed
with a key of the store's, so that neither token passes for the other.
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
ISSUED_LIFE_S = 395 * 86_400
"""Thirteen months: after that a browser is somebody new, as with any cookie that is well behaved."""


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

    def __init__(self, write: Sequence[str], server: Sequence[str], admin: Sequence[str], issuing: bytes) -> None:
        self.write = tuple(write)
        self._issuing = OctKey.import_key(issuing)
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
        found = _verified(token, self._signing)
        return None if found is None else _checked(found, now, MAX_TOKEN_LIFE_S)

    def issue(self, anonymous_id: str, now: int) -> str:
        """A token that says: we gave this anonymous id to whoever shows this."""
        return jwt.encode(
            {"alg": "HS256"}, {"anonymous_id": anonymous_id, "exp": now // 1000 + ISSUED_LIFE_S}, self._issuing
        )

    def issued(self, token: str, now: int) -> str | None:
        """The anonymous id that we gave with this token, or None."""
        found = _verified(token, [self._issuing])
        claims = None if found is None else _checked(found, now, ISSUED_LIFE_S)
        return None if claims is None else claims.anonymous_id

    def sign_preview(self, what: str, person: str, now: int) -> str:
        """A token that opens one preview, `what` = MOMENT/ACTION for this person, for an hour."""
        claims = {"preview": what, "person": person, "exp": now // 1000 + MAX_TOKEN_LIFE_S}
        return jwt.encode({"alg": "HS256"}, claims, self._issuing)

    def previews(self, token: str, now: int) -> tuple[str, str] | None:
        """What a token opens and for which person, or None."""
        claims = _verified(token, [self._issuing]) or {}
        if not _lives(claims, now, MAX_TOKEN_LIFE_S):
            return None
        what, person = claims.get("preview"), claims.get("person")
        return (what, person) if isinstance(what, str) and isinstance(person, str) else None


def _verified(token: str, keys: Sequence[OctKey]) -> dict[str, Any] | None:
    """What a token says that one of these keys has signed."""
    if len(token) > MAX_TOKEN_CHARS:
        return None
    for key in keys:
        try:
            return jwt.decode(token, key, algorithms=["HS256"]).claims
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    return None


def _checked(claims: dict[str, Any], now: int, life_s: int) -> Claims | None:
    if not _lives(claims, now, life_s):
        return None
    user, anonymous = claims.get("user_id"), claims.get("anonymous_id")
    if isinstance(user, str) and user:
        return Claims(user_id=user)
    return Claims(anonymous_id=anonymous) if isinstance(anonymous, str) and anonymous else None


def _lives(claims: dict[str, Any], now: int, life_s: int) -> bool:
    expires = claims.get("exp")
    return isinstance(expires, (int, float)) and 0 < expires * 1000 - now <= life_s * 1000


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
