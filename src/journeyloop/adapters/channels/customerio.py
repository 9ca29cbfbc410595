"""Transactional e-mails of Customer.io, by its App API (https://docs.customer.io/integrations/api/app): the message is
kept there, we say which one, to whom and with which values.

Customer.io does not know a request again: one that left without an answer is not repeated.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import json

from journeyloop.adapters.channels.environ import Environ, secret
from journeyloop.adapters.channels.outward import Outward
from journeyloop.adapters.channels.triggered import receipt, template, variables
from journeyloop.runtime.channels import Connection, Message, Receipt

PATH = "/v1/send/email"


class CustomerIo:
    idempotent = False

    def __init__(self, api: str, key: str, outward: Outward) -> None:
        self.url, self.outward = api.rstrip("/") + PATH, outward
        self._headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}

    async def send(self, message: Message, go: Callable[[], None]) -> Receipt:
        reply = await self.outward.post(self.url, self._headers, json.encode(_told(message)), go)
        return receipt(reply, "delivery_id")

    async def close(self) -> None:
        await self.outward.close()


def connect(connection: Connection, environ: Environ) -> CustomerIo:
    """Raises LookupError: no key."""
    outward = Outward(connection.terms.timeout, connection.loopback)
    return CustomerIo(connection.options["api"], secret(connection, environ, "key"), outward)


def _told(message: Message) -> dict[str, object]:
    """Whose message it is they find by our id, or by the address where there is none."""
    to = message.to[0]
    return {
        "transactional_message_id": template(message),
        "to": to,
        "identifiers": {"id": message.user_id} if message.user_id else {"email": to},
        "message_data": variables(message),
    }
