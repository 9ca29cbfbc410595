"""The ways out of the house: one module a kind, each with `connect`, which makes a `runtime.channels.Channel`.

A new kind is a module beside these, a line in KINDS, a row in `runtime.channels.SHAPES` and a case in the contract
suite (`testing.channel_contract`). The page (`onpage`) is a door and not a kind: messages wait there for whoever comes.
"""

from __future__ import annotations

from collections.abc import Callable

from journeyloop.adapters.channels import braze, customerio, email, klaviyo, twilio, webhook, webpush
from journeyloop.adapters.channels.environ import Environ
from journeyloop.runtime.channels import Channel, Connection

KINDS: dict[str, Callable[[Connection, Environ], Channel]] = {
    "braze": braze.connect,
    "customerio": customerio.connect,
    "klaviyo": klaviyo.connect,
    "smtp": email.connect,
    "twilio": twilio.connect,
    "webhook": webhook.connect,
    "webpush": webpush.connect,
}


def connect(connection: Connection, environ: Environ) -> Channel:
    """Raises LookupError: no such kind, or a secret that it needs is not in the environment."""
    return KINDS[connection.kind](connection, environ)
