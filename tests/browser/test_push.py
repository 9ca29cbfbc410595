"""Push in a real Chromium: the page asks, the visitor allows, the worker shows and reports.

No push service can be reached from here, so `pushManager` is played by the page; what a push service would deliver is
delivered by the browser itself (DevTools protocol), to the real worker. What is sealed and signed for such a service is
tested in tests/unit/channels/test_webpush.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, CDPSession, Page, Worker

from tests.browser.conftest import watched
from tests.browser.stub.server import KEY, Stub, eventually
from tests.browser.test_loop_js import GRANTED

ICON = '<link rel="icon" href="data:,">'
PAGES = {
    "shop": f"<title>Shop</title>{ICON}<h1>Shop</h1>{GRANTED}",
    "asking": f'<title>Asking</title>{ICON}<script src="/loop.js" data-write-key="{KEY}"></script>',
    "cart": "<title>Cart</title><h1>Cart</h1>",
}
PUBLIC = "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM"
DECISION = "ab" * 16
SERVICE = """(() => {
  const key = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt()).buffer;
  const state = () => JSON.parse(localStorage.service || "null");
  const made = (endpoint) => ({
    endpoint, options: { applicationServerKey: key(state().key) },
    unsubscribe: async () => !void localStorage.removeItem("service"),
    toJSON: () => ({ endpoint, expirationTime: null, keys: { p256dh: "point", auth: "secret" } }),
  });
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));
  const bare = (buffer) => text(buffer).replace(/[+]/g, "-").replace(/[/]/g, "_").replace(/=/g, "");
  PushManager.prototype.getSubscription = async () => state() && made(state().endpoint);
  PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
    if (!userVisibleOnly) throw new Error("not allowed");
    const endpoint = `https://push.example/${Math.random()}`;
    localStorage.service = JSON.stringify({ endpoint, key: bare(applicationServerKey) });
    return made(state().endpoint);
  };
})();"""

pytestmark = pytest.mark.browser


@pytest.fixture
def stub() -> Iterator[Stub]:
    with Stub(PAGES) as running:
        running.push_key = PUBLIC
        yield running


@pytest.fixture
def page(context: BrowserContext, stub: Stub) -> Iterator[Page]:
    """A shop whose visitor says yes when the browser asks."""
    context.grant_permissions(["notifications"], origin=stub.url)
    context.add_init_script(SERVICE)
    yield from watched(context, forgiven="404")


def subscribe(page: Page, stub: Stub) -> dict[str, Any]:
    page.goto(f"{stub.url}/pages/shop")
    eventually(lambda: stub.streams)
    assert page.evaluate("journeyloop.push()") is True
    return stub.pushes[-1]


def worker(context: BrowserContext) -> Worker:
    eventually(lambda: context.service_workers)
    return context.service_workers[0]


def deliver(page: Page, stub: Stub, content: str) -> None:
    """What a push service does."""
    session = page.context.new_cdp_session(page)
    session.send("ServiceWorker.enable")
    session.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": stub.url, "registrationId": _registration(page, session), "data": content},
    )


def _registration(page: Page, session: CDPSession) -> str:
    found: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: found.extend(one["registrationId"] for one in told["registrations"] if "push" in one["scopeURL"]),
    )
    session.send("ServiceWorker.disable")
    session.send("ServiceWorker.enable")
    for _ in range(100):
        if found:
            return found[-1]
        page.wait_for_timeout(50)
    raise AssertionError("no worker is registered")


def shown(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate(
        """async () => (await (await navigator.serviceWorker.getRegistration("/journeyloop-push/")).getNotifications())
        .map(({ title, body, tag, icon, data }) => ({ title, body, tag, icon, data }))"""
    )
    return found


def message(**changes: Any) -> str:
    return json.dumps({"id": DECISION, "title": "Your <b>cart</b>", "body": "is kept", "url": "/pages/cart", **changes})


def test_the_page_asks_and_the_server_is_told_where(page: Page, stub: Stub) -> None:
    told = subscribe(page, stub)
    assert told["anonymous_id"] == page.evaluate("JSON.parse(localStorage.journeyloop).id")
    assert told["write_key"] == KEY and told["subscription"]["endpoint"].startswith("https://push.example/")
    assert set(told["subscription"]["keys"]) == {"p256dh", "auth"}
    address = worker(page.context).url
    assert address.startswith(f"{stub.url}/journeyloop-push.js?") and f"write_key={KEY}" in address
    assert page.evaluate("JSON.parse(localStorage.service).key") == PUBLIC


def test_asked_again_it_says_nothing_new(page: Page, stub: Stub) -> None:
    subscribe(page, stub)
    page.reload()
    assert page.evaluate("journeyloop.push()") is True
    assert len(stub.pushes) == 1


def test_a_new_key_makes_a_new_subscription(page: Page, stub: Stub) -> None:
    first = subscribe(page, stub)
    stub.push_key = "B" + PUBLIC[1:-1] + "Q"
    assert page.evaluate("journeyloop.push()") is True
    assert stub.pushes[-1]["subscription"]["endpoint"] != first["subscription"]["endpoint"]


def test_nothing_is_asked_by_itself_nor_before_consent(page: Page, stub: Stub) -> None:
    page.add_init_script("Notification.requestPermission = async () => { window.asked = true; return 'granted' }")
    page.goto(f"{stub.url}/pages/shop")
    eventually(lambda: stub.streams)
    assert page.evaluate("window.asked") is None
    page.goto(f"{stub.url}/pages/asking")
    page.evaluate("localStorage.clear()")
    page.reload()
    before = len(stub.requests)
    assert page.evaluate("journeyloop.push()") is False
    assert page.evaluate("window.asked") is None
    assert stub.requests[before:] == [] and stub.pushes == []


def test_a_visitor_who_says_no_is_left_alone(page: Page, stub: Stub) -> None:
    page.add_init_script("Notification.requestPermission = async () => 'denied'")
    page.goto(f"{stub.url}/pages/shop")
    eventually(lambda: stub.streams)
    assert page.evaluate("journeyloop.push()") is False
    assert "/v1/push/key" not in stub.requests and page.context.service_workers == []


@pytest.mark.parametrize("words", ["journeyloop.consent(false)", "journeyloop.reset()"])
def test_who_leaves_ends_it_here_and_there(page: Page, stub: Stub, words: str) -> None:
    me = subscribe(page, stub)["anonymous_id"]
    page.evaluate(words)
    eventually(lambda: len(stub.pushes) == 2)
    assert (stub.pushes[1]["anonymous_id"], stub.pushes[1]["subscription"]) == (me, None)
    eventually(lambda: page.evaluate("!localStorage.service && !localStorage['journeyloop.push']"))


def test_without_a_channel_the_page_learns_why(page: Page, stub: Stub) -> None:
    stub.push_key = ""
    page.goto(f"{stub.url}/pages/shop")
    eventually(lambda: stub.streams)
    said = page.evaluate("journeyloop.push().catch((error) => error.message)")
    assert said == "the server has no channel that pushes"
    assert stub.pushes == []


def test_a_push_is_shown_as_text_once_and_reported(page: Page, stub: Stub) -> None:
    subscribe(page, stub)
    deliver(page, stub, message(icon="/icon.png"))
    eventually(lambda: stub.outcomes == [(DECISION, "shown")])
    [one] = shown(page)
    assert (one["title"], one["body"], one["tag"]) == ("Your <b>cart</b>", "is kept", DECISION)
    assert one["icon"] == f"{stub.url}/icon.png"
    assert one["data"]["url"] == f"{stub.url}/pages/cart"
    deliver(page, stub, message())
    eventually(lambda: len(stub.outcomes) == 2)
    assert len(shown(page)) == 1, "the same message takes its own place"


@pytest.mark.parametrize("event", ["notificationclick", "notificationclose"])
def test_what_became_of_it_is_reported(page: Page, stub: Stub, event: str) -> None:
    """The browser's own dialog cannot be clicked from here: its event is given to the worker."""
    subscribe(page, stub)
    deliver(page, stub, message())
    eventually(lambda: stub.outcomes)
    opened = worker(page.context).evaluate(
        """async (event) => {
          const opened = [];
          self.clients.openWindow = async (url) => void opened.push(url);
          const [notification] = await self.registration.getNotifications();
          self.dispatchEvent(new NotificationEvent(event, { notification }));
          await new Promise((later) => setTimeout(later, 300));
          return opened;
        }""",
        event,
    )
    clicked = event == "notificationclick"
    eventually(lambda: len(stub.outcomes) == 2)
    assert stub.outcomes[1] == (DECISION, "clicked" if clicked else "dismissed")
    assert opened == ([f"{stub.url}/pages/cart"] if clicked else [])


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "http://", ""])
def test_a_link_that_is_none_leads_nowhere(page: Page, stub: Stub, url: str) -> None:
    subscribe(page, stub)
    deliver(page, stub, message(url=url))
    eventually(lambda: stub.outcomes)
    assert not shown(page)[0]["data"].get("url")


def test_a_test_is_marked_and_counts_nothing(page: Page, stub: Stub) -> None:
    subscribe(page, stub)
    deliver(page, stub, message(test=True))
    eventually(lambda: shown(page))
    assert shown(page)[0]["title"] == "Test: Your <b>cart</b>"
    assert stub.outcomes == []


@pytest.mark.parametrize("content", ["nonsense", "[]", "null", "{}"])
def test_what_is_no_message_of_ours_does_no_harm(page: Page, stub: Stub, content: str) -> None:
    subscribe(page, stub)
    deliver(page, stub, content)
    eventually(lambda: shown(page))
    assert stub.outcomes == []
