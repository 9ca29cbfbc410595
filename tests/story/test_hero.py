"""The shop's front page follows what the visitor just did: real shop, real loop.js, real Chromium, real server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Route, expect

from tests.story.conftest import Serve
from tests.story.projects import project, replace
from tests.story.servers import Server, eventually
from tests.story.shopper import Shopper

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DEFAULT = "Things for good coffee."
ALL_TOLD = "!Object.keys(localStorage).some(key => key.startsWith('journeyloop.queue'))"
NOBODY, EVERYBODY = "holdout: 0%", "holdout: 100%"


def hero_server(serve: Serve, path: Path, holdout: str = NOBODY) -> Server:
    directory = project(path / "shop")
    replace(directory / "moments/home_hero.yaml", {"holdout: 10%": holdout})
    return serve(directory)


def title(shopper: Shopper) -> Locator:
    return shopper.page.get_by_test_id("hero").get_by_role("heading")


def look_at(shopper: Shopper, product: str) -> None:
    """Open a product's page and come back, once the server has heard of it."""
    shopper.click(f"view-{product}")
    shopper.click("back")
    server, me = shopper.server, shopper.me
    eventually(
        lambda: server.get("/v1/profile", **me).json().get("profile", {}).get("last_product"), lambda it: it == product
    )


def comes_back(shopper: Shopper, wanted: str) -> None:
    """To the front page, as often as it takes: an answer may be late on a busy machine, and the page is as it is."""

    def head() -> str | None:
        shopper.open().page.wait_for_timeout(300)
        return title(shopper).text_content()

    eventually(head, lambda it: it == wanted)


def exposed(server: Server) -> dict[str, int]:
    found: dict[str, int] = server.moment("home_hero")["exposed"]
    return found


def test_the_front_page_follows_the_visitor(context: BrowserContext, serve: Serve, tmp_path: Path) -> None:
    server = hero_server(serve, tmp_path)
    shopper = Shopper(context, server).accept()
    expect(title(shopper)).to_have_text(DEFAULT)
    look_at(shopper, "espresso")
    comes_back(shopper, "Duetto espresso machine")
    look_at(shopper, "kettle")
    shopper.open("/demo/shop/cart")
    comes_back(shopper, "Cigno pouring kettle")
    expect(shopper.page.get_by_test_id("hero")).to_contain_text("You were looking at")
    assert eventually(lambda: exposed(server), lambda found: found["treated"] >= 2)["holdout"] == 0
    shopper.click("look-again")
    expect(shopper.page.get_by_role("dialog")).to_contain_text("Cigno pouring kettle")
    made = server.decision(lambda one: one["clicked"], **shopper.me)
    assert made["action"] == {"moment": "home_hero", "action": "just_viewed"}
    assert shopper.errors == []


def test_who_is_held_out_sees_the_page_as_it_is_and_counts(
    context: BrowserContext, serve: Serve, tmp_path: Path
) -> None:
    server = hero_server(serve, tmp_path, EVERYBODY)
    shopper = Shopper(context, server).accept()
    look_at(shopper, "espresso")
    before = exposed(server)["holdout"]
    eventually(lambda: shopper.open() and exposed(server), lambda found: found["holdout"] > before)
    expect(title(shopper)).to_have_text(DEFAULT)
    made = server.decision(**shopper.me)
    assert (made["action"], made["reason"]) == (None, "held out: holdout")
    assert exposed(server)["treated"] == 0 and shopper.errors == []


def settled(server: Server, shopper: Shopper) -> dict[str, int]:
    """Who has been exposed, once nothing more is on its way: a first id may take its second."""
    before: dict[str, int] = {}
    while before != (now := exposed(server)):
        before = now
        shopper.page.wait_for_timeout(1_500)
    return before


@pytest.mark.parametrize("trouble", ["down", "slow", "silent", "loop.js blocked"])
def test_without_an_answer_in_time_the_page_is_as_it_is(
    context: BrowserContext, serve: Serve, tmp_path: Path, trouble: str
) -> None:
    server = hero_server(serve, tmp_path)
    shopper = Shopper(context, server).accept()
    look_at(shopper, "espresso")
    path = "**/loop.js" if trouble == "loop.js blocked" else "**/v1/ask"
    shopper.page.wait_for_timeout(500)  # the place asked when the product was closed …
    shopper.page.wait_for_function(ALL_TOLD)  # … and says so
    before, held = settled(server, shopper), list[Route]()
    decided = len(server.decisions(**shopper.me))
    context.route(path, lambda route: held.append(route) if trouble in ("slow", "silent") else route.abort())
    shopper.open()
    shopper.page.wait_for_timeout(400)
    if trouble == "slow":
        held[-1].continue_()
        eventually(lambda: server.decisions(**shopper.me), lambda made: len(made) > decided)
    expect(title(shopper)).to_have_text(DEFAULT)
    shopper.page.wait_for_timeout(200)
    assert exposed(server) == before and shopper.errors == [], "nobody saw it"


def test_without_consent_nothing_is_asked(context: BrowserContext, serve: Serve, tmp_path: Path) -> None:
    server = hero_server(serve, tmp_path)
    sent: list[str] = []
    shopper = Shopper(context, server)
    shopper.page.on("request", lambda request: sent.append(request.url))
    shopper.open().click("refuse-consent", "view-espresso", "back").open()
    expect(title(shopper)).to_have_text(DEFAULT)
    assert [url for url in sent if "/v1/" in url] == []


def test_who_says_who_they_are_needs_the_shops_word(context: BrowserContext, serve: Serve, tmp_path: Path) -> None:
    """A page can name anybody: after a login only a token of the shop's own server is believed."""
    server = hero_server(serve, tmp_path)
    shopper = Shopper(context, server).accept()
    look_at(shopper, "espresso")
    comes_back(shopper, "Duetto espresso machine")
    shopper.page.evaluate("journeyloop.identify('customer-1')")
    me: Any = shopper.me
    eventually(lambda: server.get("/v1/profile", **me).json()["known"], bool)
    made = server.decisions(**me)
    shopper.open()
    shopper.page.wait_for_timeout(400)
    expect(title(shopper)).to_have_text(DEFAULT)
    assert server.decisions(**me) == made
