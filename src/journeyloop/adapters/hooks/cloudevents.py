"""CloudEvents over HTTP, behind a token: https://cloudevents.io. Structured (one event, or a batch of them) or binary,
where the attributes are headers. The type is the event, the data its properties.

The data says who it is as in Standard Webhooks. `source` and `id` together are what tells one event from another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import unquote

from journeyloop.adapters.hooks.payload import an_object, document, ids, look, objects, text, track, unique
from journeyloop.adapters.hooks.signing import require_token
from journeyloop.adapters.hooks.standard import about, without_who
from journeyloop.runtime.hooked import Nonsense, Posted, Source, Told

STRUCTURED, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
NEEDED = ("specversion", "id", "source", "type")


def signed(posted: Posted, secrets: Sequence[str], source: Source) -> None:
    require_token(posted, secrets)


def told(posted: Posted, source: Source) -> Iterator[Told | None]:
    match posted.headers.get("content-type", "").partition(";")[0].strip().lower():
        case str(media) if media == BATCH:
            yield from [_read(one) for one in objects(posted.body)]
        case str(media) if media == STRUCTURED:
            yield _read(an_object(posted.body))
        case _:
            yield _read(_attributes(posted))


def _attributes(posted: Posted) -> dict[str, Any]:
    """Of an event in binary mode: the headers, percent-decoded, around the body."""
    found: dict[str, Any] = {
        name.removeprefix("ce-"): unquote(value) for name, value in posted.headers.items() if name.startswith("ce-")
    }
    return found | {"data": document(posted.body) if posted.body else None}


def _read(event: dict[str, Any]) -> Told:
    if not all(text(event, name) for name in NEEDED):
        raise Nonsense("missing_event")
    given = look(event, "data")
    if given is not None and not isinstance(given, dict):
        raise Nonsense("invalid_type")
    id_ = unique("cloudevents", text(event, "source"), text(event, "id"))
    properties = without_who(given or {})
    return about(track("cloudevents", text(event, "type"), id_, text(event, "time"), properties, ids(given)), given)
