"""Web push: sealed for one browser (RFC 8291), signed by us (RFC 8292), left with its push service (RFC 8030).

One attempt is one request, for the browser that was used last. A push service that does not know it any more says so:
then it is forgotten, and the message goes to the next. Whose service it is, people say; so one that is in trouble holds
up nobody at another, and none of them ever stops the channel.
"""

from __future__ import annotations

import re
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from msgspec import json
from py_vapid import Vapid02, VapidException  # type: ignore[import-untyped]
from pywebpush import WebPusher  # type: ignore[import-untyped]
from yarl import URL

from journeyloop.act.render import Unrenderable
from journeyloop.adapters.channels.environ import Environ, secret
from journeyloop.adapters.channels.guard import Refused, host_of, is_near, permit
from journeyloop.adapters.channels.outward import Outward
from journeyloop.adapters.channels.receipts import usual
from journeyloop.runtime.channels import Connection, Message, Receipt
from journeyloop.runtime.circuit import Circuit

NOT_KNOWN, TOO_LARGE = (404, 410), 413
MOST_BYTES = 4096 - 86 - 17
"""What a push service must take, without what sealing adds."""

SOON = 600
"""Whoever must see it within so many seconds should not have to wake their device first."""

SIGNED_FOR = 12 * 3600
SERVICES = 100
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_OURS = (".localhost", ".local", ".internal", ".localdomain", ".home.arpa", ".lan", ".onion")
"""Names that no public server can have."""

_LINK = re.compile(r"https?://|/(?!/)")


class WebPush:
    """`signing` is the key that browsers have subscribed with, `subject` where the push services can reach us.
    `loopback`: the operator tries things out with a push service on this machine. `clock` gives ms since the epoch."""

    idempotent = False

    def __init__(
        self, signing: EllipticCurvePrivateKey, subject: str, timeout: float, loopback: bool, clock: Callable[[], int]
    ) -> None:  # fmt: skip
        self.vapid, self.subject, self.loopback, self.clock = Vapid02(signing), subject, loopback, clock
        self.outward = Outward(timeout, loopback)
        point = signing.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.public_key = _base64url(point)
        self._circuits: dict[str, Circuit] = {}

    async def send(self, message: Message, go: Callable[[], None]) -> Receipt:
        """To the first address. 404 and 410: no browser has it any more."""
        if not message.to:
            return Receipt("failed", "no browser asked for push")
        content, browser = _content(message), json.decode(message.to[0])
        endpoint: str = browser["endpoint"]
        if len(content) > MOST_BYTES:
            return Receipt("failed", "too_large")
        circuit = self._circuit(URL(endpoint).host or "")
        if (wait := circuit.wait()) > 0:
            return Receipt("again", "its push service is in trouble", wait)
        sealed = WebPusher(browser).encode(content)["body"]
        reply = await self.outward.post(endpoint, self._headers(endpoint, message), sealed, go)
        if reply.status in NOT_KNOWN:
            receipt = Receipt("again" if len(message.to) > 1 else "failed", "gone", gone=endpoint)
        elif reply.status == TOO_LARGE:
            receipt = Receipt("failed", "too_large")
        else:
            receipt = usual(reply)
        circuit.heard(receipt.trouble)
        receipt.trouble = False
        return receipt

    async def close(self) -> None:
        await self.outward.close()

    def refusal(self, endpoint: str, p256dh: str, auth: str) -> str | None:
        """Why nothing is pushed to a browser that says so of itself, or None."""
        try:
            host = host_of(permit(endpoint, self.loopback).raw_host or "")
        except Refused as refused:
            return f"endpoint: {refused}"
        if not (self.loopback and is_near(host)) and (not _HOST.fullmatch(host) or host.endswith(_OURS)):
            return "endpoint: refused: no public host name"
        try:
            EllipticCurvePublicKey.from_encoded_point(SECP256R1(), _decoded(p256dh, 65))
        except ValueError:
            return "keys.p256dh: no uncompressed point of P-256 (65 bytes, base64url)"
        try:
            _decoded(auth, 16)
        except ValueError:
            return "keys.auth: not 16 bytes, base64url"
        return None

    def _headers(self, endpoint: str, message: Message) -> dict[str, str]:
        """A newer message of a moment takes the place of one that was not fetched yet."""
        now = self.clock()
        left = max(0, (message.expires - now) // 1000)
        claims = {"aud": str(URL(endpoint).origin()), "sub": self.subject, "exp": now // 1000 + SIGNED_FOR}
        return {
            **self.vapid.sign(claims),
            "content-type": "application/octet-stream",
            "content-encoding": "aes128gcm",
            "ttl": str(left),
            "urgency": "high" if left <= SOON else "normal",
            "topic": _base64url(blake2b(message.moment.encode(), digest_size=24).digest()),
        }

    def _circuit(self, host: str) -> Circuit:
        if host not in self._circuits and len(self._circuits) >= SERVICES:
            del self._circuits[next(iter(self._circuits))]
        return self._circuits.setdefault(host, Circuit(time.monotonic))


def connect(connection: Connection, environ: Environ) -> WebPush:
    """Raises LookupError: there is no key, it is none of P-256, or push services would refuse the subject."""

    signing, subject = read_key(secret(connection, environ, "private_key")), connection.options["subject"]
    loopback = connection.loopback and connection.options.get("loopback", False)
    timeout = connection.terms.timeout * 0.9  # a little sooner than the courier loses patience, to learn of it here
    made = WebPush(signing, subject, timeout, loopback, lambda: time.time_ns() // 1_000_000)
    try:
        made.vapid.sign({"aud": "https://push.example", "sub": subject})
    except VapidException:
        raise LookupError("subject: write mailto:ADDRESS or https://HOST") from None
    return made


def read_key(written: str) -> EllipticCurvePrivateKey:
    """A PEM file by its path, or the number itself in base64url. Raises LookupError."""
    try:
        if Path(written).is_file():
            key: Any = load_pem_private_key(Path(written).read_bytes(), None)
        else:
            key = derive_private_key(int.from_bytes(_decoded(written, 32)), SECP256R1())
    except (ValueError, TypeError, OSError):
        key = None
    if not isinstance(key, EllipticCurvePrivateKey) or key.curve.name != SECP256R1.name:
        raise LookupError("private_key: neither a PEM file nor base64url of a private key of P-256")
    return key


def _content(message: Message) -> bytes:
    """What the worker in the browser shows and reports by. Raises Unrenderable."""
    for name in ("url", "icon"):
        if (link := str(message.content.get(name, ""))) and not _LINK.match(link):
            raise Unrenderable(f"{name}: not http(s) and not a path")
    texts = {name: str(message.content[name]) for name in ("title", "body", "icon", "url") if message.content.get(name)}
    return json.encode({"id": message.id, **texts, **({"test": True} if message.test else {})})


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str, size: int) -> bytes:
    """Raises ValueError."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+={0,2}", text):
        raise ValueError("no base64url")
    bare = text.rstrip("=")
    raw = urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    if len(raw) != size:
        raise ValueError("another length")
    return raw
