"""Transactional e-mails of Customer.io, by its App API (https://docs.customer.io/integrations/api/app): the message is
kept there, we say which one, to whom and with which values.

Customer.io does not know a request again: one that left without an answer is not repeated.
"""

from __future__ import annotations

from typing import Any

from journeyloop.adapters.channels.environ import Environ
from journeyloop.adapters.channels.outward import Outward
from journeyloop.adapters.channels.triggered import Triggered, bearer, template, variables
from journeyloop.runtime.channels import Connection, Message

PATH = "/v1/send/email"


def connect(connection: Connection, environ: Environ) -> Triggered:
    """Raises LookupError: no key."""
    outward = Outward(connection.terms.timeout, connection.loopback)
    url = connection.options["api"].rstrip("/") + PATH
    return Triggered(url, bearer(connection, environ), _told, outward, "delivery_id")


def _told(message: Message) -> dict[str, Any]:
    """Whose message it is they find by our id, or by the address where there is none."""
    to = message.to[0]
    return {
        "transactional_message_id": template(message),
        "to": to,
        "identifiers": {"id": message.user_id} if message.user_id else {"email": to},
        "message_data": variables(message),
    }
