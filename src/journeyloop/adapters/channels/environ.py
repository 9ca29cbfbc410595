"""The secrets of a channel, which stand in the environment and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping

from journeyloop.runtime.channels import Connection

Environ = Mapping[str, str]


def secret(connection: Connection, environ: Environ, key: str) -> str:
    """The value of a secret of this channel. Raises LookupError: it is not in the environment."""
    name = connection.secrets.get(key, "")
    value = environ.get(name, "").strip()
    if not value:
        raise LookupError(f"{key}: the environment variable {name} is not set" if name else f"{key}: not named")
    return value
