"""The ways to the destinations: each made when it is first needed, and anew when the configuration has changed."""

from __future__ import annotations

from collections.abc import Callable

from journeyloop.model.errand import Destination
from journeyloop.runtime.ports import Receiver


class Ways:
    """`connect` makes one; it raises LookupError if a secret is not in the environment."""

    def __init__(self, connect: Callable[[Destination], Receiver]) -> None:
        self.connect = connect
        self._made: dict[str, tuple[Destination, Receiver]] = {}

    async def to(self, destination: Destination) -> Receiver:
        """Raises LookupError: it cannot be used as things are."""
        made = self._made.get(destination.name)
        if made is not None and made[0] == destination:
            return made[1]
        if made is not None:
            del self._made[destination.name]
            await made[1].close()
        receiver = self.connect(destination)
        self._made[destination.name] = (destination, receiver)
        return receiver

    async def close(self) -> None:
        for _, receiver in self._made.values():
            await receiver.close()
        self._made.clear()


def no_ways() -> Ways:
    """Where nobody else is told."""

    def connect(destination: Destination) -> Receiver:
        raise LookupError(destination.kind)

    return Ways(connect)
