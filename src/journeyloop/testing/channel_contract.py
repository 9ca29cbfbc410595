"""What every channel must do, whatever its provider does: one scene each, played against a real endpoint on loopback.

A channel's test is a `Case`; an HTTP channel needs only to say what its provider answers. `check` plays one scene.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, Protocol, get_args

from msgspec import Struct, field

from journeyloop.adapters import channels
from journeyloop.runtime.channels import Channel, Connection, Message, Receipt, Terms, Withheld
from journeyloop.testing.endpoints import CLOSE, HANG, Answer, Endpoint, http

Scene = Literal["accepts", "refuses", "busy", "nonsense", "hangs", "closes", "absent", "stopped", "ends"]
SCENES: tuple[Scene, ...] = get_args(Scene)
TIMEOUT, PATIENCE = 0.5, 10.0
SETTLE = 0.05
"""Seconds in which a byte that left would have arrived."""

STOPPED = "consent: withdrawn"


class Far(Protocol):
    """The provider's side: `saw` are the bytes of messages that reached it, by connection; a greeting is none.
    `ended` counts the connections that have ended."""

    url: str
    saw: list[bytearray]
    ended: int

    def open(self) -> AbstractAsyncContextManager[Any]: ...


class Case(Struct):
    """A kind with a message for it. `options` are made of the address of the endpoint; `secrets` are values by key.

    `answers` are what an HTTP provider says beside the usual; another protocol brings its own side in `far`. `lacks`
    are the scenes that it does not have. `after` is how long a busy one asks to wait (s). An idempotent channel shows
    `mark` to its provider with every attempt. `prepare` is given the channel before it is used. Where a person's own
    address leads to the endpoint, `addresses` makes theirs, and no provider's trouble is the channel's (`blamed`).
    """

    kind: str
    options: Callable[[str], dict[str, Any]]
    content: dict[str, Any]
    to: list[str] = []
    secrets: dict[str, str] = {}
    answers: Mapping[Scene, Answer] = {}
    far: Callable[[Scene], Far] | None = None
    lacks: frozenset[Scene] = frozenset()
    after: float = 7.0
    mark: str = "0123456789abcdef0123456789abcdef"
    prepare: Callable[[Channel], None] = lambda channel: None
    addresses: Callable[[str], list[str]] | None = None

    @property
    def blamed(self) -> bool:
        return self.addresses is None

    def message(self) -> Message:
        return Message(
            id="0123456789abcdef0123456789abcdef", moment="stall", action="nudge", purpose="service",
            person="fedcba9876543210fedcba9876543210", to=self.to, content=self.content, expires=4_000_000_000_000,
            user_id="a-user-of-ours", unsubscribe="https://loop.example.com/u/of-this-person",
        )  # fmt: skip

    def connect(self, url: str) -> Channel:
        self.to = self.to if self.addresses is None else self.addresses(url)
        names = {key: key.upper() for key in self.secrets}
        connection = Connection(self.kind, self.kind, self.options(url), names, Terms(timeout=TIMEOUT), loopback=True)
        channel = channels.connect(connection, {names[key]: value for key, value in self.secrets.items()})
        self.prepare(channel)
        return channel

    def side(self, scene: Scene) -> Far:
        return self.far(scene) if self.far else Endpoint({**USUAL, **self.answers}.get(scene, http(200)))


USUAL: dict[Scene, Answer] = {
    "accepts": http(200),
    "refuses": http(400),
    "busy": http(429, retry_after="7"),
    "nonsense": b"\x00\xff nonsense\r\n\r\n",
    "hangs": HANG,
    "closes": CLOSE,
}


class Tried(Struct):
    """One attempt, as a courier makes it: what came of it, how often the channel asked, what the far side saw."""

    receipt: Receipt | None
    asked: int = 0
    saw: list[bytearray] = field(default_factory=list)

    @property
    def arrived(self) -> bool:
        return any(self.saw)


async def check(case: Case, scene: Scene) -> None:
    """Raises AssertionError: the channel breaks its contract."""
    await _PLAYS[scene](case, scene)


async def _answered(case: Case, scene: Scene) -> None:
    far = case.side(scene)
    async with far.open():
        channel = case.connect(far.url)
        tried = await _attempt(case, channel, far)
        await channel.close()
    receipt = tried.receipt
    assert receipt is not None
    state, trouble = _EXPECTED[scene]
    assert receipt.state in state, receipt
    assert receipt.trouble in (trouble if case.blamed else _NO), receipt
    assert receipt.after == (case.after if scene == "busy" else 0.0)
    assert tried.asked == 1, "go is called once, and before anything leaves"
    assert tried.arrived
    _keeps_quiet(case, far.url, receipt)


async def _absent(case: Case, scene: Scene) -> None:
    """Nobody listens: nothing left, so it may be tried again, and the channel is to blame."""
    far = case.side("accepts")
    async with far.open():
        url = _nobodys(far.url)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        channel = case.connect(url.replace("{port}", str(taken.getsockname()[1])))
        tried = await _attempt(case, channel, far)
        await channel.close()
    assert tried.receipt is not None
    assert (tried.receipt.state, tried.receipt.trouble, tried.asked) == ("again", case.blamed, 0), tried
    _keeps_quiet(case, url, tried.receipt)


async def _stopped(case: Case, scene: Scene) -> None:
    """What `go` forbids sends no byte of itself; the channel can go on after it."""
    far = case.side("accepts")
    async with far.open():
        channel = case.connect(far.url)
        tried = await _attempt(case, channel, far, stop=True)
        assert (tried.receipt, tried.asked) == (None, 1)
        await asyncio.sleep(SETTLE)
        assert not tried.arrived, tried.saw
        again = await _attempt(case, channel, far)
        assert again.receipt is not None and again.receipt.state == "sent"
        await channel.close()


async def _ends(case: Case, scene: Scene) -> None:
    """Two attempts carry the same mark if the provider is to know them again. `close` leaves nothing behind."""
    far = case.side("accepts")
    async with far.open():
        before = asyncio.all_tasks()
        channel = case.connect(far.url)
        await channel.close()
        channel = case.connect(far.url)
        for _ in range(2):
            await _attempt(case, channel, far)
        await channel.close()
        await _until(lambda: far.ended == len(far.saw))
        await _until(lambda: asyncio.all_tasks() <= before)
        found = b"".join(far.saw).count(case.mark.encode())
        assert not channel.idempotent or found >= 2, "an idempotent channel must show the message's id"


async def _attempt(case: Case, channel: Channel, far: Far, stop: bool = False) -> Tried:
    tried = Tried(None, saw=far.saw)

    def go() -> None:
        tried.asked += 1
        if stop:
            raise Withheld(STOPPED)

    try:
        async with asyncio.timeout(TIMEOUT * 2):
            tried.receipt = await channel.send(case.message(), go)
    except TimeoutError:
        tried.receipt = Receipt("unknown" if tried.asked else "again", "timeout", trouble=True)
    except Withheld as stopped:
        assert stop and str(stopped) == STOPPED
    return tried


def _keeps_quiet(case: Case, url: str, receipt: Receipt) -> None:
    """A reason is kept and shown: it holds nothing of the person, the content or the keys, and no address."""
    message = case.message()
    private = [*message.to, *_texts(case.content), *case.secrets.values(), message.user_id, url.partition("://")[2]]
    for one in private:
        assert one not in receipt.reason, receipt.reason
    assert len(receipt.reason) <= 100 and (receipt.reason or receipt.state == "sent")


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for inner in value.values() for text in _texts(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in _texts(inner)]
    return [str(value)]


def _nobodys(url: str) -> str:
    return url.rpartition(":")[0] + ":{port}"


async def _until(seen: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not seen():  # noqa: ASYNC110 - what it waits for has no event
            await asyncio.sleep(0.002)


_YES, _NO, _EITHER = (True,), (False,), (True, False)
_EXPECTED: dict[Scene, tuple[tuple[str, ...], tuple[bool, ...]]] = {
    "accepts": (("sent",), _NO),
    "refuses": (("failed",), _NO),
    "busy": (("again",), _EITHER),
    "nonsense": (("unknown",), _YES),
    "hangs": (("unknown",), _YES),
    "closes": (("unknown",), _YES),
}
"""The states that a scene may end in, and whether the channel is to blame. Where a channel is idempotent, its courier
repeats what is `unknown`."""

_PLAYS: dict[Scene, Callable[[Case, Scene], Awaitable[None]]] = {
    **dict.fromkeys(_EXPECTED, _answered),
    "absent": _absent,
    "stopped": _stopped,
    "ends": _ends,
}
