"""Visitors for the browser tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One visitor's browser: own storage, own tabs."""
    visitor = browser.new_context()
    visitor.set_default_timeout(5_000)
    yield visitor
    visitor.close()
