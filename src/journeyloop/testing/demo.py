"""`journeyloop demo`: a server, a shop, the world outside and synthetic customers, all on this machine and gone
afterwards.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from journeyloop.adapters.config.init import scaffold
from journeyloop.adapters.log import log_quietly
from journeyloop.app import Running, refusals, serving
from journeyloop.testing.customers import crowd
from journeyloop.testing.outside import Outside
from journeyloop.testing.outside.wiring import connect, secrets

PORT = 8080
INVITATION = """
journeyloop listening on {url}

  The shop           {url}/demo/shop
  The console        {url}/
  The world outside  {world}/

Open the shop, allow messages, add the 600-dollar espresso machine, go to checkout, stop at payment and wait 20 seconds
with the tab open. (One visitor in ten is held out, so that uplift can be measured: the console says who.)
In the world outside you have a mailbox, a telephone and a bank that declines your card.
Ctrl-C ends it.
"""


async def demonstrate(host: str | None, port: int | None, seconds: float | None, as_json: bool) -> int:
    """Until somebody ends it, or for so many seconds, then with a summary."""
    log_quietly()
    try:
        async with demonstration(host, port) as (running, world):
            if not as_json:
                print(INVITATION.format(url=running.url, world=world.url), flush=True)
            visitors = asyncio.create_task(crowd(running.url, running.keys.write, seconds=seconds))
            if seconds is None:
                await until_asked_to_stop()
                visitors.cancel()
                return 0
            counts = await visitors
            print(_summary(running.live.moments(), counts, as_json), flush=True)
    except refusals() as error:
        print(error, file=sys.stderr)
        return 1
    return 0


@asynccontextmanager
async def demonstration(host: str | None, port: int | None) -> AsyncIterator[tuple[Running, Outside]]:
    """The server and the world around it. Raises what `serving` raises."""
    world = Outside()
    await world.start()
    try:
        with tempfile.TemporaryDirectory(prefix="journeyloop-demo-") as folder:
            directory = Path(folder) / "shop"
            scaffold(directory, demo=True)
            connect(directory, world)
            os.environ.update(secrets(world))
            async with serving(directory, host, port, demo=True) as running:
                world.loop_url, world.server_key = running.url, running.keys.server
                yield running, world
    finally:
        await world.stop()


async def until_asked_to_stop() -> None:
    """By Ctrl-C or a polite kill."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()


def _summary(moments: dict[str, Any], crowd: dict[str, Any], as_json: bool) -> str:
    if as_json:
        return json.dumps({"moments": moments["moments"], "visitors": crowd, "plan": moments["plan"]})
    return "\n".join(
        "{title}: {signals} signals, {sent} sent, {shown} shown, {held_out} held out".format(**row)
        for row in moments["moments"]
    )
