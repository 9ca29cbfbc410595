"""What a profile says of circumstances, orders and traits, by example."""

from __future__ import annotations

from typing import Any

import pytest

from journeyloop.act.render import render
from journeyloop.model.profile import profile_values
from tests.property.rig import DAY, SECOND, STALL, Rig, plan_of

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1"
TABLET = "Mozilla/5.0 (Linux; Android 13; SM-X900) AppleWebKit/537.36 Chrome/120.0 Safari/537.36"
ANDROID = "Mozilla/5.0 (Linux; Android 13; Pixel 7) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36"
DESKTOP = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36"
BOT = "Mozilla/5.0 (compatible; Examplebot/2.1; +https://search.example/bot)"


@pytest.fixture
def rig() -> Rig:
    return Rig()


def values(rig: Rig) -> dict[str, Any]:
    return profile_values(rig.find(), rig.now, {})


def test_a_trait_stated_as_null_is_absent(rig: Rig) -> None:
    rig.apply(rig.event("Identify", traits={"first_name": "Ada", "title": "Dr"}, ago=1))
    rig.apply(rig.event("Identify", traits={"first_name": None}))
    assert "first_name" not in values(rig)
    assert render({"title": "Hello {{ profile.first_name | default('there') }}"}, values(rig)) == {
        "title": "Hello there"
    }


def test_templates_read_by_a_name_what_conditions_read() -> None:
    """A computed trait that is missing is not what somebody once stated under its name."""
    rig = Rig(plan_of(STALL, audiences="traits: {price: {last: properties.price, of: Seen}}"))
    rig.apply(rig.event("Identify", traits={"price": 5, "device": "toaster"}))
    found = profile_values(rig.find(), rig.now, rig.plan.computed)
    assert "price" not in found
    assert "device" not in found


@pytest.mark.parametrize(
    ("context", "device"),
    [
        ({"userAgent": PHONE}, "mobile"),
        ({"userAgent": ANDROID}, "mobile"),
        ({"userAgent": TABLET}, "tablet"),
        ({"userAgent": DESKTOP}, "desktop"),
        ({"userAgent": "python-requests/2.31"}, None),
        ({"device": {"type": "ios"}}, "mobile"),
        ({"device": {"type": "Tablet"}, "userAgent": DESKTOP}, "tablet"),
        ({"device": {"type": "toaster"}, "userAgent": DESKTOP}, "desktop"),
        ({}, None),
    ],
)
def test_the_device(rig: Rig, context: dict[str, Any], device: str | None) -> None:
    rig.track("Page", context=context)
    assert values(rig).get("device") == device


@pytest.mark.parametrize(
    ("context", "referrer"),
    [
        ({"page": {"url": "https://shop.example/a", "referrer": "https://search.example/"}}, "https://search.example/"),
        ({"page": {"url": "https://shop.example/a", "referrer": "https://shop.example/b"}}, None),
        ({"page": {"url": "https://shop.example", "referrer": "https://shop.example"}}, None),
        ({"page": {"url": "https://shop.ex", "referrer": "https://shop.example/"}}, "https://shop.example/"),
        ({"referrer": {"url": "https://ads.example/x"}}, "https://ads.example/x"),
        ({"page": {"url": "https://shop.example/a", "referrer": ""}}, None),
    ],
)
def test_a_referrer_is_another_site(rig: Rig, context: dict[str, Any], referrer: str | None) -> None:
    rig.track("Page", context=context)
    assert values(rig).get("referrer") == referrer


def test_a_late_event_fills_in_what_no_newer_one_said(rig: Rig) -> None:
    rig.track("Page", context={"page": {"path": "/new"}, "locale": "de-DE"})
    campaign = {"name": "spring", "source": "newsletter", "medium": "email"}
    late = {"page": {"path": "/old"}, "timezone": "Europe/Vienna", "campaign": campaign, "userAgent": BOT}
    rig.track("Page", ago=SECOND, context=late)
    found = values(rig)
    assert (found["page"], found["locale"], found["time_zone"]) == ("/new", "de-DE", "Europe/Vienna")
    assert (found["campaign"], found["campaign_source"], found["campaign_medium"]) == ("spring", "newsletter", "email")
    assert rig.find().header.bot
    rig.track("Page", context={"userAgent": DESKTOP})
    assert not rig.find().header.bot


def test_an_order_reported_twice_counts_once(rig: Rig) -> None:
    for revenue in (90.0, 100.0, 95.0):
        rig.track("Order Completed", properties={"order_id": "o1", "revenue": revenue})
    rig.track("Order Completed", properties={"order_id": 2, "total": "not yet"})
    rig.track("Order Completed", properties={"revenue": 1.1})
    rig.track("Order Completed", properties={"revenue": 2.2})
    header = rig.find().header
    assert (header.orders, header.revenue) == (4, 103.3)


def test_a_refund_leaves_the_revenue(rig: Rig) -> None:
    rig.track("Order Completed", properties={"revenue": 600})
    rig.track("Order Refunded", properties={"total": 100.1, "revenue": 5})
    rig.track("Order Refunded", properties={"value": 0.2})
    found = values(rig)
    assert (found["refunds"], found["refunded"], found["revenue"]) == (2, 100.3, 600.0)
    assert found["high_value"] and not found["first_time"]


def test_how_long_ago(rig: Rig) -> None:
    rig.track("Page")
    rig.now += 3 * DAY
    assert values(rig)["days_since_last_seen"] == 3


def test_a_group_call_says_nothing_of_the_person(rig: Rig) -> None:
    event = rig.event("Group", traits={"plan": "enterprise"}, context={"traits": {"seat": 4}})
    event.kind = "group"
    rig.apply(event)
    assert rig.find().traits == {"seat": (4, rig.now, "browser")}


def test_of_too_many_traits_the_well_known_and_the_newest_stay(rig: Rig) -> None:
    rig.track("Identify", traits={"email": "a@example.com"}, ago=DAY)
    for at in range(150):
        rig.now += SECOND
        rig.track("Identify", traits={f"junk_{at}": at})
    traits = rig.find().traits
    assert len(traits) == 100 and "email" in traits and "junk_149" in traits and "junk_50" not in traits
