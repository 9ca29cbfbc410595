"""Changes of audiences reach a real receiver on loopback: in order, at least once, through failures and restarts."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from msgspec import json

from journeyloop.adapters.channels.audience_push import AudiencePush
from journeyloop.runtime import push as module
from journeyloop.runtime.push import KEPT, Pushing
from tests.property.rig import STALL, Rig, plan_of

KEY = b"k" * 24


class Inbox:
    """A receiver that answers with the statuses laid ready, then 200."""

    def __init__(self, *statuses: int) -> None:
        self.statuses, self.got = list(statuses), list[tuple[dict[str, str], bytes]]()

    async def receive(self, request: web.Request) -> web.Response:
        self.got.append(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        status = self.statuses.pop(0) if self.statuses else 200
        return web.Response(status=status, headers={"set-cookie": "a=b; Path=/"})

    def told(self) -> list[tuple[str, str]]:
        bodies = [json.decode(body)["data"] for _, body in self.got]
        return [(one["change"], one["user_id"]) for one in bodies]

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_post("/in", self.receive)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        [address] = runner.addresses
        yield f"http://127.0.0.1:{address[1]}/in"
        await runner.cleanup()


def shop(url: str, other: str = "http://127.0.0.1:1/") -> Rig:
    audiences = (
        "traits: {spent: {sum: properties.revenue, of: Order Completed, within: 1h}}\n"
        f"audiences: {{spenders: {{where: profile.spent >= 50.0, push: '{url}'}}, "
        f"buyers: {{where: profile.orders > 0, push: '{other}'}}, quiet: {{where: profile.orders > 0}}}}"
    )
    return Rig(plan_of(STALL, audiences=audiences))


def spend(rig: Rig, *users: str) -> None:
    for user in users:
        rig.track("Order Completed", f"a-{user}", user_id=user, properties={"revenue": 60.0})


def pushing(rig: Rig, key: bytes | None = None) -> Pushing:
    async def submit(inputs: Any, rejected: Any, also: Callable[[Any], None]) -> None:
        with rig.store.write() as transaction:
            also(transaction)

    return Pushing(
        rig.store,
        rig.secret,
        lambda: rig.plan,
        AudiencePush(key, lambda: rig.now, loopback=True),
        submit,
        lambda: rig.now,
    )


def waiting(rig: Rig, audience: str) -> int:
    return sum(key.startswith(audience.encode() + b"\0") for key, _ in rig.rows("pushes"))


async def until(true: Callable[[], bool]) -> None:
    for _ in range(500):
        if true():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it did not come true")


def run(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(story())  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST", 0.01)


def test_every_change_is_told_in_order_once_the_receiver_takes_it() -> None:
    async def story() -> None:
        inbox = Inbox(500, 503, 302)
        async with inbox.open() as url:
            rig = shop(url)
            spend(rig, "u1", "u2")
            rig.pass_time(2 * 3_600_000)
            assert waiting(rig, "spenders") == 4
            sender = pushing(rig)
            sender.start()
            await until(lambda: waiting(rig, "spenders") == 0)
            assert inbox.told()[3:] == [("enters", "u1"), ("enters", "u2"), ("leaves", "u1"), ("leaves", "u2")]
            assert inbox.told()[:3] == [("enters", "u1")] * 3
            ids = [headers["webhook-id"] for headers, _ in inbox.got]
            assert len(set(ids[:4])) == 1, "an attempt is told from another change by its id"
            assert len(set(ids)) == 4
            assert waiting(rig, "buyers") == 2, "another receiver that is down has kept nobody waiting"
            assert waiting(rig, "quiet") == 0
            await sender.stop()

    run(story)


def test_what_waits_survives_a_restart_and_new_changes_come_after_it() -> None:
    async def story() -> None:
        inbox = Inbox()
        async with inbox.open() as url:
            rig = shop(url)
            spend(rig, "u1")
            first = pushing(rig)
            await first.stop()
            rig.restart()
            spend(rig, "u2")
            second = pushing(rig)
            second.start()
            await until(lambda: waiting(rig, "spenders") == 0)
            spend(rig, "u3")
            second.wake("spenders")
            await until(lambda: waiting(rig, "spenders") == 0)
            assert inbox.told() == [("enters", "u1"), ("enters", "u2"), ("enters", "u3")]
            await second.stop()

    run(story)


def test_the_signature_is_that_of_standard_webhooks() -> None:
    async def story() -> None:
        inbox = Inbox()
        async with inbox.open() as url:
            rig = shop(url)
            spend(rig, "u1")
            sender = pushing(rig, KEY)
            sender.start()
            await until(lambda: waiting(rig, "spenders") == 0)
            [(headers, body)] = inbox.got
            signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
            expected = base64.b64encode(hmac.digest(KEY, signed, hashlib.sha256)).decode()
            assert headers["webhook-signature"] == f"v1,{expected}"
            assert headers["webhook-timestamp"] == str(rig.now // 1000)
            told = json.decode(body)
            assert told["type"] == "audience.enters"
            assert told["data"]["audience"] == "spenders"
            await sender.stop()

    run(story)


def test_a_host_that_cannot_be_and_a_cookie_are_taken_calmly() -> None:
    async def story() -> None:
        inbox = Inbox()
        async with inbox.open() as url:
            push = AudiencePush(None, lambda: 0, loopback=True)
            assert await push.push("https://a..example/", "1", b"{}") == "UnicodeError"
            named = url.replace("127.0.0.1", "localhost")
            assert [await push.push(named, id_, b"{}") for id_ in "12"] == [None, None]
            assert [headers.get("cookie") for headers, _ in inbox.got] == [None, None]
            await push.close()

    run(story)


def test_what_is_told_to_nobody_any_more_or_too_late_is_dropped() -> None:
    async def story() -> None:
        inbox = Inbox(*[500] * 50)
        async with inbox.open() as url:
            rig = shop(url)
            spend(rig, "u1")
            rig.now += KEPT + 1
            sender = pushing(rig)
            sender.start()
            await until(lambda: waiting(rig, "spenders") == 0)
            assert len(inbox.got) == 1
            rig.change(plan_of(STALL))
            await until(lambda: rig.rows("pushes") == [])
            await sender.stop()

    run(story)


def test_a_settling_is_told_to_nobody() -> None:
    rig = Rig()
    spend(rig, "u1")
    with_push = shop("http://127.0.0.1:1/").plan
    rig.change(with_push)
    rig.track("Page", "a-u1", user_id="u1")
    assert len(rig.rows("audiences")) == 3
    assert rig.rows("pushes") == []
