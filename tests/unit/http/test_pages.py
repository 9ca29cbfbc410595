"""Files are served with a strict policy, and only those that are meant to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from journeyloop.adapters.http import pages
from journeyloop.adapters.http.context import HttpSettings
from tests.unit.http.asgi import WRITE, Answer, ask, site
from tests.unit.http.recording import RecordingDoor


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in (
        ("console/index.html", "<h1>console</h1>"),
        ("console/console.js", "1"),
        ("console/customer.html", "<h1>customer</h1>"),
        ("demo/shop.html", "<h1>shop</h1>"),
        ("demo/cart.html", "<h1>cart</h1>"),
        ("demo/shop.js", "2"),
        ("loop.js", "3"),
        ("secret.txt", "no"),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(pages, "CONSOLE", tmp_path / "console")
    monkeypatch.setattr(pages, "DEMO", tmp_path / "demo")
    monkeypatch.setattr(pages, "LOOP_JS", tmp_path / "loop.js")
    return tmp_path


def get(path: str, demo: bool = True) -> Answer:
    return ask(site(RecordingDoor(), HttpSettings(demo=demo)), "GET", path)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/", b"<h1>console</h1>"),
        ("/console.js", b"1"),
        ("/customer", b"<h1>customer</h1>"),
        ("/demo/shop", b"<h1>shop</h1>"),
        ("/demo/shop/cart", b"<h1>cart</h1>"),
        ("/demo/shop.js", b"2"),
    ],
)
def test_pages_with_a_strict_policy(folders: Path, path: str, text: bytes) -> None:
    answer = get(path)
    assert (answer.status, answer.body) == (200, text)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "*" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_loop_js_may_be_loaded_from_anywhere(folders: Path) -> None:
    answer = get("/loop.js", demo=False)
    assert (answer.body, answer.headers["access-control-allow-origin"]) == (b"3", "*")
    assert "max-age" in answer.headers["cache-control"] and "javascript" in answer.headers["content-type"]
    (folders / "loop.js").unlink()
    assert get("/loop.js").code == "not_found"


@pytest.mark.parametrize(
    ("path", "first"), [("/push.js", b"// What loop.js loads"), ("/push-worker.js", b"// The worker")]
)
def test_so_may_what_belongs_to_push(path: str, first: bytes) -> None:
    """Another origin imports the one as a module, which wants CORS, and its worker the other."""
    answer = get(path, demo=False)
    assert answer.body.startswith(first) and answer.headers["access-control-allow-origin"] == "*"
    assert "javascript" in answer.headers["content-type"]


def test_the_demo_knows_the_public_key_and_only_that(folders: Path) -> None:
    assert get("/demo/config.js").body == f'window.JOURNEYLOOP_KEY="{WRITE}";\n'.encode()


@pytest.mark.parametrize("path", ["/demo/shop", "/demo/shop.js", "/demo/config.js"])
def test_without_the_demo_there_is_none(folders: Path, path: str) -> None:
    assert get(path, demo=False).code == "not_found"


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/demo/../../secret.txt", "/demo/%2e%2e/secret.txt", "//etc/passwd", "/demo//etc/passwd"]
)
def test_nothing_outside_the_folders(folders: Path, path: str) -> None:
    assert get(path).code == "not_found"
