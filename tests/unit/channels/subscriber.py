"""A browser's side of web push: it has the private keys, so it reads what was sealed for it, and checks who signed."""

from __future__ import annotations

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey
from yarl import URL

from journeyloop.testing.endpoints import Asked


def base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def bare(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def point_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def written(key: ec.EllipticCurvePrivateKey) -> str:
    """As an operator would keep it."""
    return base64url(key.private_numbers().private_value.to_bytes(32, "big"))


def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """As `openssl ecparam -genkey` writes it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


class Subscriber:
    """One browser that asked a push service at `endpoint`."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint, self._key, self._auth = endpoint, new_key(), secrets.token_bytes(16)

    @property
    def subscription(self) -> dict[str, Any]:
        keys = {"p256dh": base64url(point_of(self._key)), "auth": base64url(self._auth)}
        return {"endpoint": self.endpoint, "expirationTime": None, "keys": keys}

    @property
    def address(self) -> str:
        return json.dumps(self.subscription)

    def read(self, asked: Asked) -> dict[str, Any]:
        """The content of a message, after RFC 8291."""
        assert asked.headers["content-encoding"] == "aes128gcm"
        plain = http_ece.decrypt(asked.body, private_key=self._key, auth_secret=self._auth, version="aes128gcm")
        found: dict[str, Any] = json.loads(plain)
        return found

    def signed_by(self, asked: Asked) -> tuple[str, dict[str, Any]]:
        """The key of who sent it, and their claims for this push service, after RFC 8292."""
        scheme, _, rest = asked.headers["authorization"].partition(" ")
        fields = dict(part.strip().split("=", 1) for part in rest.split(","))
        assert scheme == "vapid"
        point = bare(fields["k"])
        numbers = {"x": base64url(point[1:33]), "y": base64url(point[33:])}
        claims = jwt.decode(fields["t"], ECKey.import_key({"kty": "EC", "crv": "P-256", **numbers}), ["ES256"]).claims
        assert claims["aud"] == str(URL(self.endpoint).origin())
        return fields["k"], claims
