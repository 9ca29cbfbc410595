"""The contract of channels can be broken: each of these breaks it in one way, and is found out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import pytest

from journeyloop.adapters import channels
from journeyloop.adapters.channels.outward import Outward, at_once
from journeyloop.adapters.channels.receipts import usual
from journeyloop.runtime.channels import Connection, Message, Receipt
from journeyloop.testing.channel_contract import Case, Scene, check

TO = "+4917012345678"
CASE = Case("twilio", lambda url: {"url": url}, {"text": "Your parcel waits"}, [TO], {"token": "a-token"})


class Honest:
    """Posts the id of its message, and says what came of it."""

    idempotent = True

    def __init__(self, connection: Connection, environ: Mapping[str, str]) -> None:
        self.url = connection.options["url"]
        self.outward = Outward(connection.terms.timeout, connection.loopback)

    async def send(self, message: Message, go: Callable[[], None]) -> Receipt:
        return usual(await self.outward.post(self.url, {}, message.id.encode(), go))

    async def close(self) -> None:
        await self.outward.close()


class Early(Honest):
    """Sends, and asks then."""

    async def send(self, message: Message, go: Callable[[], None]) -> Receipt:
        receipt = await super().send(message, at_once)
        go()
        return receipt


class Twice(Honest):
    """Repeats by itself what nobody answered."""

    async def send(self, message: Message, go: Callable[[], None]) -> Receipt:
        receipt = await super().send(message, go)
        return receipt if receipt.state != "unknown" else await super().send(message, go)


class Hopeful(Honest):
    """Takes silence for consent."""

    async def send(self, message: Message, go: Callable[[], None]) -> Receipt:
        receipt = await super().send(message, go)
        return Receipt("sent") if receipt.state == "unknown" else receipt


class Chatty(Honest):
    """Says whom it could not reach."""

    async def send(self, message: Message, go: Callable[[], None]) -> Receipt:
        receipt = await super().send(message, go)
        receipt.reason += f" for {message.to[0]}"
        return receipt


class Nameless(Honest):
    """Would be known again by an id that it does not show."""

    async def send(self, message: Message, go: Callable[[], None]) -> Receipt:
        return usual(await self.outward.post(self.url, {}, b"hello", go))


class Lazy(Honest):
    """Leaves its work behind."""

    async def close(self) -> None:
        self.left = asyncio.create_task(asyncio.sleep(3))


def plays(monkeypatch: pytest.MonkeyPatch, kind: type[Honest], scene: Scene) -> None:
    monkeypatch.setitem(channels.KINDS, "twilio", kind)
    monkeypatch.setattr("journeyloop.testing.channel_contract.PATIENCE", 0.5)
    asyncio.run(check(CASE, scene))


@pytest.mark.parametrize("scene", ["accepts", "refuses", "busy", "hangs", "closes", "absent", "stopped", "ends"])
def test_an_honest_one_passes(monkeypatch: pytest.MonkeyPatch, scene: Scene) -> None:
    plays(monkeypatch, Honest, scene)


@pytest.mark.parametrize(
    ("kind", "scene"),
    [(Early, "stopped"), (Twice, "closes"), (Hopeful, "hangs"), (Hopeful, "nonsense"), (Chatty, "refuses"),
     (Chatty, "absent"), (Nameless, "ends"), (Lazy, "ends")],
)  # fmt: skip
def test_what_breaks_it_is_found_out(monkeypatch: pytest.MonkeyPatch, kind: type[Honest], scene: Scene) -> None:
    with pytest.raises((AssertionError, TimeoutError)):
        plays(monkeypatch, kind, scene)
