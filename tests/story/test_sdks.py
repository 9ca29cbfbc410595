"""The real SDKs and the real server: what they send is counted for the right person.

That every field arrives as it should is judged in tests/sdk, call by call.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Route
from segment.analytics.client import Client

from tests.sdk.conftest import HERE, node, packages
from tests.sdk.test_browser import METHODS, PAGE, Files, shop
from tests.sdk.test_rudderstack_browser import both, leave, rudder_shop, visit
from tests.story.conftest import end
from tests.story.projects import project
from tests.story.servers import SHIPPED, Server, eventually
from tests.story.visits import somebody

__all__ = ["node", "packages", "rudder_shop", "shop"]  # fixtures
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


@pytest.mark.parametrize("form", ["gzip", "plain"])
def test_rudderstack_node(server: Server, node: str, packages: Path, form: str) -> None:
    words = [node, "rudderstack.mjs", server.url, server.keys.write, form]
    run = subprocess.run(words, cwd=HERE, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    user, browser = f"rudder-{form}", f"rudder-browser-{form}"
    expected = {"Identify": 1, "Order Completed": 1, "Page": 1, "Screen": 1, "Group": 1, "Alias": 1}
    assert counts(server, user_id=user) == counts(server, anonymous_id=browser) == expected
    assert counts(server, anonymous_id=f"stranger-{form}") == {"Signed Out": 1}
    profile = server.get("/v1/profile", user_id=user).json()
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


@pytest.mark.browser
def test_rudderstack_browser_whose_alias_overtakes_its_identify(
    server: Server, rudder_shop: str, context: BrowserContext
) -> None:
    """Three ids of one person, and the call that says so comes last."""
    user, before, held = somebody(), somebody(), list[Route]()
    page = context.new_page()
    page.route("**/v1/identify", lambda route: held.append(route))
    visit(page, rudder_shop, server.url, server.keys.write)
    me = page.evaluate(
        """([user, before]) => {
          analytics.identify(user, { firstName: "Ana" });
          analytics.track("Product Added", { product_id: "p1", price: "600", quantity: 1 });
          analytics.alias(user, before);
          return analytics.getAnonymousId();
        }""",
        [user, before],
    )
    overtaken = {"Product Added": 1, "Alias": 1}
    assert eventually(lambda: counts(server, anonymous_id=before), lambda found: sum(found.values()) >= 2) == overtaken
    page.wait_for_function("() => true")  # so that Playwright hands over the request it holds
    held.pop().continue_()
    expected = {**overtaken, "Identify": 1}
    assert eventually(lambda: counts(server, user_id=user), lambda found: sum(found.values()) >= 3) == expected
    assert counts(server, anonymous_id=me) == counts(server, anonymous_id=before) == expected
    profile = server.get("/v1/profile", user_id=user).json()
    assert profile["known"] and profile["profile"]["cart_value"] == 600 and profile["traits"]["first_name"] == "Ana"


@pytest.mark.browser
@both
def test_rudderstack_browser(server: Server, rudder_shop: str, context: BrowserContext, beacon: bool) -> None:
    """A visit, a login, and after the logout somebody else at the same browser."""
    user = somebody()
    page = context.new_page()
    visit(page, rudder_shop, server.url, server.keys.write, beacon)
    me, other = page.evaluate(
        """(user) => {
          analytics.page("Start");
          analytics.track("Product Added", { product_id: "p1", price: "600", quantity: 1 });
          const me = analytics.getAnonymousId();
          analytics.identify(user, { firstName: "Ana" });
          analytics.reset({ entries: { anonymousId: true } });
          analytics.track("Signed Out");
          return [me, analytics.getAnonymousId()];
        }""",
        user,
    )
    leave(page, beacon)
    expected = {"Page": 1, "Product Added": 1, "Identify": 1}
    assert eventually(lambda: counts(server, user_id=user), lambda found: sum(found.values()) >= 3) == expected
    assert counts(server, anonymous_id=me) == expected
    assert eventually(lambda: counts(server, anonymous_id=other), bool) == {"Signed Out": 1}
