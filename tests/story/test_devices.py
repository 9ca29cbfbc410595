"""One customer, a phone and a desktop: through the real SDKs, in two real browsers, to the real server. Once they have
signed in on both they are one person, with one cart, one word on consent, and one message."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from segment.analytics.client import Client

from tests.sdk.conftest import node, packages
from tests.sdk.test_browser import METHODS, PAGE, Files, shop
from tests.story.conftest import end
from tests.story.persons import decide, profile
from tests.story.projects import project
from tests.story.servers import WITH_SHOP, Server, eventually
from tests.story.shopper import Shopper
from tests.story.visits import somebody

__all__ = ["node", "packages", "shop"]  # fixtures
pytestmark = [pytest.mark.browser, pytest.mark.slow]

POLICY = """purposes:
  marketing: {consent: required}
  partners: {consent: required}
  service: {consent: not_required}
caps: [{per: person, at_most: 1, within: 1h}]
"""
MOMENT = """moment: {name}
title: Wants help
purpose: service
detect: {{{detect}}}
goal: {{event: Order Completed, within: 3m}}
learn: {{mode: fixed}}
expires: 2m
actions: [{{action: greet, channel: onpage, content: {{title: We are here}}}}]
"""
FILES = {
    "policy.yaml": POLICY,
    "moments/help.yaml": MOMENT.format(name="help", detect="event: Help Wanted"),
    "moments/hero.yaml": MOMENT.format(name="hero", detect="ask: hero"),
}
CAPPED = "cap: 1 per person in 1h"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(project(tmp_path_factory.mktemp("devices") / "shop", files=FILES), WITH_SHOP)
    yield server
    end(server)


@pytest.fixture
def other_context(browser: Browser) -> Iterator[BrowserContext]:
    """Another device."""
    device = browser.new_context()
    yield device
    device.close()


@pytest.fixture
def phone(server: Server, context: BrowserContext) -> Shopper:
    return Shopper(context, server).accept()


@pytest.fixture
def desktop(server: Server, other_context: BrowserContext) -> Shopper:
    return Shopper(other_context, server).accept()


def sign_in(device: Shopper, user: str) -> None:
    """On this device, and until the server knows."""
    me = device.me["anonymous_id"]
    device.page.evaluate("user => journeyloop.identify(user)", user)
    named = {"type": "anonymous_id", "value": me}
    eventually(
        lambda: device.server.get("/v1/profile", user_id=user).json().get("identifiers", []),
        lambda names: any(named.items() <= name.items() for name in names),
    )


def count(server: Server, event: str, **who: str) -> int:
    answer = server.get("/v1/profile", **who)
    found: int = answer.json()["counts"].get(event, 0) if answer.status_code == 200 else 0
    return found


def want_help(device: Shopper, times: int) -> None:
    """And wait until it has been decided."""
    me = device.me
    device.page.evaluate("() => journeyloop.track('Help Wanted')")
    eventually(lambda: count(device.server, "Help Wanted", **me), lambda found: found == times)


def from_backend(server: Server, user: str, event: str) -> None:
    errors: list[object] = []
    analytics = Client(server.keys.server, host=server.url, on_error=lambda error, items: errors.append(error))
    analytics.track(user, event)
    analytics.shutdown()
    assert errors == []


def items(server: Server, **who: str) -> list[str]:
    return sorted(line["id"] for line in profile(server, **who)["cart"])


# --- loop.js --------------------------------------------------------------------------------------------------------


def test_two_devices_one_cart_one_message(server: Server, phone: Shopper, desktop: Shopper) -> None:
    user = somebody()
    phone.click("add-espresso")
    eventually(lambda: count(server, "Product Added", **phone.me), lambda found: found == 1)
    sign_in(desktop, user)
    desktop.click("add-grinder")
    eventually(lambda: count(server, "Product Added", user_id=user), lambda found: found == 1)
    assert profile(server, **phone.me)["person"] != profile(server, user_id=user)["person"]
    assert (items(server, **phone.me), items(server, user_id=user)) == (["espresso"], ["grinder"])
    sign_in(phone, user)
    found = profile(server, user_id=user)
    assert profile(server, **phone.me)["person"] == profile(server, **desktop.me)["person"] == found["person"]
    assert items(server, **phone.me) == ["espresso", "grinder"] and found["profile"]["cart_value"] == 789
    assert found["tabs_open"] == 2 and [one["via"] for one in found["merges"]] == ["anonymous_id"] * 2
    want_help(phone, 1)
    want_help(desktop, 2)
    from_backend(server, user, "Help Wanted")
    devices = [phone, desktop]
    eventually(lambda: [device.message.count() for device in devices], lambda shown: sum(shown) > 0)
    phone.page.wait_for_timeout(1_000)
    assert sum(device.message.count() for device in devices) == 1
    made = server.decisions(user_id=user)
    assert [one["reason"] for one in made[:2]] == [CAPPED, CAPPED] and made[2]["state"] == "sent"
    assert len(made) == 3 and count(server, "Help Wanted", **phone.me) == 3
    assert phone.errors == desktop.errors == []


def test_what_the_phone_showed_counts_on_the_desktop(server: Server, phone: Shopper, desktop: Shopper) -> None:
    """The message came before anybody knew who it was."""
    user = somebody()
    want_help(phone, 1)
    phone.sees_message()
    sign_in(desktop, user)
    sign_in(phone, user)
    want_help(desktop, 2)
    made = eventually(lambda: server.decisions(user_id=user), lambda all_: len(all_) == 2)
    assert (made[0]["state"], made[0]["reason"]) == ("silent", CAPPED)
    desktop.page.wait_for_timeout(500)
    desktop.sees_nothing()
    assert decide(server, "hero", user_id=user)["reason"] == CAPPED


def test_both_live_by_the_stricter_word(server: Server, phone: Shopper, desktop: Shopper) -> None:
    """`partners`: yes on the desktop, then no on the phone. What the desktop stamps on its events undoes nothing."""
    user = somebody()

    def choose(device: Shopper, partners: bool) -> None:
        device.page.evaluate("partners => journeyloop.consent({ marketing: true, partners })", partners)

    def allowed(**who: str) -> dict[str, bool]:
        return {purpose: word["granted"] for purpose, word in profile(server, **who)["consent"].items()}

    choose(desktop, True)
    sign_in(desktop, user)
    assert allowed(user_id=user) == {"marketing": True, "partners": True}
    choose(phone, False)
    eventually(lambda: count(server, "Segment Consent Preference Updated", **phone.me), lambda found: found == 2)
    sign_in(phone, user)
    assert allowed(user_id=user) == {"marketing": True, "partners": False}
    want_help(desktop, 1)
    assert allowed(**desktop.me) == allowed(**phone.me) == {"marketing": True, "partners": False}
    choose(desktop, True)
    eventually(lambda: allowed(**phone.me), lambda words: words == {"marketing": True, "partners": True})


def test_who_signs_out_is_somebody_new(server: Server, phone: Shopper) -> None:
    user = somebody()
    phone.click("add-espresso")
    sign_in(phone, user)
    before = phone.me
    phone.page.evaluate("() => { journeyloop.reset(); journeyloop.track('Looked Around') }")
    after = phone.me
    assert after != before
    eventually(lambda: count(server, "Looked Around", **after), lambda found: found == 1)
    new, old = profile(server, **after), profile(server, **before)
    assert new["person"] != old["person"] == profile(server, user_id=user)["person"]
    assert (new["known"], new["cart"], new["counts"]) == (False, [], {"Looked Around": 1})
    assert count(server, "Looked Around", user_id=user) == 0


# --- analytics-next -------------------------------------------------------------------------------------------------


def opened(device: BrowserContext, address: str) -> tuple[Page, dict[str, str]]:
    """A page with analytics-next on it, and the query that names its visitor."""
    page = device.new_page()
    page.goto(f"{address}/")
    page.wait_for_function("() => analytics.initialized")
    return page, {"anonymous_id": page.evaluate("() => analytics.user().anonymousId()")}


@pytest.mark.sdk
def test_two_devices_with_segments_sdk(
    server: Server, shop: str, context: BrowserContext, other_context: BrowserContext
) -> None:
    user = somebody()
    Files.page = (PAGE % {"methods": METHODS, "key": server.keys.write, "host": server.url, "options": "{}"}).encode()
    (phone, pocket), (desktop, desk) = opened(context, shop), opened(other_context, shop)
    added = "id => analytics.track('Product Added', { product_id: id, price: '20' })"
    phone.evaluate(added, "espresso")
    desktop.evaluate("user => analytics.identify(user, { firstName: 'Ana' })", user)
    desktop.evaluate(added, "grinder")
    eventually(lambda: count(server, "Product Added", user_id=user), lambda found: found == 1)
    eventually(lambda: count(server, "Product Added", **pocket), lambda found: found == 1)
    assert decide(server, "hero", **pocket)["action"] == "greet"
    phone.evaluate("user => analytics.identify(user)", user)
    eventually(lambda: count(server, "Product Added", user_id=user), lambda found: found == 2)
    assert profile(server, **pocket)["person"] == profile(server, **desk)["person"]
    assert (
        items(server, **desk) == ["espresso", "grinder"] and profile(server, **pocket)["traits"]["first_name"] == "Ana"
    )
    assert [decide(server, "hero", **who)["reason"] for who in (desk, {"user_id": user})] == [CAPPED, CAPPED]
    from_backend(server, user, "Call Ended")
    assert count(server, "Call Ended", **pocket) == count(server, "Call Ended", **desk) == 1
    phone.evaluate("() => { analytics.reset(); analytics.track('Looked Around') }")
    new = {"anonymous_id": phone.evaluate("() => analytics.user().anonymousId()")}
    eventually(lambda: count(server, "Looked Around", **new), lambda found: found == 1)
    assert new != pocket and not profile(server, **new)["known"] and items(server, **new) == []
