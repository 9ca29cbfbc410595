"""@segment/analytics-next in a real Chromium, on a page of another origin, with only its hosts changed."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.sdk.conftest import PATIENCE_S, Served

pytestmark = [pytest.mark.sdk, pytest.mark.browser]

METHODS = ["track", "page", "identify", "group", "alias", "reset", "ready", "on", "user", "setAnonymousId"]

# What a shop's page holds: a queue that remembers calls until the script is there.
PAGE = """<!doctype html><title>Shop</title><script>
window.analytics = [];
for (const method of %(methods)s)
  analytics[method] = (...args) => (analytics.push([method, ...args]), analytics);
analytics._writeKey = %(key)r;
analytics._cdn = %(host)r;
analytics._loadOptions = %(options)s;
</script><script src="/standalone.js"></script>"""


class Files(http.server.SimpleHTTPRequestHandler):
    """The page at `/`, the SDK's files elsewhere. (A page made up by Playwright may not call this machine.)"""

    page = b""

    def do_GET(self) -> None:
        if self.path != "/":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(Files.page)

    def log_message(self, *_: object) -> None: ...


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder's files and the page, from another origin than the server's."""
    serving = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files, directory=folder))
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{serving.server_port}"
    serving.shutdown()
    serving.server_close()


@pytest.fixture
def shop(packages: Path) -> Iterator[str]:
    """Serves the SDK's own bundle."""
    with served(packages / "@segment" / "analytics-next" / "dist" / "umd") as address:
        yield address


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    found = context.new_page()
    found.set_default_timeout(PATIENCE_S * 1000)
    yield found
    context.close()


def visit(page: Page, shop: str, server: Served, options: str = "{}") -> None:
    text = PAGE % {"methods": METHODS, "key": server.write_key, "host": server.host, "options": options}
    Files.page = text.encode()
    page.goto(f"{shop}/")
    page.wait_for_function("() => analytics.initialized")


def test_every_call_arrives(server: Served, shop: str, page: Page) -> None:
    visit(page, shop, server)
    page.evaluate(
        """async () => {
          await analytics.page("Start");
          await analytics.track("Product Viewed", { product_id: "p1", price: "600", name: "Espresso ☕" });
          await analytics.identify("web-user", { email: "web@example.com" });
          await analytics.group("company-1", { plan: "team" });
          await analytics.alias("web-user", "web-old");
        }"""
    )
    anonymous_id = page.evaluate("() => analytics.user().anonymousId()")
    events = server.wait_for(5)
    found = {event.kind: event for event in events}
    assert sorted(found) == ["alias", "group", "identify", "page", "track"]
    assert (found["page"].properties["name"], found["page"].properties["title"]) == ("Start", "Shop")
    assert found["track"].properties == {"product_id": "p1", "price": 600, "name": "Espresso ☕"}
    assert (found["track"].user_id, found["track"].anonymous_id) == (None, anonymous_id)
    assert (found["identify"].user_id, found["identify"].anonymous_id) == ("web-user", anonymous_id)
    assert found["identify"].traits["email"] == "web@example.com"
    assert found["group"].properties["group_id"] == "company-1"
    assert (found["alias"].user_id, found["alias"].previous_id) == ("web-user", "web-old")
    assert {event.source for event in events} == {"browser"}
    assert {event.context["library"]["name"] for event in events} == {"analytics.js"}


def test_batches_too(server: Served, shop: str, page: Page) -> None:
    strategy = "{strategy: 'batching', config: {size: 3, timeout: 200}}"
    batching = "{integrations: {'Segment.io': {deliveryStrategy: %s}}}" % strategy  # noqa: UP031
    visit(page, shop, server, batching)
    page.evaluate("() => { for (let n = 0; n < 3; n++) analytics.track('Clicked', { n }) }")
    events = server.wait_for(3)
    assert sorted(event.properties["n"] for event in events) == [0, 1, 2]
