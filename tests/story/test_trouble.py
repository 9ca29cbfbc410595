"""The story when something is in its way: nobody may be contacted, the server dies, the configuration breaks."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.story.conftest import Serve
from tests.story.projects import MOMENT, project, replace
from tests.story.servers import SHIPPED, Stream, eventually
from tests.story.shopper import Shopper
from tests.story.visits import batch, event, somebody, stall

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_held_out_see_nothing_and_count(tmp_path: Path, serve: Serve, context: BrowserContext) -> None:
    server = serve(project(tmp_path / "shop", {"holdout: 10%": "holdout: 100%"}))
    shopper = Shopper(context, server).stall()
    me = shopper.me
    made = server.decision(**me)
    assert (made["state"], made["reason"], made["moments"][0]["arm"]) == ("silent", "held out: holdout", "holdout")
    shopper.page.wait_for_timeout(500)
    shopper.sees_nothing()
    shopper.click("pay")
    expect(shopper.page.locator("#thanks")).to_be_visible()
    counts = eventually(server.moment, lambda counts: counts["goals"]["holdout"] == 1)
    assert (counts["signals"], counts["held_out"], counts["sent"], counts["silent"]) == (1, 1, 0, {})
    assert counts["goals"]["treated"] == 0 and counts["arms"] == {"treated": 0, "holdout": 1}


def test_a_page_change_at_the_due_moment_does_not_lose_it(
    tmp_path: Path, serve: Serve, context: BrowserContext
) -> None:
    """It is due while no page is there to be told; the customer is back a second later."""
    server = serve(project(tmp_path / "shop", {'present: {page: "*/checkout*"}': "present: true"}))
    shopper = Shopper(context, server).stall()
    me = shopper.me
    shopper.click("to-cart")
    due_in = server.why("armed", **me)["timer"][0]["in_ms"]
    shopper.page.wait_for_timeout(max(0, due_in - 300))
    shopper.page.goto("about:blank")
    shopper.page.wait_for_timeout(1_000)
    shopper.open("/demo/shop/cart").sees_message()
    made = server.decision(lambda one: one["shown"], **me)
    assert made["state"] == "sent" and len(server.decisions(**me)) == 1


def test_a_killed_server_comes_back_and_the_message_comes_once(
    tmp_path: Path, serve: Serve, context: BrowserContext
) -> None:
    """Killed while the clock runs, and again once the message is on the screen."""
    server = serve(project(tmp_path / "shop"))
    shopper = Shopper(context, server).stall()
    me = shopper.me
    server.why("armed", **me)
    assert server.stop(signal.SIGKILL) == -signal.SIGKILL
    server.start()
    shopper.sees_message()
    shown = server.decision(lambda one: one["shown"], **me)
    server.stop(signal.SIGKILL)
    server.start()
    eventually(lambda: server.get("/v1/profile", **me).json()["tabs_open"], lambda tabs: tabs == 1)
    eventually(lambda: server.http.get("/metrics").text, lambda text: "journeyloop_browsers 1.0" in text)
    shopper.page.keyboard.press("Escape")
    shopper.sees_nothing()
    made = server.decision(lambda one: one["dismissed"], **me)
    assert (made["id"], made["shown"], made["state"]) == (shown["id"], shown["shown"], "sent")
    shopper.page.reload()
    shopper.page.wait_for_timeout(1_000)
    shopper.sees_nothing()
    counts = server.moment()
    assert [counts[name] for name in ("signals", "sent", "shown", "dismissed", "unknown")] == [1, 1, 1, 1, 0]


def test_a_server_that_was_away_too_long_stays_silent(tmp_path: Path, serve: Serve, context: BrowserContext) -> None:
    """Started again only after the message would have been stale."""
    server = serve(project(tmp_path / "shop", {"expires: 2m": "expires: 1s"}))
    shopper = Shopper(context, server).stall()
    server.why("armed", **shopper.me)
    server.stop(signal.SIGKILL)
    shopper.page.wait_for_timeout(5_500)
    server.start()
    told = server.why("late", **shopper.me)
    assert told["reason"] == "its time had passed while nobody was watching"
    assert server.decisions(**shopper.me) == [] and server.moment()["late"] == 1
    shopper.sees_nothing()


def test_what_was_sent_while_the_server_was_away_arrives(tmp_path: Path, serve: Serve, context: BrowserContext) -> None:
    """The page keeps its events until somebody takes them: here the purchase, so that no message comes."""
    server = serve(project(tmp_path / "shop"))
    shopper = Shopper(context, server).stall()
    me = shopper.me
    server.why("armed", **me)
    server.stop(signal.SIGKILL)
    bought = '() => journeyloop.track("Order Completed", {order_id: "o1", revenue: 600, checkout_id: %s})'
    shopper.page.evaluate(bought % 'JSON.parse(localStorage["shop.checkout"]).checkout_id')
    shopper.page.wait_for_timeout(500)
    server.start()
    assert server.why("cancelled", **me)["reason"] == "Order Completed"
    profile = server.get("/v1/profile", **me).json()
    assert profile["counts"]["Order Completed"] == 1 and profile["profile"]["orders"] == 1


def test_what_was_sent_and_not_shown_is_offered_again(tmp_path: Path, serve: Serve) -> None:
    """A stream may take the message down with it; once a page says it is shown, no other gets it."""
    server = serve(project(tmp_path / "shop", {"for: 20s": "for: 2s"}), SHIPPED)
    me = {"anonymous_id": somebody(), "write_key": server.keys.write}
    first = Stream(server, **me)
    batch(server, *stall(anonymousId=me["anonymous_id"]))
    lost = first.wait_for("show")
    first.close()
    second = Stream(server, **me)
    again = second.wait_for("show")
    assert again["id"] == lost["id"] and again["expires_in"] < lost["expires_in"]
    server.post("/v1/outcomes", {"decision_id": lost["id"], "outcome": "shown"})
    second.close()
    third = Stream(server, **me)
    time.sleep(0.5)
    assert third.frames == []
    third.close()


def test_a_message_is_taken_back_though_no_page_was_there_to_hear(tmp_path: Path, serve: Serve) -> None:
    """The purchase falls between two streams of a browser, as it does when the tab that holds the stream pays."""
    server = serve(project(tmp_path / "shop", {"for: 20s": "for: 2s"}), SHIPPED)
    me = somebody()
    stream = Stream(server, anonymous_id=me, write_key=server.keys.write)
    batch(server, *stall(anonymousId=me))
    shown = stream.wait_for("show")["id"]
    server.post("/v1/outcomes", {"decision_id": shown, "outcome": "shown"})
    stream.close()
    batch(server, event("Order Completed", {"revenue": 600}, anonymousId=me))
    again = Stream(server, anonymous_id=me, write_key=server.keys.write)
    assert again.wait_for("recall") == {"id": shown, "reason": "goal: Order Completed"}
    assert [kind for kind, _ in again.frames] == ["recall"]
    again.close()


def test_a_broken_edit_leaves_the_old_plan_running(tmp_path: Path, serve: Serve, context: BrowserContext) -> None:
    directory = project(tmp_path / "shop", {"for: 20s": "for: 2s"})
    server = serve(directory, SHIPPED)
    console = context.new_page()
    console.goto(server.url)
    plan = server.get("/v1/moments").json()["plan"]
    moment = directory / MOMENT
    line = 1 + moment.read_text().splitlines().index("    channel: onpage")
    replace(moment, {"    channel: onpage": "    chanel: onpage"})
    state = eventually(lambda: server.get("/v1/moments").json(), lambda state: bool(state["problems"]))
    errors = [one for one in state["problems"] if one["level"] == "error"]
    assert state["plan"] == plan and errors and {one["file"] for one in errors} == {MOMENT}
    assert any(one["line"] == line and "channel" in one["message"] for one in errors), errors
    expect(console.locator("#problems")).to_contain_text(f"{MOMENT}:{line}")
    assert "previous plan" in server.http.get("/readyz").json()["configuration"]
    me = somebody()
    stream = Stream(server, anonymous_id=me, write_key=server.keys.write)
    batch(server, *stall(anonymousId=me))
    assert stream.wait_for("show")["title"] == "Your cart is saved"
    replace(moment, {"    chanel: onpage": "    channel: onpage", "Your cart is saved": "Your machine waits"})
    state = eventually(lambda: server.get("/v1/moments").json(), lambda state: state["plan"] != plan)
    assert state["problems"] == [] and server.http.get("/readyz").json()["configuration"] == "ok"
    expect(console.locator("#problems")).to_be_hidden()
    stream.frames.clear()
    batch(server, event("Order Completed", anonymousId=me), *stall(anonymousId=me))
    assert stream.wait_for("show")["title"] == "Your machine waits"
    stream.close()
