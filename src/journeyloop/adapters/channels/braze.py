"""Campaigns of Braze, by its API-triggered delivery (https://www.braze.com/docs/api/endpoints/messaging): the campaign
keeps the message and its channels, we say to whom and with which properties.

Braze does not know a request again: one that left without an answer is not repeated.
"""

from __future__ import annotations

from typing import Any

from journeyloop.adapters.channels.environ import Environ
from journeyloop.adapters.channels.outward import Outward
from journeyloop.adapters.channels.triggered import Triggered, bearer, template, variables
from journeyloop.runtime.channels import Connection, Message

PATH = "/campaigns/trigger/send"


def connect(connection: Connection, environ: Environ) -> Triggered:
    """Raises LookupError: no key."""
    outward = Outward(connection.terms.timeout, connection.loopback)
    url = connection.options["api"].rstrip("/") + PATH
    return Triggered(url, bearer(connection, environ), _told, outward, "dispatch_id")


def _told(message: Message) -> dict[str, Any]:
    """To one person they know already. Without recipients a campaign would go to everybody."""
    person = {
        "external_user_id": message.to[0],
        "trigger_properties": variables(message),
        "send_to_existing_only": True,
    }
    return {"campaign_id": str(template(message)), "broadcast": False, "recipients": [person]}
