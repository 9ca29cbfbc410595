"""Alerts for a team by apprise (https://github.com/caronc/apprise), which speaks to a hundred chats and pagers. It
blocks while it does, so it has a thread of its own: one that hangs holds up nobody else.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

TIMEOUT = 30.0
NAME = "apprise"
Running = asyncio.Future[str | None]


class AlertReceiver:
    """`addresses` are apprise's, one or several with spaces between: each holds its secret."""

    def __init__(self, addresses: str, timeout: float = TIMEOUT) -> None:
        self.addresses, self.timeout = addresses.split(), timeout
        self._thread = ThreadPoolExecutor(1, "alert")
        self._last: tuple[str, Running] | None = None

    async def push(self, url: str, id_: str, body: bytes) -> str | None:
        """Once to each address; None if all took it, else why not."""
        if (running := self._begun(id_)) is None:
            running = asyncio.get_running_loop().run_in_executor(self._thread, _notify, self.addresses, body.decode())
            self._last = (id_, running)
        try:
            return await asyncio.wait_for(asyncio.shield(running), self.timeout)
        except TimeoutError:
            return "timeout"

    def _begun(self, id_: str) -> Running | None:
        """The attempt at this one that lasted too long, unless it has come back without success."""
        if self._last is None or self._last[0] != id_:
            return None
        running = self._last[1]
        return None if running.done() and running.result() is not None else running

    async def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)


def _notify(addresses: list[str], text: str) -> str | None:
    """On the thread. What apprise logs holds addresses, so nothing of it is kept."""
    from apprise import Apprise, NotifyFormat  # it brings a hundred modules, for those who have alerts

    logging.getLogger(NAME).disabled = True
    to = Apprise()
    try:
        if not all(to.add(one) for one in addresses):
            return "not an address that apprise knows"
        return None if to.notify(body=text, body_format=NotifyFormat.TEXT) else "not taken"
    except Exception as error:  # one of its many services fails as nobody thought of
        return type(error).__name__
