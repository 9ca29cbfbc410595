"""Real servers, real visitors.

Every server is asked at its end whether its log says what its state says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.story.projects import project
from tests.story.servers import WITH_SHOP, Server, command

Serve = Callable[..., Server]


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One visitor's browser: own storage, own tabs."""
    visitor = browser.new_context()
    yield visitor
    visitor.close()


@pytest.fixture(scope="module")
def shop_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The demo's project, quick, with its shop: shared by the tests of a module."""
    server = Server(project(tmp_path_factory.mktemp("shared") / "shop"), WITH_SHOP)
    yield server
    end(server)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts servers of a test's own over `project(...)`s."""
    started: list[Server] = []

    def start(directory: Path, module: str = WITH_SHOP, *options: str) -> Server:
        started.append(Server(directory, module, *options))
        return started[-1]

    yield start
    for server in started:
        end(server)


def end(server: Server) -> None:
    """Stop it; it went in good order, and the log and the state agree."""
    code = server.stop()
    logged = server.logged()
    replayed = command("replay", server.directory)
    assert code == 0, logged
    assert "Traceback" not in logged and "http_failed" not in logged and "batch refused" not in logged, logged
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
