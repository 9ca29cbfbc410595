"""All couriers, by channel: begun, renewed when the configuration changes, ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from journeyloop.model.effects import Queued, Send
from journeyloop.runtime.channels import Channel, Connection, Pushes, pulled
from journeyloop.runtime.courier import Courier, House

log = structlog.get_logger("journeyloop")


class Couriers:
    """`connections` are the channels that the configuration names by now; `connect` makes one of them."""

    def __init__(
        self, connections: Callable[[], Mapping[str, Connection]], connect: Callable[[Connection], Channel]
    ) -> None:
        self.connections, self.connect = connections, connect
        self.house: House | None = None
        self._couriers: dict[str, tuple[Connection, Courier]] = {}
        self._renewing = asyncio.Lock()

    async def renew(self) -> None:
        """Begin what is new or changed, end what is gone; what did not change goes on. One that ends is told of its
        intents until what it has in hand is finished."""
        async with self._renewing:
            await self._renew()

    async def _renew(self) -> None:
        assert self.house is not None
        wanted = {name: one for name, one in self.connections().items() if not pulled(one)}
        changed = [name for name, (connection, _) in self._couriers.items() if wanted.get(name) != connection]
        await asyncio.gather(*(self._couriers[name][1].stop() for name in changed))
        for name in changed:
            del self._couriers[name]
        for name, connection in wanted.items():
            if name not in self._couriers and (channel := self._connected(connection)):
                courier = Courier(name, channel, connection.terms, self.house, time.monotonic)
                self._couriers[name] = (connection, courier)
                courier.start()

    def _connected(self, connection: Connection) -> Channel | None:
        """What waits for a channel that cannot be made waits until it is stale."""
        try:
            return self.connect(connection)
        except LookupError as error:
            log.error("channel cannot be used", channel=connection.name, reason=str(error))
            return None

    async def stop(self) -> None:
        await asyncio.gather(*(courier.stop() for _, courier in self._couriers.values()))
        self._couriers.clear()

    def queue(self, queued: Queued) -> None:
        """Something waits for a channel; without a courier until it is stale."""
        if (found := self._couriers.get(queued.delivery.channel)) is not None:
            found[1].wake()

    def take(self, send: Send) -> None:
        """An intent is committed."""
        if (found := self._couriers.get(send.delivery.channel)) is not None:
            found[1].take(send)

    def pushes(self) -> Pushes | None:
        """The channel, the first by name, that pushes to browsers."""
        found = (self._couriers[name][1].channel for name in sorted(self._couriers))
        return next((channel for channel in found if isinstance(channel, Pushes)), None)

    def state(self) -> list[dict[str, Any]]:
        """What each channel does by now."""
        return [
            {
                "channel": name,
                "kind": connection.kind,
                "in_hand": courier.in_hand,
                "circuit": courier.circuit.state,
                "concurrency": connection.terms.concurrency,
                "rate": connection.terms.rate,
                "told": dict(courier.counts),
                "trouble": courier.trouble and {"at": courier.trouble[0], "reason": courier.trouble[1]},
            }
            for name, (connection, courier) in sorted(self._couriers.items())
        ]


def no_channels() -> Couriers:
    """Where nothing but the page is connected."""

    def connect(connection: Connection) -> Channel:
        raise LookupError(connection.kind)

    return Couriers(dict, connect)
