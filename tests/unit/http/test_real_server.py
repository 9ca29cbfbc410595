"""What only a real server shows: streams end when a socket closes or the server stops, and a 413 reaches its sender."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import uvicorn

from tests.unit.http.asgi import WRITE, site
from tests.unit.http.recording import RecordingDoor


@pytest.fixture
def door() -> RecordingDoor:
    found = RecordingDoor()
    found.endless = True
    return found


@pytest.fixture
def server(door: RecordingDoor) -> Iterator[uvicorn.Server]:
    config = uvicorn.Config(site(door), log_level="critical", access_log=False, timeout_graceful_shutdown=1, port=0)
    running = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=running.run, args=([listening],), daemon=True)
    thread.start()
    running.config.port = listening.getsockname()[1]
    yield running
    running.should_exit = True
    thread.join(10)
    assert not thread.is_alive()


def eventually(holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + 10
    while not holds() and time.monotonic() < until:
        time.sleep(0.01)
    return holds()


def opened(server: uvicorn.Server) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    connection = http.client.HTTPConnection("127.0.0.1", server.config.port, timeout=10)
    connection.request("GET", f"/v1/stream?anonymous_id=a1&write_key={WRITE}")
    answer = connection.getresponse()
    assert answer.read(25) == b"retry: 2000\n\nevent: show\n"
    return connection, answer


def test_a_closed_socket_ends_its_stream(server: uvicorn.Server, door: RecordingDoor) -> None:
    connection, answer = opened(server)
    assert door.closed == 0
    answer.close()
    connection.close()
    assert eventually(lambda: door.closed == 1)


def test_every_stream_has_the_same_headers(server: uvicorn.Server) -> None:
    headers = []
    for _ in range(3):
        connection, answer = opened(server)
        headers.append([name for name, _ in answer.getheaders()])
        connection.close()
    assert headers[0] == headers[1] == headers[2]


def test_a_stopping_server_ends_its_streams(server: uvicorn.Server, door: RecordingDoor) -> None:
    connection, answer = opened(server)
    server.should_exit = True
    assert eventually(lambda: door.closed == 1)
    answer.close()
    connection.close()


def test_a_413_is_heard_by_a_sender_that_sends_it_all_first(server: uvicorn.Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.config.port, timeout=10)
    for _ in range(2):
        connection.request("POST", "/v1/batch", b"x" * 2_000_000, {"Authorization": f"Bearer {WRITE}"})
        answer = connection.getresponse()
        assert answer.status == 413 and b"too_large" in answer.read()
    connection.close()
