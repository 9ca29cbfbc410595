"""What messages say, over a real server: a letter by webhook with products, their prices of now, a code and links that
tell of the click; its preview; a test of it.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import BrowserContext

from tests.story.conftest import Serve, end
from tests.story.projects import project
from tests.story.servers import SHIPPED, WITH_SHOP, Server, command, eventually
from tests.story.shopper import Shopper

pytestmark = pytest.mark.slow

LETTER = """\
moment: letter
purpose: service
detect: {event: Asked For}
goal: {event: Order Completed, within: 1d}
expires: 1m
actions:
  - action: remind
    channel: letters
    coupon: pool:welcome
    content:
      title: "For {{ profile.first_name }}"
      text: "{% for one in products %}{{ one.name }} {{ one.price }}{% endfor %}, code {{ coupon }}"
      url: /demo/shop
"""
GERMAN = 'letter: {remind: {title: "Für {{ profile.first_name }}"}}\n'
POLICY = "purposes: {marketing: {consent: required}, service: {consent: not_required}}\n"


class Outside:
    """The shop's catalogue and whoever takes the letters, on one port. `prices` is what the catalogue says by now."""

    def __init__(self) -> None:
        self.letters: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.prices: dict[str, Any] | None = {"p1": {"price": 12.5}}
        outside = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outside.asked.append(parse_qs(urlsplit(self.path).query)["ids"][0])
                found = outside.prices
                self._answer(503 if found is None else 200, {"products": found})

            def do_POST(self) -> None:
                outside.letters.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self._answer(200, {})

            def _answer(self, status: int, content: Any) -> None:
                body = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def settings(outside: Outside, site: str) -> str:
    return (
        f'environment = "development"\n[channels.letters]\nkind = "webhook"\nurl = "{outside.url}/out"\n'
        f'secret = "T_LETTERS"\n[links]\nsite = "{site}"\n[catalogue]\nurl = "{outside.url}/prices"\n'
    )


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[Outside]:
    monkeypatch.setenv("T_LETTERS", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = Outside()
    yield made
    made.server.shutdown()


def shop(directory: Path, outside: Outside, site: str = "https://shop.example") -> Path:
    (directory / "content").mkdir(parents=True)
    files = {"moments/letter.yaml": LETTER, "policy.yaml": POLICY, "journeyloop.toml": settings(outside, site)}
    made = project(directory, files={})
    for name, text in files.items():
        (made / name).write_text(text)
    (made / "content/de.yaml").write_text(GERMAN)
    return made


def meet(server: Server, who: str, **context: str) -> None:
    traits = {"firstName": "<Ana>"}
    answer = server.post("/v1/identify", {"userId": who, "traits": traits, "context": context})
    assert answer.status_code == 200
    product = {"product_id": "p1", "name": "Mug", "price": 9.0, "url": "https://evil.example/"}
    server.track("Product Added", product, userId=who)


def codes(directory: Path, text: str) -> str:
    file = directory.parent / "codes.txt"
    file.write_text(text)
    done = command("import", directory, "--coupons", f"welcome={file}")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_letter_says_what_is_true_when_it_leaves(serve: Serve, tmp_path: Path, outside: Outside) -> None:
    directory = shop(tmp_path / "shop", outside)
    assert "2 codes added, 0 were there" in codes(directory, "A-1\nA-2\n"), "without a server"
    server = serve(directory, SHIPPED)
    assert "1 codes added, 2 were there, 3 are free" in codes(directory, "A-1\nA-2\nA-3\n"), "beside one"
    meet(server, "u1", locale="de-AT")
    server.track("Asked For", userId="u1")
    [letter] = eventually(lambda: list(outside.letters), lambda found: len(found) == 1)
    said = letter["data"]["content"]
    assert (said["title"], said["text"]) == ("Für <Ana>", "Mug 12.5, code A-1")
    id_ = letter["data"]["decision_id"]
    utm = "utm_source=journeyloop&utm_medium=letters&utm_campaign=letter&utm_content=remind"
    assert said["url"] == f"https://shop.example/demo/shop?{utm}&jl_id={id_}"
    assert outside.asked == ["p1"]
    pools = server.get("/v1/coupons").json()["pools"]
    assert pools == [{"pool": "welcome", "free": 2, "given": 1, "used": True}]
    assert 'journeyloop_coupons_free{pool="welcome"} 2.0' in server.get("/metrics").text


def test_what_is_sold_out_and_what_is_not_known_is_not_written_about(
    serve: Serve, tmp_path: Path, outside: Outside
) -> None:
    server = serve(shop(tmp_path / "shop", outside), SHIPPED)
    assert server.post("/v1/coupons/welcome", ["A-1"]).json()["added"] == 1
    meet(server, "u1")
    outside.prices = {"p1": {"price": 12.5, "available": False}}
    server.track("Asked For", userId="u1")
    ended = server.decision(lambda one: one["state"] == "suppressed", user_id="u1")
    assert ended["state_reason"] == "products: none available"
    assert outside.letters == []
    assert server.get("/v1/coupons").json()["pools"][0]["free"] == 1, "the code came back"


def test_bad_coupons_are_refused(serve: Serve, tmp_path: Path, outside: Outside) -> None:
    server = serve(shop(tmp_path / "shop", outside), SHIPPED)
    told = server.http.post(
        "/v1/coupons/welcome", content=b"A-1\n\nA 2\nA-1\n", headers={"authorization": f"Bearer {server.keys.server}"}
    ).json()
    assert told == {"added": 1, "duplicates": 1, "refused": 1, "free": 1}
    assert server.post("/v1/coupons/No%20Pool", ["A"]).status_code == 400
    assert server.post("/v1/coupons/welcome", [1]).status_code == 400
    assert server.post("/v1/coupons/welcome", ["A"], server.keys.write).status_code == 403
    refused = command("import", server.directory, "--coupons", "welcome")
    assert refused.returncode == 1 and "write POOL=FILE" in refused.stderr


def test_a_preview_with_a_real_profile(serve: Serve, tmp_path: Path, outside: Outside) -> None:
    server = serve(shop(tmp_path / "shop", outside), SHIPPED)
    meet(server, "u1", locale="de")
    wanted = {"moment": "letter", "action": "remind", "user_id": "u1"}
    assert server.get("/v1/preview", **wanted).status_code == 403, "the admin's"
    told = server.get("/v1/preview", server.keys.admin, **wanted).json()
    assert (told["language"], told["missing"], told["content"]["title"]) == ("de", [], "Für <Ana>")
    page = server.http.get(told["link"])
    assert page.status_code == 200 and "Für &lt;Ana&gt;" in page.text and "<Ana>" not in page.text
    assert page.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert server.http.get(told["link"][:-2]).status_code == 404
    server.track("Seen", userId="u2")
    poor = server.get("/v1/preview", server.keys.admin, **{**wanted, "user_id": "u2"}).json()
    assert poor["content"] is None and poor["missing"][0]["field"] == "title"
    assert server.get("/v1/preview", server.keys.admin, **{**wanted, "moment": "x"}).status_code == 404
    assert outside.letters == [] and server.decisions(user_id="u1") == []


def test_a_test_goes_by_the_channel_itself(serve: Serve, tmp_path: Path, outside: Outside) -> None:
    server = serve(shop(tmp_path / "shop", outside), SHIPPED)
    meet(server, "u1")
    sent = command("test-send", "letter/remind", server.directory, "--to", "u1")
    assert sent.returncode == 0, sent.stderr
    [letter] = outside.letters
    assert letter["data"]["test"] is True
    assert letter["data"]["content"]["title"] == "[Test] For <Ana>"
    assert "TEST-CODE" in letter["data"]["content"]["text"]
    assert server.decisions(user_id="u1") == []
    assert server.post("/v1/consent", {"user_id": "u1", "purposes": {"service": False}}).status_code == 200
    refused = command("test-send", "letter/remind", server.directory, "--to", "u1")
    assert refused.returncode == 1 and "consent" in refused.stderr, refused.stderr
    meet(server, "u2")
    server.post("/v1/pause", {"scope": "channel:letters"}, server.keys.admin)
    refused = command("test-send", "letter/remind", server.directory, "--to", "u2")
    assert refused.returncode == 1 and "paused" in refused.stderr, refused.stderr
    assert len(outside.letters) == 1


def test_a_click_is_told_by_the_page_that_is_landed_on(
    tmp_path: Path, outside: Outside, context: BrowserContext
) -> None:
    """The site is the server's own demo shop, whose address is known once it runs."""
    directory = shop(tmp_path / "shop", outside, "http://127.0.0.1")
    server = Server(directory, WITH_SHOP)
    try:
        assert server.post("/v1/coupons/welcome", ["A-1"]).json()["added"] == 1
        meet(server, "u1")
        server.track("Asked For", userId="u1")
        [letter] = eventually(lambda: list(outside.letters), lambda found: len(found) == 1)
        query = urlsplit(letter["data"]["content"]["url"]).query
        assert re.search(r"jl_id=[0-9a-f]{32}$", query)
        shopper = Shopper(context, server).accept()
        for _ in range(2):
            shopper.page.goto(f"{server.url}/demo/shop?{query}")
            eventually(lambda: shopper.page.url, lambda url: "jl_id" not in url)
        assert "utm_campaign=letter" in shopper.page.url
        row = eventually(lambda: server.moment("letter"), lambda one: one["clicked"] == 1)
        assert row["clicked"] == 1, "once"
    finally:
        end(server)
