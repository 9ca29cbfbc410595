"""How each kind of destination is told: one line a kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from journeyloop.adapters.channels.alert import AlertReceiver
from journeyloop.adapters.channels.receiver import HttpReceiver
from journeyloop.adapters.channels.signing import keys_of
from journeyloop.model.errand import Destination
from journeyloop.runtime.ports import Receiver


class Telling:
    """`clock` gives ms since the epoch. `loopback`: receivers on this machine are allowed."""

    def __init__(self, environ: Mapping[str, str], clock: Callable[[], int], loopback: bool) -> None:
        self.environ, self.clock, self.loopback = environ, clock, loopback

    def connect(self, destination: Destination) -> Receiver:
        """Raises LookupError: its secret is not in the environment, or is none."""
        secret = self.environ.get(destination.secret, "").strip()
        if not secret:
            raise LookupError(f"the environment variable {destination.secret} is not set")
        if destination.kind == "apprise":
            return AlertReceiver(secret)
        return HttpReceiver(keys_of(secret), self.clock, self.loopback)
