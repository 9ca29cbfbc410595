"""The demo shop and the console in a real Chromium, under the content security policy they must live with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import watched
from tests.browser.stub import traffic
from tests.browser.stub.server import Stub
from tests.story.servers import eventually

QUEUE_EMPTY = "!Object.keys(localStorage).some(key => key.startsWith('journeyloop.queue'))"

pytestmark = pytest.mark.browser


@pytest.fixture
def stub() -> Iterator[Stub]:
    with Stub() as running:
        running.moments = traffic.moments
        yield running


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    yield from watched(context)


def note(**changes: Any) -> dict[str, Any]:
    plain = {"at": 1, "kind": "event", "person": "Ana P.", "moment": "", "text": "Page", "reason": ""}
    return {**plain, **changes}


# --- the shop -----------------------------------------------------------------------------------------------------


def walk_to_payment(page: Page, stub: Stub) -> None:
    page.goto(f"{stub.url}/demo/shop")
    page.get_by_test_id("accept-consent").click()
    page.get_by_test_id("add-espresso").click()
    page.get_by_test_id("to-cart").click()
    page.get_by_test_id("to-checkout").click()
    page.get_by_test_id("first-name").fill("Ada")
    page.get_by_test_id("email").fill("Ada@example.com")
    page.locator("form:visible").get_by_test_id("next-step").click()
    page.locator("form:visible").get_by_test_id("next-step").click()
    expect(page.get_by_test_id("pay")).to_be_visible()


def test_the_shop_speaks_of_the_whole_journey_in_order(page: Page, stub: Stub) -> None:
    walk_to_payment(page, stub)
    page.get_by_test_id("pay").click()
    page.wait_for_url("**/demo/shop/thanks")
    expect(page.get_by_role("heading", name="Thank you, Ada.")).to_be_visible()
    eventually(lambda: page.evaluate(QUEUE_EMPTY), bool)
    told = [event for event in stub.events if event["type"] == "track"]
    assert [event["event"] for event in told] == [
        "Product List Viewed",
        "Segment Consent Preference Updated",
        "Product Added",
        "Cart Viewed",
        "Checkout Started",
        "Checkout Step Viewed",
        "Checkout Step Completed",
        "Checkout Step Viewed",
        "Checkout Step Completed",
        "Checkout Step Viewed",
        "Payment Info Entered",
        "Order Completed",
    ]
    order, added = told[-1]["properties"], told[2]["properties"]
    assert (added["product_id"], added["price"], added["quantity"]) == ("espresso", 600, 1)
    assert (order["revenue"], order["currency"]) == (600, "USD")
    assert order["checkout_id"] == told[5]["properties"]["checkout_id"]
    assert [event["properties"]["step"] for event in told if event["event"] == "Checkout Step Viewed"] == [1, 2, 3]
    known = next(event for event in stub.events if event["type"] == "identify")
    assert known["traits"] == {"email": "Ada@example.com", "first_name": "Ada"}
    assert known["userId"] == told[-1]["userId"]
    assert "ada" not in known["userId"]


def test_a_refusal_keeps_the_shop_silent(page: Page, stub: Stub) -> None:
    page.goto(f"{stub.url}/demo/shop")
    page.get_by_test_id("refuse-consent").click()
    page.get_by_test_id("add-espresso").click()
    page.get_by_test_id("to-cart").click()
    expect(page.locator("#total")).to_have_text("$600.00")
    expect(page.get_by_test_id("accept-consent")).to_have_count(0)
    assert stub.requests == []
    page.get_by_role("button", name="Privacy choices").click()
    page.get_by_test_id("accept-consent").click()
    eventually(lambda: "/v1/batch" in stub.requests, bool)


def test_a_message_reaches_the_payment_step_and_does_not_reload_it(page: Page, stub: Stub) -> None:
    walk_to_payment(page, stub)
    page.get_by_test_id("card").fill("4242")
    stub.show("d1", button={"label": "Continue", "url": "/demo/shop/checkout"})
    page.get_by_role("link", name="Continue").click()
    expect(page.locator("journeyloop-message")).to_have_count(0)
    expect(page.get_by_test_id("card")).to_have_value("4242")


# --- the console --------------------------------------------------------------------------------------------------


def rows(page: Page) -> list[tuple[str, int]]:
    return page.evaluate("[...document.querySelectorAll('#feed li')].map(li => [li.dataset.kind, +li.dataset.count])")


def test_a_flood_is_grouped_and_nothing_is_uncounted(page: Page, stub: Stub) -> None:
    page.goto(stub.url)
    expect(page.locator("#status")).to_have_text("live")
    page.get_by_role("button", name="Pause").click()
    for number in range(60):
        stub.note(**note(text=f"Event {number % 3}"))
        stub.note(**note(kind="silence", text="no action", reason="cap: 1 per person", moment="stall"))
    expect(page.locator("#status")).to_have_text("paused · 120 waiting")
    assert rows(page) == []
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#feed li")).to_have_count(2)
    assert sorted(rows(page)) == [["event", 60], ["silence", 60]]
    expect(page.locator("#feed .more")).to_contain_text("+59 more events")


def test_keys_pause_and_filter(page: Page, stub: Stub) -> None:
    page.goto(stub.url)
    expect(page.locator("#status")).to_have_text("live")
    page.keyboard.press("d")
    stub.note(**note())
    stub.note(**note(kind="sent", text="reassure"))
    expect(page.locator("#feed li")).to_have_count(1)
    assert rows(page) == [["sent", 1]]
    page.keyboard.press(" ")
    expect(page.locator("#status")).to_contain_text("paused")
    expect(page.get_by_role("button", name="Pause")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press(" ")
    page.hover("#feed")
    expect(page.locator("#status")).to_contain_text("paused")


def test_everything_and_one_moment_are_stopped_by_keyboard_after_a_question(page: Page, stub: Stub) -> None:
    page.goto(stub.url)
    page.get_by_role("button", name="Stop all sends").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("Stop all sends")
    page.keyboard.press("Escape")
    assert stub.paused == []
    page.get_by_role("button", name="Stop moment checkout_stall").press("Enter")
    page.keyboard.type("wrong price")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert stub.paused == [{"scope": "moment:checkout_stall", "note": "wrong price"}]
    expect(page.locator("#pauses")).to_be_hidden()
    told = {**traffic.moments(), "pauses": [{"scope": "all", "at": 1, "by": "Ana", "note": "<b>why</b>"}]}
    stub.moments = lambda: told
    expect(page.locator("[data-paused=all]")).to_contain_text("all sends by Ana")
    expect(page.locator("[data-paused=all]")).to_contain_text("<b>why</b>")
    expect(page.get_by_role("button", name="Resume all sends")).to_be_visible()


def test_the_history_names_author_note_and_files(page: Page, stub: Stub) -> None:
    version = {"hash": "9f31c2e07a", "at": 1, "by": "Ana", "note": "less talk", "in_force": True}
    stub.versions = [{**version, "files": {"policy.yaml": "changed"}}]
    page.goto(stub.url)
    expect(page.locator("#history tbody tr")).to_contain_text("less talk")
    expect(page.locator("#history tbody tr")).to_contain_text("policy.yaml changed")


def test_the_feed_shows_text_only(page: Page, stub: Stub) -> None:
    page.goto(stub.url)
    stub.note(**note(text="<img src=x onerror=alert(1)>", person="<b>x</b>"))
    expect(page.locator("#feed .text")).to_have_text("<img src=x onerror=alert(1)>")
    assert page.locator("#feed img, #feed b").count() == 0


def test_figures_moments_and_problems_are_shown(page: Page, stub: Stub) -> None:
    page.goto(stub.url)
    expect(page.locator("[data-figure=Signals]")).to_have_text("189")
    expect(page.locator("[data-figure='Held out']")).to_have_text("18")
    expect(page.locator("#problems")).to_contain_text("moments/welcome_back.yaml:14")
    stall = page.locator("[data-moment=checkout_stall]")
    expect(stall).to_contain_text("What became of 180 signals")
    expect(stall.locator(".worth")).to_contain_text("not yet known So far too few. About 12 days more")
    stall.locator("summary").click()
    expect(stall.locator("li", has_text="invoice")).to_contain_text("Never true in 1,000 evaluations")
    counts = traffic.moments(beat=5)
    stub.moments = lambda: counts
    expect(stall).to_contain_text("What became of 195 signals")
    expect(stall.locator("details")).to_have_attribute("open", "")  # a poll does not close what was opened


def test_enough_people_get_an_interval(page: Page, stub: Stub) -> None:
    counts = traffic.moments()
    counts["moments"][0]["uplift"] = {"estimate": 0.1, "low": 0.02, "high": 0.18, "rows": 4200, "enough": True}
    stub.moments = lambda: counts
    page.goto(stub.url)
    expect(page.locator("[data-moment=checkout_stall] .worth")).to_contain_text(
        "+10.0 points against the held out, between +2.0 and +18.0"
    )


def test_a_verdict_a_moved_mode_and_unequal_arms_are_told(page: Page, stub: Stub) -> None:
    counts = traffic.moments()
    counts["moments"][0] |= {
        "finding": {"word": "harms: paused", "sentence": "Worse than doing nothing."},
        "mode": "full",
        "mode_now": "cautious",
        "ratio": {"treated": 500, "holdout": 200, "share": 0.9, "alarm": 31.2},
        "value": {"estimate": -0.5, "low": -0.9, "high": -0.1, "rows": 4200, "enough": True},
        "guards": {"Order Refunded": {"estimate": 0.01, "low": 0.002, "high": 0.018, "rows": 4200, "enough": True}},
        "versus": {"now": {"estimate": 0.02, "low": -0.01, "high": 0.05, "rows": 900, "enough": False}},
    }
    stub.moments = lambda: counts
    page.goto(stub.url)
    card = page.locator("[data-moment=checkout_stall]")
    expect(card.locator("[data-finding='harms: paused']")).to_be_visible()
    expect(card.locator(".mode")).to_have_text("cautious, written full")
    expect(card).to_contain_text("500 customers treated and 200 held out: not the share that was drawn.")
    expect(card.locator(".others li")).to_have_text([
        "Value per signal: −0.50, between −0.90 and −0.10.", "Order Refunded: +1.0, between +0.2 and +1.8 points.",
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("word", "tone"),
    [
        ("finds intent", "good"), ("chases static", "warn"), ("harms", "bad"), ("harms: paused", "bad"),
        ("not yet known", "pill"), ("cannot be known: no holdout", "pill"),
    ],
)  # fmt: skip
def test_a_verdict_has_the_colour_of_its_news(page: Page, stub: Stub, word: str, tone: str) -> None:
    counts = traffic.moments()
    counts["moments"][0]["finding"] = {"word": word, "sentence": "So it is."}
    stub.moments = lambda: counts
    page.goto(stub.url)
    pill = page.locator(f"[data-finding='{word}']")
    expect(pill).to_contain_class(tone)
    assert pill.evaluate("one => one.classList.length") == (1 if tone == "pill" else 2)


def test_the_theme_is_remembered(page: Page, stub: Stub) -> None:
    page.goto(stub.url)
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("#theme")
    after = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert before != after
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == after


def test_a_refusing_server_is_named(context: BrowserContext, stub: Stub) -> None:
    stub.status = 403
    page = context.new_page()
    page.goto(stub.url)
    expect(page.locator("#status")).to_have_text("open me on the server's own machine")
