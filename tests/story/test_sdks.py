"""The real SDKs and the real server: what they send is counted for the right person.

That every field arrives as it should is judged in tests/sdk, call by call.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext
from segment.analytics.client import Client

from tests.sdk.conftest import HERE, node, packages
from tests.sdk.test_browser import METHODS, PAGE, Files, shop
from tests.story.conftest import end
from tests.story.projects import project
from tests.story.servers import SHIPPED, Server, eventually
from tests.story.visits import somebody

__all__ = ["node", "packages", "shop"]  # fixtures
pytestmark = [pytest.mark.sdk, pytest.mark.slow]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(project(tmp_path_factory.mktemp("sdks") / "shop"), SHIPPED)
    yield server
    end(server)


def counts(server: Server, **who: str) -> dict[str, int]:
    answer = server.get("/v1/profile", **who)
    found: dict[str, int] = answer.json()["counts"] if answer.status_code == 200 else {}
    return found


@pytest.mark.parametrize("gzip", [False, True])
def test_python(server: Server, gzip: bool) -> None:
    user, browser = somebody(), somebody()
    errors: list[object] = []
    analytics = Client(
        server.keys.write, host=server.url, gzip=gzip, on_error=lambda error, items: errors.append(error)
    )
    analytics.track(anonymous_id=browser, event="Product Viewed", properties={"price": "19.90"})
    analytics.identify(user, {"firstName": "Åsa"}, anonymous_id=browser)
    for _ in range(3):
        analytics.track(user, "Product Added", {"product_id": "p1", "price": "19.90", "quantity": 1})
    analytics.page(user, "Docs", "Start")
    analytics.shutdown()
    assert errors == []
    expected = {"Product Viewed": 1, "Identify": 1, "Product Added": 3, "Page": 1}
    assert counts(server, user_id=user) == counts(server, anonymous_id=browser) == expected
    profile = server.get("/v1/profile", user_id=user).json()
    assert profile["traits"]["first_name"] == "Åsa" and profile["profile"]["cart_value"] == 59.7


def test_node(server: Server, node: str, packages: Path) -> None:
    words = [node, "node.mjs", server.url, server.keys.write]
    run = subprocess.run(words, cwd=HERE, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    expected = {"Identify": 1, "Order Completed": 1, "Page": 1, "Screen": 1, "Group": 1, "Alias": 1}
    assert counts(server, user_id="node-user") == counts(server, anonymous_id="node-browser") == expected
    profile = server.get("/v1/profile", user_id="node-user").json()
    assert profile["profile"]["revenue"] == 129.9 and profile["traits"]["tier"] == "gold"


@pytest.mark.browser
def test_browser(server: Server, shop: str, context: BrowserContext) -> None:
    """From a page of another origin, which asks the server for its settings first."""
    user = somebody()
    Files.page = (PAGE % {"methods": METHODS, "key": server.keys.write, "host": server.url, "options": "{}"}).encode()
    page = context.new_page()
    page.goto(f"{shop}/")
    page.wait_for_function("() => analytics.initialized")
    page.evaluate(
        """async (user) => {
          await analytics.page("Start");
          await analytics.track("Product Added", { product_id: "p1", price: "600", quantity: 1 });
          await analytics.identify(user, { firstName: "Ana" });
          await analytics.track("Checkout Started", { order_id: "o1" });
        }""",
        user,
    )
    me = page.evaluate("() => analytics.user().anonymousId()")
    expected = {"Page": 1, "Product Added": 1, "Identify": 1, "Checkout Started": 1}
    assert eventually(lambda: counts(server, user_id=user), lambda found: sum(found.values()) >= 4) == expected
    profile = server.get("/v1/profile", anonymous_id=me).json()
    assert profile["known"] and profile["profile"]["cart_value"] == 600 and profile["traits"]["first_name"] == "Ana"
