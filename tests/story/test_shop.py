"""The story: a customer reaches payment with something dear in the cart, and stops. Told in a real Chromium, by the
real shop and loop.js, to the real server."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.story.servers import Server, eventually
from tests.story.shopper import NAME, Shopper

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def shopper(context: BrowserContext, shop_server: Server) -> Shopper:
    return Shopper(context, shop_server)


def test_a_stalled_checkout_is_noticed_and_the_click_counts(shopper: Shopper, shop_server: Server) -> None:
    before = shop_server.moment()
    shopper.stall()
    me = shopper.me
    shopper.sees_nothing()
    assert shop_server.why("armed", **me)["timer"][0]["in_ms"] <= 4_000
    shopper.sees_message()
    expect(shopper.message).to_contain_text("Your cart is saved")
    expect(shopper.message).to_contain_text("payment, there?")  # nobody vouched for this browser: no profile fields
    shown = shop_server.decision(lambda one: one["shown"], **me)
    assert shown["at"] <= shown["shown"] < shown["expires"]
    shopper.message.get_by_role("link", name="Continue").click()
    shopper.sees_nothing()
    made = shop_server.decision(lambda one: one["clicked"], **me)
    assert (made["state"], made["action"]) == ("sent", {"moment": "checkout_stall", "action": "reassure"})
    assert made["candidates"][0]["verdict"] == "eligible" and made["candidates"][0]["propensity"] == 1.0
    assert made["dismissed"] == 0 and len(shop_server.decisions(**me)) == 1
    after = shop_server.moment()
    grown = {name: after[name] - before[name] for name in ("signals", "decided", "sent", "shown", "clicked")}
    assert grown == {"signals": 1, "decided": 1, "sent": 1, "shown": 1, "clicked": 1}
    profile = shop_server.get("/v1/profile", **me).json()
    assert profile["known"] and profile["traits"]["first_name"] == NAME and profile["profile"]["cart_value"] == 600
    assert shopper.errors == []


def test_a_message_is_shown_once(shopper: Shopper, shop_server: Server) -> None:
    shopper.stall().sees_message()
    first = shop_server.decision(lambda one: one["shown"], **shopper.me)
    shopper.page.reload()
    shopper.page.wait_for_timeout(1_000)  # the server offers again what is on its way; this was shown
    shopper.sees_nothing()
    assert shop_server.decisions(**shopper.me)[0]["shown"] == first["shown"]


def test_a_purchase_in_time_shows_nothing(shopper: Shopper, shop_server: Server) -> None:
    before = shop_server.moment()
    shopper.stall()
    me = shopper.me
    shopper.click("pay")
    expect(shopper.page.locator("#thanks")).to_have_text(f"Thank you, {NAME}.")
    told = shop_server.why("cancelled", **me)
    assert told["reason"] == "Order Completed" and told["timer"] == [] and not told["fired"]
    shopper.page.wait_for_timeout(4_500)
    shopper.sees_nothing()
    assert shop_server.decisions(**me) == []
    assert shop_server.moment()["cancelled"] == before["cancelled"] + 1
    assert shop_server.moment()["signals"] == before["signals"]


def test_a_purchase_takes_the_message_back(context: BrowserContext, shopper: Shopper, shop_server: Server) -> None:
    """The customer pays in another tab: the one that shows the message loses it."""
    before = shop_server.moment()
    shopper.stall()
    me = shopper.me
    other = Shopper(context, shop_server).open("/demo/shop/checkout")
    tabs = [shopper, other]
    eventually(lambda: [tab.message.count() for tab in tabs], lambda counts: sum(counts) == 1)
    showing, paying = sorted(tabs, key=lambda tab: -tab.message.count())
    paying.click("pay")
    showing.sees_nothing()
    made = shop_server.decision(lambda one: one["recalled"], **me)
    assert made["recalled"] == "goal: Order Completed" and made["shown"] and not made["clicked"]
    after = shop_server.moment()
    assert (after["recalled"], after["goals"]["treated"]) == (before["recalled"] + 1, before["goals"]["treated"] + 1)


def test_two_tabs_show_one_message(context: BrowserContext, shopper: Shopper, shop_server: Server) -> None:
    shopper.stall()
    other = Shopper(context, shop_server).open("/demo/shop/checkout")
    tabs = [shopper, other]
    eventually(lambda: [tab.message.count() for tab in tabs], lambda counts: sum(counts) > 0)
    shopper.page.wait_for_timeout(1_000)
    assert sum(tab.message.count() for tab in tabs) == 1
    made = shop_server.decision(lambda one: one["shown"], **shopper.me)
    assert made["state"] == "sent" and len(shop_server.decisions(**shopper.me)) == 1


def test_a_page_change_does_not_lose_it(shopper: Shopper, shop_server: Server) -> None:
    """Away to the cart while the clock runs, and back only after it was due."""
    shopper.stall()
    me = shopper.me
    shopper.click("to-cart")
    shop_server.why("armed", lambda told: told["reason"] == "other_page", **me)
    shopper.open("/demo/shop/checkout").sees_message()
    assert shop_server.decision(lambda one: one["shown"], **me)["state"] == "sent"


def test_a_closed_tab_is_left_alone(context: BrowserContext, shopper: Shopper, shop_server: Server) -> None:
    before = shop_server.moment()["gated"].get("tab_closed", 0)
    shopper.stall()
    me = shopper.me
    shopper.page.close()
    told = shop_server.why("gated", **me)
    assert told["reason"] == "tab_closed" and told["presence"] == "no tab is open"
    assert shop_server.decisions(**me) == []
    assert shop_server.moment()["gated"]["tab_closed"] > before  # visitors of other tests may have left meanwhile


def test_without_consent_nothing_is_stored_and_nothing_sent(shopper: Shopper, shop_server: Server) -> None:
    sent: list[str] = []
    shopper.page.on("request", lambda request: sent.append(request.url))
    shopper.open().click("refuse-consent").checkout().pay_next()
    shopper.page.wait_for_timeout(5_000)
    shopper.sees_nothing()
    assert [url for url in sent if "/v1/" in url] == []
    assert not [name for name in shopper.stored if name.startswith("journeyloop")]
    assert shopper.context.cookies() == []


def test_an_opt_out_meanwhile_silences(shopper: Shopper, shop_server: Server) -> None:
    """Stated to the shop's backend, while the page still waits."""
    before = shop_server.moment()["silent"].get("consent: marketing refused", 0)
    shopper.stall()
    me = shopper.me
    shop_server.why("armed", **me)
    user = next(one for one in shop_server.get("/v1/profile", **me).json()["identifiers"] if one["type"] == "user_id")
    answer = shop_server.post("/v1/consent", {"user_id": user["value"], "purposes": {"marketing": False}})
    assert answer.status_code == 200
    made = shop_server.decision(**me)
    assert (made["state"], made["action"], made["reason"]) == ("silent", None, "consent: marketing refused")
    shopper.page.wait_for_timeout(500)
    shopper.sees_nothing()
    assert shop_server.moment()["silent"]["consent: marketing refused"] == before + 1


def test_an_opt_out_on_the_page_ends_everything(shopper: Shopper, shop_server: Server) -> None:
    shopper.stall()
    me = shopper.me
    shop_server.why("armed", **me)
    shopper.page.locator("#privacy").click()
    shopper.click("refuse-consent")
    told = shop_server.why("gated", **me)
    assert told["reason"] == "tab_closed" and told["policy"] == "consent: marketing refused"
    shopper.sees_nothing()
    assert not [name for name in shopper.stored if name.startswith("journeyloop")]


def test_an_opt_out_takes_the_message_back(shopper: Shopper, shop_server: Server) -> None:
    shopper.stall().sees_message()
    me = shopper.me
    shop_server.decision(lambda one: one["shown"], **me)
    shop_server.post("/v1/consent", {**me, "purposes": {"marketing": False}})
    shopper.sees_nothing()
    assert shop_server.decision(**me)["recalled"] == "consent: withdrawn"


def test_what_was_dismissed_rests(shopper: Shopper, shop_server: Server) -> None:
    before = shop_server.moment()["dismissed"]
    shopper.stall().sees_message()
    me = shopper.me
    shopper.page.wait_for_timeout(200)  # to read it: what is answered quicker is a machine's
    shopper.page.keyboard.press("Escape")
    shopper.sees_nothing()
    shop_server.decision(lambda one: one["dismissed"], **me)
    assert shop_server.moment()["dismissed"] == before + 1
    shopper.stall_again()
    made = eventually(lambda: shop_server.decisions(**me), lambda all_: len(all_) == 2)[0]
    assert (made["state"], made["reason"]) == ("silent", "resting: cart")
    shopper.page.wait_for_timeout(500)
    shopper.sees_nothing()


def test_the_console_tells_it(context: BrowserContext, shopper: Shopper, shop_server: Server) -> None:
    console = context.new_page()
    console.goto(shop_server.url)
    shopper.page.bring_to_front()
    shopper.stall().sees_message()
    shop_server.decision(lambda one: one["shown"], **shopper.me)
    console.bring_to_front()
    row = console.locator("#feed [data-kind=decision]").filter(has_text="reassure")
    expect(row.first).to_be_visible(timeout=15_000)
    expect(row.first).to_contain_text(NAME)
    sent = shop_server.moment()["sent"]
    expect(console.locator("[data-figure=Sent]")).to_have_text(str(sent), timeout=15_000)
    card = console.locator("[data-moment=checkout_stall]")
    expect(card).to_contain_text("Stalled at payment with the tab open")
    expect(card.locator(".reached")).to_have_text(re.compile(rf"^{shop_server.moment()['shown']} shown"))
