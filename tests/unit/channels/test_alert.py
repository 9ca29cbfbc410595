"""Alerts by apprise, against a real endpoint: whatever it does, the event loop goes on and nothing private is said."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest
from msgspec import json

from journeyloop.adapters.channels import alert
from journeyloop.adapters.channels.alert import AlertReceiver
from journeyloop.testing.endpoints import HANG, Endpoint, http


def run(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(story())  # type: ignore[arg-type]


def address(endpoint: Endpoint) -> str:
    return endpoint.url.replace("http://", "json://") + "/alerts"


def test_every_address_is_told_the_text_as_it_is() -> None:
    async def story() -> None:
        async with Endpoint().open() as one, Endpoint().open() as other:
            receiver = AlertReceiver(f"{address(one)} {address(other)}")
            assert await receiver.push("", "1", "Grüße *an* <alle>".encode()) is None
            await receiver.close()
            said = [json.decode(far.asked[0].body) for far in (one, other)]
            assert [(told["title"], told["message"]) for told in said] == [("", "Grüße *an* <alle>")] * 2

    run(story)


def test_one_that_refuses_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    async def story() -> None:
        async with Endpoint(http(500)).open() as endpoint:
            receiver = AlertReceiver(address(endpoint))
            assert await receiver.push("", "1", b"Hello") == "not taken"
            await receiver.close()

    run(story)
    assert capfd.readouterr() == ("", ""), "what apprise logs holds addresses"


@pytest.mark.parametrize("written", ["nonsense", "fax://12345", "json://"])
def test_what_is_no_address_says_so_without_quoting_it(written: str) -> None:
    async def story() -> None:
        receiver = AlertReceiver(written)
        assert await receiver.push("", "1", b"Hello") == "not an address that apprise knows"
        await receiver.close()

    run(story)


def test_one_that_hangs_holds_up_nobody() -> None:
    async def story() -> None:
        async with Endpoint(HANG).open() as endpoint:
            receiver = AlertReceiver(f"{address(endpoint)}?rto=1&cto=1", timeout=0.2)
            ticks = 0

            async def tick() -> None:
                nonlocal ticks
                while True:
                    ticks += 1
                    await asyncio.sleep(0.01)

            ticking = asyncio.create_task(tick())
            assert await receiver.push("", "1", b"Hello") == "timeout"
            assert ticks > 3
            receiver.timeout = 20
            assert await receiver.push("", "1", b"Hello") == "not taken"
            assert len(endpoint.asked) == 1, "the attempt that hung is waited for, not made twice"
            ticking.cancel()
            await receiver.close()

    run(story)


def test_an_attempt_that_came_through_late_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        async with Endpoint().open() as endpoint:
            notify, told = alert._notify, list[str]()

            def slow(addresses: list[str], text: str) -> str | None:
                told.append(text)
                release.wait(10)
                return notify(addresses, text)

            release = threading.Event()
            monkeypatch.setattr(alert, "_notify", slow)
            receiver = AlertReceiver(address(endpoint), timeout=0.1)
            assert await receiver.push("", "1", b"Hello") == "timeout"
            release.set()
            receiver.timeout = 20
            assert await receiver.push("", "1", b"Hello") is None
            assert await receiver.push("", "1", b"Hello") is None
            assert told == ["Hello"]
            assert await receiver.push("", "2", b"Hello again") is None
            assert told == ["Hello", "Hello again"]
            await receiver.close()

    run(story)
