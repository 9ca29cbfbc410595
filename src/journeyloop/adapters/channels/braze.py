"""Campaigns of Braze, by its API-triggered delivery (https://www.braze.com/docs/api/endpoints/messaging): the campaign
keeps the message and its channels, we say to whom and with which properties.

Braze does not know a request again: one that left without an answer is not repeated.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import json

from journeyloop.adapters.channels.environ import Environ, secret
from journeyloop.adapters.channels.outward import Outward
from journeyloop.adapters.channels.triggered import receipt, template, variables
from journeyloop.runtime.channels import Connection, Message, Receipt

PATH = "/campaigns/trigger/send"


class Braze:
    idempotent = False

    def __init__(self, api: str, key: str, outward: Outward) -> None:
        self.url, self.outward = api.rstrip("/") + PATH, outward
        self._headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}

    async def send(self, message: Message, go: Callable[[], None]) -> Receipt:
        reply = await self.outward.post(self.url, self._headers, json.encode(_told(message)), go)
        return receipt(reply, "dispatch_id")

    async def close(self) -> None:
        await self.outward.close()


def connect(connection: Connection, environ: Environ) -> Braze:
    """Raises LookupError: no key."""
    outward = Outward(connection.terms.timeout, connection.loopback)
    return Braze(connection.options["api"], secret(connection, environ, "key"), outward)


def _told(message: Message) -> dict[str, object]:
    """To one person they know already. Without recipients a campaign would go to everybody."""
    person = {
        "external_user_id": message.to[0],
        "trigger_properties": variables(message),
        "send_to_existing_only": True,
    }
    return {"campaign_id": str(template(message)), "broadcast": False, "recipients": [person]}
