"""Flows of Klaviyo, begun by an event (https://developers.klaviyo.com/en/reference/create_event): the flow keeps the
message, and the `template` is the name of the metric that begins it.

An event with an id that Klaviyo has already is not counted again, so an attempt of unknown end is simply repeated.
"""

from __future__ import annotations

from typing import Any

from journeyloop.adapters.channels.environ import Environ, secret
from journeyloop.adapters.channels.outward import Outward
from journeyloop.adapters.channels.triggered import Triggered, template, variables
from journeyloop.runtime.channels import Connection, Message

PATH, MEDIA = "/api/events", "application/vnd.api+json"


def connect(connection: Connection, environ: Environ) -> Triggered:
    """`revision` is the date of the API that we speak. Raises LookupError: no key."""
    options = connection.options
    headers = {
        "authorization": f"Klaviyo-API-Key {secret(connection, environ, 'key')}",
        "revision": options["revision"],
        "content-type": MEDIA,
        "accept": MEDIA,
    }
    outward = Outward(connection.terms.timeout, connection.loopback, reuse=True)
    return Triggered(options["api"].rstrip("/") + PATH, headers, _event, outward, idempotent=True)


def _event(message: Message) -> dict[str, Any]:
    """In the shape of JSON:API."""
    attributes = {
        "properties": variables(message),
        "unique_id": message.id,
        "metric": _one("metric", {"name": str(template(message))}),
        "profile": _one("profile", {"external_id": message.to[0]}),
    }
    return _one("event", attributes)


def _one(type_: str, attributes: dict[str, Any]) -> dict[str, Any]:
    return {"data": {"type": type_, "attributes": attributes}}
