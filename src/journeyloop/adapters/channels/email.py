"""E-mail, by a mail server that speaks SMTP (RFC 5321).

A message is the server's when it has answered the end of DATA with 250, and has not left before the server has said
354: up to then it can be taken back by hanging up. Connections are kept for a while, and asked whether they live before
they are used again. A server whose certificate is not trusted gets nothing.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPTimeoutError,
)
from aiosmtplib.protocol import PERIOD_REGEX, normalize_message_line_endings

from journeyloop.adapters.channels.environ import Environ, secret
from journeyloop.adapters.channels.letter import Letter, Sender, letter
from journeyloop.runtime.channels import Connection, Message, Receipt

KEPT = 20.0
"""Seconds for which a connection that nobody uses is kept."""

GO_ON, TAKEN = 354, 250
NOBODY = re.compile(r"5\.1\.(1|2|3|6|10)\b|5\.2\.1\b")
"""Enhanced status codes (RFC 3463) of an address that is none: no such mailbox or domain, moved, disabled. A bare 550
may also be about us, and says nothing of the address."""
LOCAL = ("localhost", "127.0.0.1", "::1")


class Refused(Exception):
    """Nothing can leave, for the reason that the receipt tells."""

    def __init__(self, receipt: Receipt) -> None:
        super().__init__(receipt.reason)
        self.receipt = receipt


class Email:
    """One mail server. `login` is a user name and a password, or None."""

    idempotent = False

    def __init__(self, connection: Connection, login: tuple[str, str] | None) -> None:
        self.options, self.timeout, self.login = connection.options, connection.terms.timeout, login
        self.sender = Sender(self.options["from"], self.options["reply_to"], self.options["provider"])
        self._tls = ssl.create_default_context()
        self._idle: list[tuple[float, SMTP]] = []

    async def send(self, message: Message, go: Callable[[], None]) -> Receipt:
        """Raises Unrenderable and Withheld before anything has left."""
        client: SMTP | None = None
        usable = False
        try:
            written = _written(message, self.sender)
            client = await self._connection()
            await _offer(client, written, message.to[0])
            receipt = await _hand_over(client, written.content, go)
            usable = receipt.state != "unknown"
            return receipt
        except Refused as refused:
            usable = True
            return refused.receipt
        except (SMTPException, OSError) as error:
            return _not_sent(error)
        finally:
            if client is not None:
                self._done_with(client, usable)

    async def close(self) -> None:
        idle, self._idle = self._idle, []
        for _, client in idle:
            with suppress(SMTPException, OSError, asyncio.TimeoutError):
                await client.quit(timeout=1)
            client.close()

    # --- connections ------------------------------------------------------------------------------------------------

    async def _connection(self) -> SMTP:
        """One that is kept and lives, or a new one."""
        while self._idle:
            since, client = self._idle.pop()
            try:
                if client.is_connected and time.monotonic() - since < KEPT:
                    await client.rset()
                    return client
            except (SMTPException, OSError):
                pass
            client.close()
        return await self._connected()

    async def _connected(self) -> SMTP:
        tls = self.options["tls"]
        client = SMTP(
            hostname=self.options["host"], port=self.options["port"], timeout=self.timeout, start_tls=False,
            use_tls=tls == "tls", tls_context=self._tls if tls != "none" else None,
        )  # fmt: skip
        try:
            await client.connect()
            await client.ehlo()
            if tls == "starttls":
                _require(client, "starttls", "tls")
                await client.starttls()
                await client.ehlo()
            if self.login is not None:
                _require(client, "auth", "login")
                await client.login(*self.login)
        except BaseException:
            client.close()
            raise
        return client

    def _done_with(self, client: SMTP, usable: bool) -> None:
        """One in the middle of something is hung up on."""
        if usable and client.is_connected:
            self._idle.append((time.monotonic(), client))
        else:
            client.close()


def connect(connection: Connection, environ: Environ) -> Email:
    """Raises LookupError: a secret is missing, or would be sent where anybody can read it."""
    login = None
    if connection.secrets:
        login = secret(connection, environ, "username"), secret(connection, environ, "password")
        if connection.options["tls"] == "none" and connection.options["host"] not in LOCAL:
            raise LookupError("tls: a password is not sent without encryption, write starttls or tls")
    return Email(connection, login)


def _require(client: SMTP, extension: str, what: str) -> None:
    if not client.supports_extension(extension):
        raise Refused(Receipt("failed", f"{what}: the server does not offer it", trouble=True))


# --- one message ----------------------------------------------------------------------------------------------------


def _written(message: Message, sender: Sender) -> Letter:
    try:
        return letter(message, sender, datetime.now(UTC))
    except (ValueError, IndexError):
        raise Refused(Receipt("failed", "address: not an e-mail address")) from None


async def _offer(client: SMTP, written: Letter, to: str) -> None:
    """The envelope: up to here nothing of the message is the server's. `to` is the recipient as we know it."""
    if written.utf8 and not client.supports_extension("smtputf8"):
        raise Refused(Receipt("failed", "address: the server takes no international addresses"))
    options, encoding = (["SMTPUTF8"], "utf-8") if written.utf8 else ([], "ascii")
    await client.mail(written.sender, options=options, encoding=encoding)
    try:
        await client.rcpt(written.recipient, encoding=encoding)
    except SMTPRecipientRefused as error:
        raise Refused(_rejected(error, to)) from None
    reply = await client.execute_command(b"DATA")
    if reply.code != GO_ON or not client.is_connected:
        raise SMTPDataError(reply.code, reply.message)


async def _hand_over(client: SMTP, content: bytes, go: Callable[[], None]) -> Receipt:
    """From `go` on the message may have left, until the server says that it has not taken it."""
    raw = PERIOD_REGEX.sub(b"..", normalize_message_line_endings(content)) + b".\r\n"
    protocol = client.protocol
    assert protocol is not None
    go()
    try:
        protocol.write(raw)
        reply = await protocol.read_response(timeout=client.timeout)
    except (SMTPException, OSError) as error:
        reason = "timeout" if isinstance(error, SMTPTimeoutError) else "the connection was lost"
        return Receipt("unknown", f"{reason} before the server said that it has it", trouble=True)
    if reply.code == TAKEN:
        return Receipt("sent")
    if 400 <= reply.code < 600:
        return _by_code("rejected", reply.code, reply.message, trouble=False)
    return Receipt("unknown", "the server does not speak SMTP", trouble=True)


# --- what an answer means -------------------------------------------------------------------------------------------


def _not_sent(error: SMTPException | OSError) -> Receipt:
    """Something went wrong before the message left."""
    cause = error.__cause__ if isinstance(error.__cause__, ssl.SSLError) else error
    match cause:
        case ssl.SSLCertVerificationError():
            return Receipt("failed", "tls: the server's certificate is not trusted", trouble=True)
        case ssl.SSLError():
            return Receipt("again", "tls: no agreement with the server", trouble=True)
        case SMTPAuthenticationError():
            return _by_code("login", cause.code, cause.message, trouble=True)
        case SMTPSenderRefused():
            return _by_code("sender", cause.code, cause.message, trouble=True)
        case SMTPDataError():
            return _by_code("rejected", cause.code, cause.message, trouble=False)
        case SMTPResponseException():
            return _by_code("server", cause.code, cause.message, trouble=True)
        case SMTPTimeoutError() | TimeoutError():
            return Receipt("again", "timeout", trouble=True)
    return Receipt("again", "no connection", trouble=True)


def _rejected(error: SMTPRecipientRefused, to: str) -> Receipt:
    """The server's word on the recipient: about the message, not about the channel."""
    receipt = _by_code("rejected", error.code, error.message, trouble=False)
    if receipt.state == "failed" and NOBODY.match(error.message):
        receipt.reason, receipt.gone = f"rejected: no such address ({error.code})", to
    return receipt


def _by_code(what: str, code: int, text: str, trouble: bool) -> Receipt:
    """5xx is for ever, 4xx for now; anything else is nonsense. The text may quote an address: only its code is kept."""
    enhanced = re.match(r"[245]\.\d{1,3}\.\d{1,3}\b", text)
    reason = f"{what}: {code}" + (f" {enhanced[0]}" if enhanced else "")
    if 500 <= code < 600:
        return Receipt("failed", reason, trouble=trouble)
    if 400 <= code < 500:
        return Receipt("again", reason, trouble=trouble or code == 421)
    return Receipt("again", f"{what}: the server does not speak SMTP", trouble=True)
