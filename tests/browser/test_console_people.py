"""The console's panels and its customer screen in a real Chromium: what they say, by keys alone, and as text only."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import watched
from tests.browser.stub import traffic
from tests.browser.stub.server import Stub

pytestmark = pytest.mark.browser

PERSON = "ab" * 16
AUDIENCE = {"audience": "big_carts", "where": "profile.added_2m >= 500.0", "members": 1234, "push": False}
EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture
def stub() -> Iterator[Stub]:
    with Stub() as running:
        running.moments = traffic.moments
        yield running


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """That nobody goes by a name is an answer, not an error."""
    yield from watched(context, forgiven="404")


def note(**changes: Any) -> dict[str, Any]:
    plain = {"at": 1, "kind": "event", "person": "Ana P.", "id": PERSON, "moment": "", "text": "Page", "reason": ""}
    return {**plain, **changes}


@pytest.fixture
def ada(stub: Stub) -> dict[str, Any]:
    """Somebody the stub knows as u1, by her address and by her person id."""
    profile = traffic.profile(int(time.time() * 1000))
    for query in ("user_id=u1", "email=ada%40example.com", f"person={PERSON}"):
        stub.profiles[query] = profile
    return profile


# --- Live ---------------------------------------------------------------------------------------------------------


def test_audiences_are_counted_live_and_a_plan_without_has_no_panel(page: Page, stub: Stub) -> None:
    page.goto(stub.url)
    expect(page.locator("[data-figure=Signals]")).to_have_text("189")
    expect(page.locator("#audiences")).to_be_hidden()
    stub.audiences = [AUDIENCE]
    row = page.locator("[data-audience=big_carts]")
    expect(row.locator(".value")).to_have_text("1,234")
    expect(row).to_contain_text("profile.added_2m >= 500.0")
    stub.audiences = [{**AUDIENCE, "members": 7}]
    expect(row.locator(".value")).to_have_text("7")


def test_a_late_source_names_the_moment_it_cannot_serve(page: Page, stub: Stub) -> None:
    hour = 3_600_000
    stub.sources = [
        {"source": "browser", "events": 4000, "p50_ms": 12, "p95_ms": 1_400},
        {"source": "server: nightly", "events": 40, "p50_ms": 6 * hour, "p95_ms": 11 * hour},
    ]
    counts = traffic.moments()
    sentence = "cannot be on time: Order Completed from server: nightly takes 6h (p50)"
    counts["moments"][0]["late_sources"] = [{"source": "server: nightly", "sentence": sentence}]
    stub.moments = lambda: counts
    page.goto(stub.url)
    rows = page.locator("#sources tbody tr")
    expect(rows).to_have_count(2)
    prompt, late = rows.all()
    expect(prompt).to_have_text("browser4,00012 ms1.4 s")
    expect(late).to_contain_text("6 h")
    expect(late.locator(".warn")).to_have_text("checkout stall: cannot be on time")


def test_who_enters_and_leaves_is_shown_but_is_no_decision(page: Page, stub: Stub) -> None:
    page.goto(stub.url)
    expect(page.locator("#status")).to_have_text("live")
    stub.note(**note(kind="audience", text="enters big_carts"))
    row = page.locator("#feed [data-kind=audience]")
    expect(row).to_contain_text("enters big carts")
    page.keyboard.press("d")
    expect(row).to_be_hidden()
    stub.note(**note(kind="audience", text="leaves big_carts"))
    stub.note(**note(kind="sent", text="reassure"))
    expect(page.locator("#feed [data-kind=sent]")).to_be_visible()
    expect(page.locator("#feed li")).to_have_count(2)


def test_a_name_in_the_feed_leads_to_the_person(page: Page, stub: Stub, ada: dict[str, Any]) -> None:
    page.goto(stub.url)
    stub.note(**note(person="Nobody", id=""))
    expect(page.locator("#feed span.person")).to_have_text("Nobody")
    stub.note(**note())
    page.get_by_role("link", name="Ana P.").press("Enter")
    page.wait_for_url(f"**/customer?person={PERSON}")
    expect(page.get_by_role("heading", name="Ada Lovelace")).to_be_visible()


# --- a customer ---------------------------------------------------------------------------------------------------


def test_a_customer_is_found_by_keys_alone(page: Page, stub: Stub, ada: dict[str, Any]) -> None:
    """What was typed is tried as each kind of name; the address then holds the one that fitted."""
    page.goto(stub.url)
    expect(page.locator("#status")).to_have_text("live")
    page.keyboard.press("/")
    page.keyboard.type("u1")
    page.keyboard.press("Enter")
    page.wait_for_url("**/customer?user_id=u1")
    expect(page).to_have_title("Ada Lovelace · journeyloop")
    page.keyboard.press("/")
    page.get_by_role("searchbox").fill("ada@example.com")
    page.keyboard.press("Enter")
    page.wait_for_url("**/customer?email=ada%40example.com")
    page.get_by_role("searchbox").fill("somebody else")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nobody goes by this name.")).to_be_visible()
    expect(page.locator("#customer")).to_be_hidden()


def test_what_is_known_of_a_customer(page: Page, stub: Stub, ada: dict[str, Any]) -> None:
    page.goto(f"{stub.url}/customer?user_id=u1")
    expect(page.locator("[data-type=email]")).to_contain_text("not vouched for")
    expect(page.locator("[data-type=phone] .good")).to_have_text("vouched for")
    expect(page.locator("[data-type=user_id] .pill")).to_have_count(0)
    expect(page.locator(".merge")).to_contain_text("joined Visitor cdcd by email")
    expect(page.locator("#membership [data-audience=big_carts]")).to_contain_text("since")
    expect(page.locator("#consent tbody tr").first).to_have_text(re.compile(r"^marketinggivenbrowser\d\d:.+\d\d:"))
    expect(page.locator("#consent tbody tr").last).to_have_text(re.compile("^marketingemailrefusedpreference centre"))
    expect(page.locator("#cart")).to_contain_text("Beans × 248.00")
    expect(page.locator("#cart .total")).to_have_text("Total648.00")
    expect(page.locator("[data-trait=added_2m]")).to_have_text("added 2m600")
    expect(page.locator("[data-trait=tier]")).to_have_text("tiergold")


def test_the_timeline_tells_each_verdict_newest_first(page: Page, stub: Stub, ada: dict[str, Any]) -> None:
    page.goto(f"{stub.url}/customer?user_id=u1")
    expect(page.locator(".entry")).to_have_count(4)
    late, sent, silent, added = page.locator(".entry").all()
    expect(late).to_contain_text("came 2 h later")
    expect(sent).to_contain_text("checkout stall · treated · fixed · 73 % sure (dwell)")
    expect(sent.locator("tbody td")).to_have_text(["reassure", "onpage", "100 %", "chosen"])
    expect(sent).to_contain_text(re.compile(r"shown \d\d:"))
    expect(silent).to_contain_text("Stayed silent")
    expect(silent.locator("tbody td").last).to_have_text("cap: 1 per person in 1m")
    expect(added).to_contain_text("Beans · 24.00")


def test_the_customer_screen_shows_text_only_and_stays_fresh(page: Page, stub: Stub, ada: dict[str, Any]) -> None:
    ada["traits"]["first_name"] = ada["events"][0]["name"] = ada["cart"][0]["name"] = EVIL
    ada["identifiers"][0]["value"] = ada["consent"]["marketing"]["source"] = EVIL
    ada["decisions"][0]["candidates"][0]["verdict"] = EVIL
    page.goto(f"{stub.url}/customer?user_id=u1")
    expect(page.locator("#name")).to_have_text(f"{EVIL} Lovelace")
    assert page.locator("img").count() == 0
    ada["audiences"] = {}
    expect(page.locator("#membership")).to_contain_text("In none now.")
