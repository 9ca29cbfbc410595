"""Flows of Klaviyo, begun by an event (https://developers.klaviyo.com/en/reference/create_event): the flow keeps the
message, and the `template` is the name of the metric that begins it.

An event with an id that Klaviyo has already is not counted again, so an attempt of unknown end is simply repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import json

from journeyloop.adapters.channels.environ import Environ, secret
from journeyloop.adapters.channels.outward import Outward
from journeyloop.adapters.channels.triggered import receipt, template, variables
from journeyloop.runtime.channels import Connection, Message, Receipt

PATH, MEDIA = "/api/events", "application/vnd.api+json"


class Klaviyo:
    """`revision` is the date of the API that we speak."""

    idempotent = True

    def __init__(self, api: str, key: str, revision: str, outward: Outward) -> None:
        self.url, self.outward = api.rstrip("/") + PATH, outward
        self._headers = {
            "authorization": f"Klaviyo-API-Key {key}",
            "revision": revision,
            "content-type": MEDIA,
            "accept": MEDIA,
        }

    async def send(self, message: Message, go: Callable[[], None]) -> Receipt:
        return receipt(await self.outward.post(self.url, self._headers, json.encode(_event(message)), go))

    async def close(self) -> None:
        await self.outward.close()


def connect(connection: Connection, environ: Environ) -> Klaviyo:
    """Raises LookupError: no key."""
    options, outward = connection.options, Outward(connection.terms.timeout, connection.loopback, reuse=True)
    return Klaviyo(options["api"], secret(connection, environ, "key"), options["revision"], outward)


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
