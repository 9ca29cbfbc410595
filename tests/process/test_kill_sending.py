"""kill -9 on the real server while a provider has messages in hand and does not answer: after the restart they are
unknown and never leave again where the provider could not tell; where it knows them by their id, they leave with it.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from base64 import b64encode
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from journeyloop.testing.bench.scenes import moment
from journeyloop.testing.bench.server import Server, configure
from journeyloop.testing.client import Client, iso

pytestmark = pytest.mark.slow

PEOPLE = 6
CHANNELS = """
[channels.texts]
kind = "twilio"
api = "{url}"
account = "AC0123456789abcdef0123456789abcdef"
from = "+4915112345678"
token = "KILLED_TOKEN"
[channels.hooks]
kind = "webhook"
url = "{url}/hook"
secret = "KILLED_SECRET"
"""


class Silent:
    """Takes what comes and says nothing, until it is told to answer. `bodies` are what has come."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.bodies: list[bytes] = []
        self.answering = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._take, args=(connection,), daemon=True).start()

    def _take(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            while head := b"".join(iter(stream.readline, b"\r\n") if stream.peek(1) else ()):
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
                self.bodies.append(stream.read(length))
                if not self.answering:
                    threading.Event().wait()
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")


async def begin(server: Server, kind: str) -> None:
    backend = server.client("server")
    people = [
        {"type": "identify", "userId": f"{kind}{one}", "messageId": f"{kind}{one}", "timestamp": iso(),
         "traits": {"phone": f"+49151123400{one:02}"}}
        for one in range(PEOPLE)
    ]  # fmt: skip
    asked = [
        {"type": "track", "event": f"Ask {kind}", "userId": f"{kind}{one}", "messageId": f"a{kind}{one}",
         "timestamp": iso()}
        for one in range(PEOPLE)
    ]  # fmt: skip
    for batch in (people, asked):
        assert (await backend.post_json("/v1/batch", {"sentAt": iso(), "batch": batch})).status == 200
    await backend.close()


async def until(url: str, key: str, kind: str, state: str) -> list[dict[str, Any]]:
    """The decisions about everybody, once each is in this state."""
    client = Client(url, key)
    async with asyncio.timeout(60):
        while True:
            answers = [await client.get_json("/v1/decisions", user_id=f"{kind}{one}") for one in range(PEOPLE)]
            made = [one for answer in answers for one in answer["decisions"]]
            if len(made) == PEOPLE and all(one["state"] == state for one in made):
                await client.close()
                return made
            await asyncio.sleep(0.05)


async def came(provider: Silent, count: int) -> None:
    async with asyncio.timeout(60):
        while len(provider.bodies) < count:
            await asyncio.sleep(0.02)


@pytest.fixture
def provider() -> Silent:
    return Silent()


@pytest.fixture
def server(tmp_path: Path, provider: Silent, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setenv("KILLED_TOKEN", "secret")
    monkeypatch.setenv("KILLED_SECRET", "whsec_" + b64encode(b"k" * 32).decode())
    directory = tmp_path / "shop"
    texts = moment("texts", "{event: Ask texts}").replace("channel: onpage", "channel: texts")
    hooks = moment("hooks", "{event: Ask hooks}").replace("channel: onpage", "channel: hooks")
    configure(directory, {"texts": texts.replace("content: {title: Hello, body: A message.}", "content: {text: Hello}"),
                          "hooks": hooks})  # fmt: skip
    with (directory / "journeyloop.toml").open("a") as file:
        file.write(CHANNELS.format(url=provider.url))
    return Server(directory)


@pytest.mark.parametrize("kind", ["texts", "hooks"])
def test_what_was_in_hand_at_a_kill(server: Server, provider: Silent, kind: str) -> None:
    async def play() -> None:
        await begin(server, kind)
        await came(provider, PEOPLE)
        server.kill()
        provider.answering = True
        server.start()
        made = await until(server.url, server.keys.server, kind, "unknown" if kind == "texts" else "sent")
        failed = await server.client("server").get_json("/v1/failed")
        if kind == "texts":
            assert {one["state_reason"] for one in made} == {"the server stopped after the intent was written"}
            assert len(failed["failed"]) == PEOPLE == len(provider.bodies)
        else:
            assert failed == {"failed": []}
            ids = Counter(body.partition(b'"decision_id":"')[2][:32] for body in provider.bodies)
            assert len(ids) == PEOPLE and set(ids.values()) == {2}

    with server:
        asyncio.run(play())
