"""@rudderstack/analytics-js in a real Chromium, on a page of another origin, with only its hosts changed.

Each call is a request of its own, and the requests overtake one another; with `useBeacon` they leave as one beacon.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.sdk.conftest import Served
from tests.sdk.test_browser import Files, page, served

__all__ = ["page"]  # fixtures
pytestmark = [pytest.mark.sdk, pytest.mark.browser]

PAGE = """<!doctype html><title>Shop</title><link rel="icon" href="data:,"><script src="/index.js"></script><script>
const analytics = new rudderanalytics.RudderAnalytics();
analytics.load(%(key)r, %(host)r, { configUrl: %(host)r, ...%(options)s });
</script>"""
# To be removed with its cause.

both = pytest.mark.parametrize("beacon", [False, True], ids=["requests", "beacon"])


@pytest.fixture
def rudder_shop(packages: Path) -> Iterator[str]:
    """Serves the SDK's own bundle: the build that loads nothing of itself from elsewhere."""
    with served(packages / "@rudderstack" / "analytics-js" / "dist" / "npm" / "modern" / "bundled" / "umd") as address:
        yield address


def visit(page: Page, shop: str, host: str, key: str, beacon: bool = False) -> None:
    options = "{ useBeacon: true }" if beacon else "{}"
    Files.page = (PAGE % {"key": key, "host": host, "options": options}).encode()
    page.goto(f"{shop}/")
    page.wait_for_function("() => new Promise((resolve) => analytics.ready(() => resolve(true)))")


def leave(page: Page, beacon: bool) -> None:
    """The beacon is sent when the page ends; requests would be cut off by it."""
    if beacon:
        page.goto("about:blank")


@both
def test_a_known_visitor(server: Served, rudder_shop: str, page: Page, beacon: bool) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    visit(page, rudder_shop, server.host, server.write_key, beacon)
    anonymous_id: str = page.evaluate(
        """() => {
          analytics.identify("rudder-user", { email: "web@example.com" });
          analytics.page("Docs", "Start");
          analytics.track("Product Viewed", { product_id: "p1", price: "600", name: "Espresso ☕" });
          analytics.group("company-1", { plan: "team" });
          analytics.alias("rudder-user", "rudder-old");
          return analytics.getAnonymousId();
        }"""
    )
    leave(page, beacon)
    events = server.wait_for(5)
    found = {event.kind: event for event in events}
    assert sorted(found) == ["alias", "group", "identify", "page", "track"] and len(events) == 5
    assert {(event.user_id, event.anonymous_id) for event in events} == {("rudder-user", anonymous_id)}
    assert found["identify"].context["traits"] == {"email": "web@example.com"}
    assert (found["page"].properties["name"], found["page"].properties["category"]) == ("Start", "Docs")
    assert found["track"].properties == {"product_id": "p1", "price": 600, "name": "Espresso ☕"}
    assert found["group"].properties["group_id"] == "company-1" and found["group"].traits == {"plan": "team"}
    assert found["alias"].previous_id == "rudder-old"
    assert {event.source for event in events} == {"browser"}
    assert {event.context["library"]["name"] for event in events} == {"RudderLabs JavaScript SDK"}
    assert [url for url in asked if not url.startswith((rudder_shop, server.host, "data:"))] == []
    assert sum(url.startswith(f"{server.host}/v1/") for url in asked) == (0 if beacon else 5)


@both
def test_a_stranger_before_login_and_after_logout(server: Served, rudder_shop: str, page: Page, beacon: bool) -> None:
    visit(page, rudder_shop, server.host, server.write_key, beacon)
    before, after = page.evaluate(
        """() => {
          analytics.page("Start");
          analytics.track("Product Viewed");
          const before = analytics.getAnonymousId();
          analytics.identify("rudder-user");
          analytics.reset({ entries: { anonymousId: true } });
          analytics.track("Signed Out");
          return [before, analytics.getAnonymousId()];
        }"""
    )
    leave(page, beacon)
    found: dict[str, Any] = {event.name: (event.user_id, event.anonymous_id) for event in server.wait_for(4)}
    assert before != after and found == {
        "Page": (None, before),
        "Product Viewed": (None, before),
        "Identify": ("rudder-user", before),
        "Signed Out": (None, after),
    }


def test_a_wrong_key_sends_nothing(server: Served, rudder_shop: str, page: Page) -> None:
    Files.page = (PAGE % {"key": "nope", "host": server.host, "options": "{}"}).encode()
    with page.expect_response(lambda response: "/sourceConfig/" in response.url) as refused:
        page.goto(f"{rudder_shop}/")
    page.evaluate("() => analytics.track('Lost')")
    assert refused.value.status == 401 and server.events() == []
