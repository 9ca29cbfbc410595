"""docs/reference/http.md: every endpoint of the route table, with its key, parameters, body and codes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import msgspec
from msgspec import Struct

from journeyloop.adapters.http.context import Context, HttpSettings, random_id, wall_clock
from journeyloop.adapters.http.gate import Endpoint
from journeyloop.adapters.http.ingest import PATHS
from journeyloop.adapters.http.keys import Keys
from journeyloop.adapters.http.site import endpoints
from tools.table import table

HEAD = """\
# HTTP

<!-- written by tools/reference.py: change the code instead -->

JSON in and out. Give a key as `Authorization: Bearer KEY`, or as Basic user with an empty password. A key may do what
the keys before it may: *write* (in web pages; reads nobody), *server* (your servers), *admin* (you). *Open* needs none.

A refusal has one shape: `{"error": {"code": …, "message": …}}`. The code is stable. Wrong keys are answered 401
without a hint. 429 and 503 carry `Retry-After`; sending again is safe.

The same, for machines, is at `/openapi.json`.
"""
TRACKING = """\
## Events: the Segment HTTP Tracking API

The write key at least, also as `writeKey` in the body. Bodies may be gzipped, whatever their `Content-Type` says. 200
comes only once the events are on disk. In a batch with some bad items the good ones are taken; `rejected` names the
others, which are kept in the quarantine. At most 32 KB an event, 500 KB and 2,500 events a batch, after decompression.
`/beacon/v1/batch`, RudderStack's beacon, also takes the key as `writeKey` in the query.
"""


def page() -> str:
    found = endpoints(
        Context(cast(Any, None), Keys([], [], [], b"a key to make a page with"), HttpSettings(), wall_clock, random_id)
    )
    return "\n".join([HEAD, *_tracking(), *(line for endpoint in found for line in _endpoint(endpoint))])


def _tracking() -> Iterator[str]:
    yield TRACKING
    yield from table("Path | Call", [f"`POST {path}` | {kind or 'batch'}" for path, kind in PATHS.items()])
    yield ""


def _endpoint(endpoint: Endpoint) -> Iterator[str]:
    yield f"## {endpoint.method} {endpoint.path}\n"
    yield f"{endpoint.about} {_key(endpoint)}\n"
    rows = [f"`{one.name}` | {'yes' if one.required else ''} | {one.about}" for one in endpoint.query]
    if rows:
        yield from table("Parameter | Required | Meaning", rows)
        yield ""
    if endpoint.body:
        yield from _body(endpoint.body)


def _key(endpoint: Endpoint) -> str:
    least = "Open." if isinstance(endpoint.least, str) else f"Key: {endpoint.least.name.lower()}."
    return least + (" On this machine also without a key." if endpoint.local else "")


def _body(body: type[Struct]) -> Iterator[str]:
    """The fields of a body, then those of each type it is made of."""
    types: dict[str, Any] = msgspec.json.schema(body)["$defs"]
    for name in sorted(types, key=lambda name: name != body.__name__):
        about = [] if name == body.__name__ else [f"`{name}`:"]
        about += [types[name]["description"]] if "description" in types[name] else []
        if about:
            yield " ".join(about) + "\n"
        required = types[name].get("required", [])
        fields = types[name]["properties"].items()
        rows = [f"`{field}` | {_kind(kind)} | {'yes' if field in required else ''}" for field, kind in fields]
        yield from table("Field | Type | Required", rows)
        yield ""


def _kind(schema: dict[str, Any]) -> str:
    """A JSON schema in a word or two."""
    match schema:
        case {"anyOf": options}:
            return " or ".join(_kind(option) for option in options)
        case {"enum": values}:
            return ", ".join(f"`{value}`" for value in values)
        case {"$ref": name}:
            return f"`{name.rpartition('/')[2]}`"
        case {"type": "array", "items": items}:
            return f"list of {_kind(items)}"
        case {"type": "object", "additionalProperties": dict() as inner} if inner:
            return f"object of {_kind(inner)}"
        case {"type": kind}:
            return str(kind)
    return "anything"
