"""Standard Webhooks: https://www.standardwebhooks.com. Whoever signs this way and sends `type`, `timestamp` and `data`:
the type is the event, the data its properties.

`data.user_id` (or `anonymous_id`) says who it is, else `data.email` and `data.phone`, which nobody verified.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from typing import Any

from journeyloop.adapters.hooks.payload import an_object, ids, look, named, text, track, unique
from journeyloop.adapters.hooks.signing import header, require, require_fresh, seconds
from journeyloop.runtime.hooked import Nonsense, Posted, Source, Told, Unsigned

WHO = frozenset({"user_id", "userId", "anonymous_id", "anonymousId", "email", "phone"})


def signed(posted: Posted, secrets: Sequence[str], source: Source) -> None:
    """Each `v1` of the header; HMAC-SHA256 of the id, the time and the body with dots between."""
    id_, at = header(posted, "webhook-id"), header(posted, "webhook-timestamp")
    parts = [one.partition(",") for one in header(posted, "webhook-signature").split(" ")]
    message = f"{id_}.{at}.".encode() + posted.body
    expected = [b64encode(hmac.digest(_key(one), message, "sha256")).decode() for one in secrets]
    require([value for version, _, value in parts if version == "v1"], expected)
    require_fresh(seconds(at), posted.now)


def told(posted: Posted, source: Source) -> Iterator[Told | None]:
    body = an_object(posted.body)
    name, given = text(body, "type"), look(body, "data")
    if not name or not isinstance(given, dict):
        raise Nonsense("missing_event")
    id_ = unique("standard", source.name, posted.headers["webhook-id"])
    yield about(track("standard", name, id_, text(body, "timestamp"), without_who(given), ids(given)), given)


def about(call: dict[str, Any], given: Any) -> Told:
    """A call with the addresses that came with it."""
    return Told(call, named(email=text(given, "email"), phone=text(given, "phone")))


def without_who(given: dict[str, Any]) -> dict[str, Any]:
    """Who somebody is belongs to the call, not among its properties."""
    return {key: value for key, value in given.items() if key not in WHO}


def _key(secret: str) -> bytes:
    try:
        return b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        raise Unsigned("secret_malformed") from None
