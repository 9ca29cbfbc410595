"""The console over a real server: who comes into an audience is counted and told, and one click away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.story.conftest import end
from tests.story.persons import address, from_backend
from tests.story.projects import project
from tests.story.servers import SHIPPED, Server
from tests.story.visits import batch, event, identify, somebody, stall

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(project(tmp_path_factory.mktemp("console") / "shop"), SHIPPED)
    yield server
    end(server)


def test_from_a_line_in_the_feed_to_all_that_is_known(server: Server, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(server.url)
    expect(page.locator("#status")).to_have_text("live")
    browser, user, email = somebody(), somebody(), address()
    batch(server, *stall(anonymousId=browser), identify({"email": email}, anonymousId=browser))
    members = page.locator("#audiences [data-audience=big_carts] .value")
    expect(members).to_have_text("1")
    expect(page.locator("#sources tbody tr").first).to_contain_text("browser", timeout=15_000)
    from_backend(server, identify({"email": email, "first_name": "Ada"}, userId=user))

    entered = page.locator("#feed [data-kind=audience]", has_text="enters big carts")
    entered.get_by_role("link").click()
    expect(page.get_by_role("heading", name="Ada")).to_be_visible()
    expect(page.locator("[data-type=email]")).to_contain_text("vouched for")
    expect(page.locator(".merge")).to_contain_text("by email")
    expect(page.locator("#consent tbody tr")).to_contain_text("given")
    expect(page.locator("#cart .total")).to_contain_text("600")
    expect(page.locator("#membership")).to_contain_text("big carts")
    expect(page.locator("[data-trait=added_2m]")).to_contain_text("600")

    from_backend(server, event("Order Completed", {"order_id": "o1", "revenue": 600}, userId=user))
    expect(page.locator("#membership")).to_contain_text("In none now.")
    expect(page.locator(".entry").first).to_contain_text("Order Completed")
    page.get_by_role("searchbox").fill(user)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/customer?user_id={user}")
    page.get_by_role("link", name="Live").click()
    expect(members).to_have_text("0")


def test_a_person_is_shown_to_this_machine_only(server: Server) -> None:
    user = somebody()
    from_backend(server, event("Page", userId=user))
    asked = f"/console/profile?user_id={user}"
    assert server.http.get(asked).json()["computed"] == {"added_2m": 0.0}
    assert server.http.get(asked, headers={"host": "evil.example"}).status_code == 401
    assert server.get("/console/profile", user_id=user).status_code == 403
