"""Visitors for the browser tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page


def watched(context: BrowserContext, forgiven: str = "\0") -> Iterator[Page]:
    """A page on which nothing may go wrong: no script error, no blocked resource; but for what says `forgiven`."""
    wrong: list[str] = []
    made = context.new_page()
    made.on("pageerror", lambda error: wrong.append(str(error)))
    made.on(
        "console", lambda said: wrong.append(said.text) if said.type == "error" and forgiven not in said.text else None
    )
    yield made
    assert wrong == []


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One visitor's browser: own storage, own tabs."""
    visitor = browser.new_context()
    visitor.set_default_timeout(5_000)
    yield visitor
    visitor.close()
