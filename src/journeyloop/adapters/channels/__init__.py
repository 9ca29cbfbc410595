"""The ways out of the house: one module a kind, each with `connect`, which makes a `runtime.channels.Channel`.

A new kind is a module beside these, a line in KINDS, a row in `runtime.channels.SHAPES` and a case in the contract
suite. The page (`onpage`) is a door and not a kind: messages wait there for whoever comes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from journeyloop.adapters.channels import webpush
from journeyloop.runtime.channels import Channel, Connection

Environ = Mapping[str, str]
KINDS: dict[str, Callable[[Connection, Environ], Channel]] = {
    "webpush": webpush.connect,
}


def connect(connection: Connection, environ: Environ) -> Channel:
    """Raises LookupError: no such kind, or a secret that it needs is not in the environment."""
    return KINDS[connection.kind](connection, environ)


def secret(connection: Connection, environ: Environ, key: str) -> str:
    """The value of a secret of this channel. Raises LookupError: it is not in the environment."""
    name = connection.secrets.get(key, "")
    value = environ.get(name, "").strip()
    if not value:
        raise LookupError(f"{key}: the environment variable {name} is not set" if name else f"{key}: not named")
    return value
