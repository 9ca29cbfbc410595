"""A visitor of the demo shop in a real browser: what a person does there, in a person's words."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.story.servers import PATIENCE_S, Server

NAME = "Ana"


class Shopper:
    """One tab of a person like no other; `errors` are those the page raised."""

    def __init__(self, context: BrowserContext, server: Server) -> None:
        self.context, self.server = context, server
        self.email = f"{uuid4().hex}@example.com"
        self.page: Page = context.new_page()
        self.page.set_default_timeout(PATIENCE_S * 1000)
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, path: str = "/demo/shop") -> Shopper:
        self.page.goto(self.server.url + path)
        return self

    def click(self, *names: str) -> Shopper:
        for name in names:
            self.page.get_by_test_id(name).locator("visible=true").click()
        return self

    def accept(self) -> Shopper:
        return self.open().click("accept-consent")

    def checkout(self) -> Shopper:
        """With the 600-dollar machine in the cart, up to the first step."""
        return self.click("add-espresso", "to-cart", "to-checkout")

    def pay_next(self) -> Shopper:
        """Through contact and shipping to payment: there the clock starts."""
        self.page.get_by_test_id("first-name").fill(NAME)
        self.page.get_by_test_id("email").fill(self.email)
        self.click("next-step", "next-step")
        expect(self.page.get_by_test_id("pay")).to_be_visible()
        return self

    def stall(self) -> Shopper:
        """The whole way, until payment is asked for."""
        return self.accept().checkout().pay_next()

    def stall_again(self) -> Shopper:
        """Back to shipping, and on to payment once more."""
        self.page.locator("[data-back='2']").click()
        return self.click("next-step")

    @property
    def message(self) -> Locator:
        return self.page.locator("journeyloop-message section")

    def sees_message(self) -> Shopper:
        expect(self.message).to_be_visible(timeout=PATIENCE_S * 1000)
        return self

    def sees_nothing(self) -> Shopper:
        expect(self.message).to_have_count(0)
        return self

    @property
    def stored(self) -> dict[str, Any]:
        """What this browser keeps for the shop's origin."""
        found: dict[str, Any] = self.page.evaluate("() => ({...localStorage})")
        return found

    @property
    def me(self) -> dict[str, str]:
        """The query that names this visitor to the API, once the server has given them an id."""
        given = self.page.wait_for_function("() => JSON.parse(localStorage.journeyloop || '{}').id")
        return {"anonymous_id": given.json_value()}
