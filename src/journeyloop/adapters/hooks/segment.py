"""Segment's webhook destination: https://segment.com/docs/connections/destinations/catalog/webhooks/. The body is the
call itself.

Its messageId and anonymousId are kept, so that what also comes from the browser counts once. Most of it is what
browsers said: nothing is vouched for. Segment has corrected `timestamp` already; with `sentAt` it would be done twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256

from msgspec import json

from journeyloop.adapters.hooks.payload import document, rows, text, unique
from journeyloop.adapters.hooks.signing import header, hex_hmacs, require
from journeyloop.runtime.hooked import Nonsense, Posted, Source, Told

DROPPED = ("sentAt", "originalTimestamp", "writeKey", "receivedAt", "projectId")


def signed(posted: Posted, secrets: Sequence[str], source: Source) -> None:
    """HMAC-SHA1 of the body. There is no time in it: a repeat is known by its messageId."""
    require([header(posted, "x-signature")], hex_hmacs(secrets, "sha1", posted.body))


def told(posted: Posted, source: Source) -> Iterator[Told | None]:
    body = document(posted.body)
    if not isinstance(body, dict):
        raise Nonsense("invalid_type")
    for call in rows(body, "batch") or [body]:
        found = {key: value for key, value in call.items() if key not in DROPPED}
        if not text(found, "messageId"):
            found["messageId"] = unique("segment", sha256(json.encode(call)).hexdigest())
        yield Told(found, hearsay=True)
