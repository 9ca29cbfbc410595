"""The page of a preview in a real Chromium: it shows the message, and nothing in it runs or calls anybody."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, expect

from journeyloop.adapters.http.sheet import PREVIEW_HEADERS, sheet

pytestmark = pytest.mark.browser
EVIL = "<p>Hello</p><img src=no.png onerror='document.title=1'><script>document.title = 2; fetch('/x')</script>"
TOLD = {
    "moment": "now", "action": "letter", "channel": "mail", "language": None, "html": ["html"], "reason": "",
    "content": {"subject": "<b>Hi</b>", "html": EVIL, "button": {"label": "Go", "url": "https://shop.example/"}},
    "missing": [], "filled": {},
}  # fmt: skip


def test_it_shows_the_message_and_runs_nothing(context: BrowserContext) -> None:
    asked: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.route(
        "https://loop.example/preview",
        lambda route: route.fulfill(body=sheet(TOLD), content_type="text/html", headers=PREVIEW_HEADERS),
    )
    page.goto("https://loop.example/preview")
    expect(page.locator("header")).to_contain_text("Preview, not sent.")
    expect(page.locator("dd").first).to_have_text("<b>Hi</b>")
    expect(page.frame_locator("iframe").locator("p")).to_have_text("Hello")
    assert page.title() == "Preview: now/letter · mail · as written"
    assert not [url for url in asked if url == "https://loop.example/x"]
