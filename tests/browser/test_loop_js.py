"""loop.js in a real Chromium against a stand-in server: the promises it makes to a page and its visitor."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.stub.server import ADAPTERS, KEY, Stub, eventually

CHANNELS = ADAPTERS / "channels"
GRANTED = f'<script src="/loop.js" data-write-key="{KEY}" data-consent="granted"></script>'
ASKING = f'<script src="/loop.js" data-write-key="{KEY}"></script>'
FAKE = '<script>window.analytics = {user: () => ({anonymousId: () => "from-analytics-js"})}</script>'
LATE = """<script>window.analytics = {ready: (go) => setTimeout(() => {
  analytics.user = () => ({anonymousId: () => "late"});
  go();
}, 300)}</script>"""
PAGES = {
    "one": f"<title>One</title><h1>One</h1><input id=field>{GRANTED}",
    "two": f"<title>Two</title><h1>Two</h1>{GRANTED}",
    "asking": f"<h1>Asking</h1>{ASKING}",
    "beside": f"<h1>Beside</h1>{FAKE}{GRANTED}",
    "late": f"<h1>Late</h1>{LATE}{GRANTED}",
}
MESSAGE = "journeyloop-message"

pytestmark = pytest.mark.browser


@pytest.fixture
def stub() -> Iterator[Stub]:
    with Stub(PAGES) as running:
        yield running


def open_page(context: BrowserContext, stub: Stub, name: str, streams: int = 1) -> Page:
    page = context.new_page()
    page.goto(f"{stub.url}/pages/{name}")
    eventually(lambda: len(stub.streams) == streams)
    return page


def hide(page: Page, hidden: bool = True) -> None:
    """Pretend the tab went to the background: headless Chromium keeps every tab visible."""
    state = "hidden" if hidden else "visible"
    page.evaluate(
        "state => { Object.defineProperty(document, 'visibilityState', {value: state, configurable: true});"
        " document.dispatchEvent(new Event('visibilitychange')) }",
        state,
    )


def shown(*pages: Page) -> int:
    return sum(page.locator(MESSAGE).count() for page in pages)


def test_it_is_small_and_made_from_its_source() -> None:
    served = (CHANNELS / "loop.js").read_bytes()
    assert len(served) <= 9 * 1024
    here = Path(__file__).parent
    if not (shutil.which("npm") and (here / "node_modules").is_dir()):
        (pytest.fail if os.environ.get("CI") else pytest.skip)("run `npm ci --ignore-scripts` in tests/browser")
    made = subprocess.run(["npm", "run", "--silent", "minify"], cwd=here, capture_output=True, check=True)
    assert made.stdout == served, "run `npm run build` in tests/browser"


def test_before_consent_nothing_is_stored_or_sent(context: BrowserContext, stub: Stub) -> None:
    page = open_page(context, stub, "asking", streams=0)
    page.evaluate("journeyloop.page(); journeyloop.track('Product Viewed', {price: 600})")
    page.wait_for_timeout(500)
    assert stub.requests == []
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    assert page.evaluate("navigator.locks.query().then(({held, pending}) => held.length + pending.length)") == 0


def test_consent_sends_what_waited_in_order(context: BrowserContext, stub: Stub) -> None:
    page = open_page(context, stub, "asking", streams=0)
    page.evaluate("journeyloop.track('Product Viewed'); journeyloop.identify('u1', {email: 'a@example.com'})")
    page.evaluate("journeyloop.consent({marketing: true, ads: false})")
    eventually(lambda: len(stub.events) == 3)
    assert [event.get("event", event["type"]) for event in stub.events] == [
        "Product Viewed",
        "identify",
        "Segment Consent Preference Updated",
    ]
    assert len({event["anonymousId"] for event in stub.events}) == 1
    assert all(event["context"]["consent"]["categoryPreferences"]["marketing"] for event in stub.events)
    assert stub.events[2]["userId"] == "u1"
    assert stub.batches[0]["writeKey"] == KEY
    assert stub.events[0]["context"]["page"]["path"] == "/pages/asking"
    page.goto(f"{stub.url}/pages/asking")
    eventually(lambda: len(stub.streams) == 1)


def test_withdrawal_forgets_and_tells(context: BrowserContext, stub: Stub) -> None:
    page = open_page(context, stub, "asking", streams=0)
    page.evaluate("journeyloop.consent({marketing: true})")
    eventually(lambda: len(stub.streams) == 1)
    page.evaluate("journeyloop.consent(false)")
    eventually(lambda: not stub.streams and len(stub.events) == 2)
    told = stub.events[1]
    assert told["context"]["consent"] == {"categoryPreferences": {"marketing": False}}
    assert told["anonymousId"] == stub.events[0]["anonymousId"]
    assert page.evaluate("localStorage.length") == 0


def test_withdrawal_reaches_the_other_tabs(context: BrowserContext, stub: Stub) -> None:
    first, second = open_page(context, stub, "one"), open_page(context, stub, "one")
    second.evaluate("journeyloop.consent(false)")
    eventually(lambda: not stub.streams)
    first.evaluate("journeyloop.track('Unheard')")
    first.reload()
    first.wait_for_timeout(300)
    assert not stub.streams
    assert "Unheard" not in [event.get("event") for event in stub.events]


def test_a_lost_event_is_sent_again_as_itself(context: BrowserContext, stub: Stub) -> None:
    page = open_page(context, stub, "one")
    stub.status = 503
    page.evaluate("journeyloop.track('Order Completed')")
    eventually(lambda: "/v1/batch" in stub.requests)
    page.evaluate("journeyloop.track('Then')")
    page.goto(f"{stub.url}/pages/two")
    stub.status = 200
    eventually(lambda: len(stub.events) == 2)
    assert [event["event"] for event in stub.events] == ["Order Completed", "Then"]
    assert stub.events[0]["context"]["page"]["path"] == "/pages/one"
    eventually(lambda: "journeyloop.queue" not in str(page.evaluate("Object.keys(localStorage)")))


def test_quick_page_changes_in_an_outage_lose_nothing(context: BrowserContext, stub: Stub) -> None:
    page = open_page(context, stub, "one")
    stub.status = 503
    for number in range(8):
        page.evaluate(f"journeyloop.track('Event {number}')")
        page.goto(f"{stub.url}/pages/{'two' if number % 2 else 'one'}")
    stub.status = 200
    eventually(lambda: len(stub.events) == 8)


def test_an_event_before_leaving_the_page_is_sent(context: BrowserContext, stub: Stub) -> None:
    page = open_page(context, stub, "one")
    page.evaluate("() => { journeyloop.track('Leaving'); location.href = 'about:blank' }")
    eventually(lambda: [event["event"] for event in stub.events] == ["Leaving"])


def test_one_stream_per_browser_and_it_passes_on(context: BrowserContext, stub: Stub) -> None:
    first = open_page(context, stub, "one")
    second = open_page(context, stub, "two")
    eventually(lambda: len(stub.presence[-1]["tabs"]) == 2)
    assert len(stub.streams) == 1
    assert {tab["page"] for tab in stub.presence[-1]["tabs"]} == {"/pages/one", "/pages/two"}
    hide(second)
    eventually(lambda: [tab["visible"] for tab in stub.presence[-1]["tabs"] if tab["page"] == "/pages/two"] == [False])
    first.close()
    eventually(
        lambda: list(stub.streams) == [2] and [tab["page"] for tab in stub.presence[-1]["tabs"]] == ["/pages/two"]
    )


def test_two_tabs_show_one_message(context: BrowserContext, stub: Stub) -> None:
    pages = open_page(context, stub, "one"), open_page(context, stub, "one")
    stub.show("d1")
    eventually(lambda: stub.outcomes)
    stub.show("d1")
    pages[0].wait_for_timeout(500)
    assert shown(*pages) == 1
    assert stub.outcomes == [("d1", "shown")]
    for page in pages:
        page.reload()
    eventually(lambda: len(stub.streams) == 1)
    stub.show("d1")
    pages[0].wait_for_timeout(500)
    assert shown(*pages) == 0
    assert stub.outcomes == [("d1", "shown")]


def test_the_visible_tab_shows_though_another_holds_the_stream(context: BrowserContext, stub: Stub) -> None:
    leader, follower = open_page(context, stub, "one"), open_page(context, stub, "two")
    hide(leader)
    stub.show("d1")
    expect(follower.locator(MESSAGE)).to_have_count(1)
    assert shown(leader) == 0


@pytest.mark.parametrize("style", ["banner", "dialog"])
def test_escape_dismisses_and_reports_once(context: BrowserContext, stub: Stub, style: str) -> None:
    page = open_page(context, stub, "one")
    page.focus("#field")
    stub.show("d1", style=style)
    box = page.get_by_role("dialog" if style == "dialog" else "region", name="Your cart is saved")
    expect(box).to_be_visible()
    if style == "dialog":
        expect(box).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator(MESSAGE)).to_have_count(0)
    expect(page.locator("#field")).to_be_focused()
    eventually(lambda: len(stub.outcomes) == 2)
    page.wait_for_timeout(200)
    assert stub.outcomes == [("d1", "shown"), ("d1", "dismissed")]


def test_a_click_is_reported_and_followed(context: BrowserContext, stub: Stub) -> None:
    page = open_page(context, stub, "one")
    stub.show("d1", button={"label": "Continue", "url": "/pages/two"})
    page.get_by_role("link", name="Continue").click()
    page.wait_for_url("**/pages/two")
    eventually(lambda: ("d1", "clicked") in stub.outcomes)


def test_recall_removes_and_keeps_away(context: BrowserContext, stub: Stub) -> None:
    page = open_page(context, stub, "one")
    stub.show("d1")
    expect(page.locator(MESSAGE)).to_have_count(1)
    stub.recall("d1")
    expect(page.locator(MESSAGE)).to_have_count(0)
    stub.recall("d2")
    stub.show("d2")
    page.wait_for_timeout(300)
    assert shown(page) == 0
    assert stub.outcomes == [("d1", "shown")]


def test_a_page_change_does_not_lose_what_was_not_shown(context: BrowserContext, stub: Stub) -> None:
    page = open_page(context, stub, "one")
    hide(page)
    stub.show("d1")
    eventually(lambda: "d1" in (page.evaluate("localStorage['journeyloop.pending']") or ""))
    assert shown(page) == 0
    page.goto(f"{stub.url}/pages/two")
    expect(page.locator(MESSAGE)).to_have_count(1)
    eventually(lambda: stub.outcomes == [("d1", "shown")])


def test_an_expired_message_is_not_shown(context: BrowserContext, stub: Stub) -> None:
    page = open_page(context, stub, "one")
    hide(page)
    stub.show("d1", expires_in=200)
    stub.show("d2", title="Later")
    eventually(lambda: "d2" in (page.evaluate("localStorage['journeyloop.pending']") or ""))
    page.wait_for_timeout(300)
    hide(page, hidden=False)
    expect(page.get_by_role("region", name="Later")).to_be_visible()
    eventually(lambda: stub.outcomes == [("d2", "shown")])


def test_messages_come_one_after_the_other(context: BrowserContext, stub: Stub) -> None:
    page = open_page(context, stub, "one")
    stub.show("d1")
    stub.show("d2", title="Second")
    expect(page.locator(f"{MESSAGE}[data-id=d1]")).to_have_count(1)
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("region", name="Second")).to_be_visible()


def test_content_is_text_and_links_lead_to_the_web(context: BrowserContext, stub: Stub) -> None:
    page = open_page(context, stub, "one")
    body = "<img src=x onerror='window.harmed = true'><b>bold</b>"
    stub.show("d1", body=body, button={"label": "Run", "url": "javascript:window.harmed = true"})
    expect(page.locator(f"{MESSAGE} p")).to_have_text(body)
    assert page.locator(f"{MESSAGE} img, {MESSAGE} b, {MESSAGE} a").count() == 0
    assert page.evaluate("window.harmed") is None


@pytest.mark.parametrize(("name", "identity"), [("beside", "from-analytics-js"), ("late", "late")])
def test_beside_analytics_js_it_adopts_its_id(context: BrowserContext, stub: Stub, name: str, identity: str) -> None:
    page = open_page(context, stub, name)
    page.evaluate("journeyloop.track('Product Viewed')")
    eventually(lambda: stub.events)
    assert stub.events[0]["anonymousId"] == identity
    assert list(stub.streams.values()) == [identity]


def test_reset_is_somebody_else(context: BrowserContext, stub: Stub) -> None:
    page = open_page(context, stub, "one")
    before = list(stub.streams.values())
    page.evaluate("journeyloop.identify('u1'); journeyloop.reset(); journeyloop.track('After')")
    eventually(lambda: len(stub.events) == 2 and len(stub.streams) == 1 and list(stub.streams.values()) != before)
    assert "userId" not in stub.events[1]
    assert stub.events[0]["anonymousId"] != stub.events[1]["anonymousId"]


def test_listeners_hear_of_a_message(context: BrowserContext, stub: Stub) -> None:
    page = open_page(context, stub, "one")
    page.evaluate("window.heard = []")
    for name in ("shown", "dismissed"):
        page.evaluate("name => journeyloop.on(name, ({id}) => heard.push([name, id]))", name)
    stub.show("d1")
    page.get_by_role("button", name="Close").click()
    eventually(lambda: page.evaluate("heard") == [["shown", "d1"], ["dismissed", "d1"]])


# --- asking ---------------------------------------------------------------------------------------------------------

HERO = {"action": "tell", "content": {"title": "Still thinking?"}, "decision_id": "d1", "expires": 1}
HELD = {"action": None, "decision_id": "d2"}


def told(page: Page, place: str, **options: object) -> object:
    """What the page would show: the title, or null for what it shows anyway."""
    return page.evaluate(
        "([place, options]) => journeyloop.ask(place, options).then((answer) => answer && answer.title)",
        [place, {"timeout": 5_000, **options}],
    )


def test_a_new_browser_takes_an_id_of_the_servers(context: BrowserContext, stub: Stub) -> None:
    page = open_page(context, stub, "asking", streams=0)
    page.evaluate("journeyloop.track('Early'); journeyloop.consent({marketing: true})")
    eventually(lambda: len(stub.events) == 2)
    assert {event["anonymousId"] for event in stub.events} == {"issued-1"}
    page.goto(f"{stub.url}/pages/one")
    eventually(lambda: list(stub.streams.values()) == ["issued-1"])
    assert len(stub.asked) == 1 and stub.asked[0] == {"write_key": KEY}


@pytest.mark.parametrize("trouble", ["down", "silent"])
def test_without_the_server_it_makes_its_own(context: BrowserContext, stub: Stub, trouble: str) -> None:
    """It loses nothing by it but the answers."""
    route = (lambda one: one.abort()) if trouble == "down" else (lambda _: None)
    context.route("**/v1/ask", route)
    page = open_page(context, stub, "one")
    page.evaluate("journeyloop.track('Product Viewed')")
    eventually(lambda: stub.events)
    assert len(stub.events[0]["anonymousId"]) == 36
    context.unroute("**/v1/ask")
    stub.answers["hero"] = HERO
    assert told(page, "hero") is None
    assert not [one for one in stub.asked if "placements" in one], "the held request for an id may come through late"


def test_who_leaves_before_the_id_came_is_not_lost(context: BrowserContext, stub: Stub) -> None:
    context.route("**/v1/ask", lambda _: None)
    page = context.new_page()
    page.goto(f"{stub.url}/pages/asking")
    page.evaluate("() => { journeyloop.consent({marketing: true}); journeyloop.track('Leaving') }")
    page.goto(f"{stub.url}/pages/two")
    eventually(lambda: len(stub.events) == 2)
    assert len({event["anonymousId"] for event in stub.events}) == 1


def test_the_answer_is_content_and_its_place_counts_as_seen(context: BrowserContext, stub: Stub) -> None:
    page = open_page(context, stub, "one")
    stub.answers = {"hero": HERO, "held": HELD}
    assert told(page, "hero", context={"teaser": 3}) == "Still thinking?"
    assert told(page, "held") is None
    eventually(lambda: stub.outcomes == [("d1", "shown"), ("d2", "shown")])
    asked = stub.asked[1]
    assert asked["placements"] == ["hero"] and asked["context"] == {"teaser": 3}
    assert (asked["anonymous_id"], asked["token"]) == ("issued-1", "token of issued-1")
    page.evaluate("journeyloop.ask('hero', {timeout: 5000}).then((answer) => answer.clicked())")
    eventually(lambda: stub.outcomes[-1] == ("d1", "clicked"))


def test_an_answer_too_late_is_none_and_was_not_seen(context: BrowserContext, stub: Stub) -> None:
    page = open_page(context, stub, "one")
    stub.answers, stub.delay = {"hero": HERO}, 1.0
    assert page.evaluate("journeyloop.ask('hero')") is None
    assert told(page, "hero") == "Still thinking?"
    eventually(lambda: stub.outcomes == [("d1", "shown")])


@pytest.mark.parametrize("status", [401, 429, 503])
def test_a_refusal_is_none(context: BrowserContext, stub: Stub, status: int) -> None:
    page = open_page(context, stub, "one")
    stub.status = status
    assert told(page, "hero") is None
    page.wait_for_timeout(100)
    assert stub.outcomes == []


def test_before_consent_and_after_its_end_nothing_is_asked(context: BrowserContext, stub: Stub) -> None:
    page = open_page(context, stub, "asking", streams=0)
    assert told(page, "hero") is None and stub.requests == []
    page.evaluate("journeyloop.consent({marketing: true})")
    eventually(lambda: len(stub.streams) == 1)
    stub.answers, stub.delay = {"hero": HERO}, 0.3
    page.evaluate("window.answer = journeyloop.ask('hero', {timeout: 5000}); journeyloop.consent(false)")
    assert page.evaluate("answer") is None
    eventually(lambda: not stub.streams)
    assert page.evaluate("localStorage.length") == 0 and stub.outcomes == []
    count = len(stub.asked)
    assert told(page, "hero") is None and len(stub.asked) == count


def test_after_a_reset_it_is_somebody_the_server_names(context: BrowserContext, stub: Stub) -> None:
    page = open_page(context, stub, "one")
    page.evaluate("journeyloop.consent({marketing: true}); journeyloop.identify('u1'); journeyloop.reset()")
    eventually(lambda: list(stub.streams.values()) == ["issued-2"])
    page.evaluate("journeyloop.track('After')")
    eventually(lambda: stub.events and stub.events[-1].get("event") == "After")
    last = stub.events[-1]
    assert (last["anonymousId"], last.get("userId")) == ("issued-2", None)
    assert last["context"]["consent"] == {"categoryPreferences": {"marketing": True}}
    stub.answers["hero"] = HERO
    assert told(page, "hero") == "Still thinking?" and stub.asked[-1]["token"] == "token of issued-2"


def test_a_reset_reaches_the_other_tabs(context: BrowserContext, stub: Stub) -> None:
    first, second = open_page(context, stub, "one"), open_page(context, stub, "two")
    first.evaluate("journeyloop.reset()")
    eventually(lambda: list(stub.streams.values()) == ["issued-2"])
    second.evaluate("journeyloop.track('Second')")
    eventually(lambda: stub.events and stub.events[-1].get("event") == "Second")
    assert stub.events[-1]["anonymousId"] == "issued-2"


def test_a_test_is_labelled_and_nothing_is_said_of_it(context: BrowserContext, stub: Stub) -> None:
    page = open_page(context, stub, "one")
    stub.show("t1", test=True)
    expect(page.locator(MESSAGE).locator("small")).to_have_text("Test")
    page.get_by_role("button", name="Close").click()
    stub.show("d1")
    expect(page.locator(MESSAGE).locator("small")).to_have_count(0)
    eventually(lambda: ("d1", "shown") in stub.outcomes)
    assert {decision for decision, _ in stub.outcomes} == {"d1"}


# --- links of messages ------------------------------------------------------------------------------------------------


def test_a_link_of_a_message_is_told_once_and_forgotten(context: BrowserContext, stub: Stub) -> None:
    page = context.new_page()
    page.goto(f"{stub.url}/pages/one?a=1&jl_id=00ff&b=2#here")
    eventually(lambda: stub.outcomes == [("00ff", "clicked")])
    assert page.evaluate("location.href") == f"{stub.url}/pages/one?a=1&b=2#here"
    page.reload()
    page.wait_for_timeout(300)
    assert stub.outcomes == [("00ff", "clicked")]


def test_before_consent_a_link_of_a_message_tells_nothing(context: BrowserContext, stub: Stub) -> None:
    page = context.new_page()
    page.goto(f"{stub.url}/pages/asking?jl_id=00ff")
    page.wait_for_timeout(300)
    assert (stub.requests, page.url) == ([], f"{stub.url}/pages/asking?jl_id=00ff")
    page.evaluate("journeyloop.consent({marketing: true})")
    eventually(lambda: stub.outcomes == [("00ff", "clicked")])
