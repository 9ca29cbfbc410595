"""A real mail server (aiosmtpd) on a port of its own, that answers as a test wants and keeps what it took."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

Answer = str | None
HANG = "hang"
DROP = "drop"


class Mailserver:
    """`says` maps a command (`MAIL`, `RCPT`, `DATA`) to the answer in place of 250; `HANG` answers when it is released,
    `DROP` hangs up. `taken` are the messages with their recipients, `seen` the recipients in the order they were named.
    """

    def __init__(self, **options: Any) -> None:
        self.options = {"enable_SMTPUTF8": True, "hostname": "mail.test"} | options
        self.says: dict[str, str] = {}
        self.taken: list[tuple[list[str], bytes]] = []
        self.seen: list[str] = []
        self.connections = 0
        self.arrived = threading.Event()
        self.released = threading.Event()
        self.port = 0

    @property
    def messages(self) -> list[EmailMessage]:
        found = [message_from_bytes(raw, policy=policy.default) for _, raw in self.taken]
        return [one for one in found if isinstance(one, EmailMessage)]

    # --- what it answers --------------------------------------------------------------------------------------------

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return await self._answer("MAIL", server) or "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.seen.append(address)
        answer = await self._answer("RCPT", server)
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.arrived.set()
        answer = await self._answer("DATA", server)
        if answer is None:
            content = envelope.content
            self.taken.append((list(envelope.rcpt_tos), content if isinstance(content, bytes) else b""))
        return answer or "250 OK"

    async def _answer(self, command: str, server: SMTP) -> Answer:
        answer = self.says.get(command)
        if answer == HANG:
            await asyncio.get_running_loop().run_in_executor(None, self.released.wait, 30)
            return None
        if answer == DROP:
            assert server.transport is not None
            server.transport.abort()
            return "421 gone"
        return answer

    def _connected(self) -> SMTP:
        self.connections += 1
        return SMTP(self, **self.options)


def lets_in(name: str, password: str) -> Callable[..., AuthResult]:
    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any) -> AuthResult:
        wanted = LoginPassword(name.encode(), password.encode())
        return AuthResult(success=given == wanted, handled=False)

    return check


@contextmanager
def running(server: Mailserver, tls: ssl.SSLContext | None = None) -> Iterator[Mailserver]:
    """It listens on `server.port` until the end; with `tls` it speaks nothing else."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def listen() -> asyncio.Server:
        return await loop.create_server(server._connected, "127.0.0.1", 0, ssl=tls)

    listening = asyncio.run_coroutine_threadsafe(listen(), loop).result(10)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        server.released.set()
        loop.call_soon_threadsafe(listening.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
