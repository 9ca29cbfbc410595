"""The e-mail channel against a real mail server: what leaves, and what its answers mean."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from journeyloop.adapters.channels import connect
from journeyloop.adapters.channels.email import Email
from journeyloop.runtime.channels import SHAPES, Connection, Message, Receipt, Terms, Withheld
from tests.contract.mailserver import DROP, HANG, Mailserver, lets_in, running
from tests.unit.channels.certificates import localhost

LEAVING = "https://loop.example.com/u/token"
MESSAGE = Message(
    id="0123456789abcdef0123456789abcdef",
    moment="welcome",
    action="letter",
    purpose="marketing",
    person="aa" * 16,
    to=["ada@example.com"],
    content={"subject": "Hello Ada", "html": "<p>Your cart waits.</p>"},
    expires=0,
    unsubscribe=LEAVING,
)
Go = Callable[[], None]


@pytest.fixture
def server() -> Iterator[Mailserver]:
    with running(Mailserver()) as mailserver:
        yield mailserver


def connection(port: int, secrets: dict[str, str] | None = None, **options: Any) -> Connection:
    usual = {key: option.default for key, option in SHAPES["smtp"].options.items()}
    written = {"host": "127.0.0.1", "port": port, "tls": "none", "from": "The Shop <hello@shop.example>"}
    return Connection("email", "smtp", usual | written | options, secrets or {}, Terms(timeout=2.0))


def to(
    port: int, secrets: dict[str, str] | None = None, environ: dict[str, str] | None = None, **options: Any
) -> Email:
    made = connect(connection(port, secrets, **options), environ or {})
    assert isinstance(made, Email)
    return made


def gone() -> None:
    """Nothing has stopped it."""


def sent(channel: Email, *messages: Message, go: Go = gone) -> list[Receipt]:
    async def whole() -> list[Receipt]:
        try:
            return [await channel.send(message, go) for message in messages]
        finally:
            await channel.close()

    return asyncio.run(whole())


def test_a_message_arrives_as_text_and_html_with_a_way_out(server: Mailserver) -> None:
    assert sent(to(server.port), MESSAGE) == [Receipt("sent")]
    [(recipients, _)], [letter] = server.taken, server.messages
    assert recipients == ["ada@example.com"]
    assert (letter["From"], letter["To"], letter["Subject"]) == (
        "The Shop <hello@shop.example>",
        "ada@example.com",
        "Hello Ada",
    )
    assert letter["Message-ID"] == f"<{MESSAGE.id}@shop.example>" and letter["Date"]
    assert letter["X-Journeyloop-Decision"] == MESSAGE.id
    assert letter["List-Unsubscribe"] == f"<{LEAVING}>"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert [part.get_content_type() for part in letter.iter_parts()] == ["text/plain", "text/html"]
    text, html = (part.get_content() for part in letter.iter_parts())  # type: ignore[attr-defined]
    assert text.startswith("Your cart waits.") and LEAVING in text
    assert f'href="{LEAVING}"' in html


def test_connections_are_kept_and_one_that_died_is_replaced(server: Mailserver) -> None:
    channel = to(server.port)

    async def whole() -> None:
        assert (await channel.send(MESSAGE, gone)).state == "sent"
        assert (await channel.send(MESSAGE, gone)).state == "sent"
        assert server.connections == 1
        channel._idle[0][1].close()
        assert (await channel.send(MESSAGE, gone)).state == "sent"
        assert server.connections == 2
        await channel.close()

    asyncio.run(whole())


def test_what_is_stopped_at_the_last_look_is_not_handed_over(server: Mailserver) -> None:
    channel = to(server.port)

    def stopped() -> None:
        raise Withheld("goal: Order Completed")

    async def whole() -> None:
        with pytest.raises(Withheld):
            await channel.send(MESSAGE, stopped)
        assert (await channel.send(replace(MESSAGE, id="ff" * 16), gone)).state == "sent"
        await channel.close()

    asyncio.run(whole())
    assert [letter["X-Journeyloop-Decision"] for letter in server.messages] == ["ff" * 16]


@pytest.mark.parametrize(
    ("command", "answer", "state", "reason", "trouble"),
    [
        ("MAIL", "451 4.3.0 later", "again", "sender: 451 4.3.0", True),
        ("MAIL", "550 5.7.1 not you", "failed", "sender: 550 5.7.1", True),
        ("RCPT", "450 4.2.0 greylisted", "again", "rejected: 450 4.2.0", False),
        ("RCPT", "421 4.3.2 closing", "again", "rejected: 421 4.3.2", True),
        ("RCPT", "550 5.7.1 ada@example.com may not", "failed", "rejected: 550 5.7.1", False),
        ("RCPT", "550 5.1.1 ada@example.com unknown", "failed", "rejected: no such address (550)", False),
        ("DATA", "451 4.7.0 later", "again", "rejected: 451 4.7.0", False),
        ("DATA", "554 5.7.1 spam", "failed", "rejected: 554 5.7.1", False),
        ("DATA", "299 what", "unknown", "the server does not speak SMTP", True),
        ("DATA", DROP, "unknown", "the connection was lost before the server said that it has it", True),
        ("DATA", HANG, "unknown", "timeout before the server said that it has it", True),
        ("RCPT", DROP, "again", "no connection", True),
        ("RCPT", HANG, "again", "timeout", True),
    ],
)
def test_what_an_answer_means(
    server: Mailserver, command: str, answer: str, state: str, reason: str, trouble: bool
) -> None:
    server.says[command] = answer
    [receipt] = sent(to(server.port), MESSAGE)
    assert (receipt.state, receipt.reason, receipt.trouble) == (state, reason, trouble)
    assert receipt.gone == ("ada@example.com" if "no such address" in reason else "")
    assert server.taken == []


def test_nobody_listens() -> None:
    with running(Mailserver()) as server:
        port = server.port
    [receipt] = sent(to(port), MESSAGE)
    assert (receipt.state, receipt.reason, receipt.trouble) == ("again", "no connection", True)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_a_password_is_needed_and_shown() -> None:
    secrets, options = {"username": "U", "password": "P"}, {"authenticator": lets_in("us", "secret")}
    with running(Mailserver(auth_require_tls=False, auth_required=True, **options)) as server:
        assert sent(to(server.port, secrets, {"U": "us", "P": "secret"}), MESSAGE) == [Receipt("sent")]
        [wrong] = sent(to(server.port, secrets, {"U": "us", "P": "other"}), MESSAGE)
        assert (wrong.state, wrong.reason, wrong.trouble) == ("failed", "login: 535 5.7.8", True)
        with pytest.raises(LookupError, match="the environment variable P is not set"):
            to(server.port, secrets, {"U": "us"})
        with pytest.raises(LookupError, match="not sent without encryption"):
            to(server.port, secrets, {"U": "us", "P": "secret"}, host="mail.example.com")
    with running(Mailserver()) as plain:
        [refused] = sent(to(plain.port, secrets, {"U": "us", "P": "secret"}), MESSAGE)
        assert (refused.state, refused.reason) == ("failed", "login: the server does not offer it")


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_only_a_server_whose_certificate_is_trusted(
    tls: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    context, _ = localhost(tmp_path)
    starting = {"tls_context": context, "require_starttls": True} if tls == "starttls" else {}
    with running(Mailserver(**starting), None if starting else context) as server:
        [refused] = sent(to(server.port, tls=tls, host="localhost"), MESSAGE)
        assert (refused.state, refused.reason) == ("failed", "tls: the server's certificate is not trusted")
        assert refused.trouble and server.taken == []
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "localhost.pem"))
        assert sent(to(server.port, tls=tls, host="localhost"), MESSAGE) == [Receipt("sent")]


def test_a_server_without_starttls_gets_nothing(server: Mailserver) -> None:
    [refused] = sent(to(server.port, tls="starttls"), MESSAGE)
    assert (refused.state, refused.reason, refused.trouble) == ("failed", "tls: the server does not offer it", True)


def test_international_addresses_where_the_server_takes_them(server: Mailserver) -> None:
    abroad = replace(MESSAGE, to=["élise@example.com"])
    assert sent(to(server.port), abroad) == [Receipt("sent")]
    assert server.seen == ["élise@example.com"]
    with running(Mailserver(enable_SMTPUTF8=False)) as plain:
        [refused] = sent(to(plain.port), abroad)
        assert (refused.state, refused.reason) == ("failed", "address: the server takes no international addresses")
        assert sent(to(plain.port), replace(MESSAGE, to=["ada@bücher.example"])) == [Receipt("sent")]
        assert plain.seen == ["ada@xn--bcher-kva.example"]
