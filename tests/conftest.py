"""What all tests share: how hard hypothesis tries (`make sim` tries harder, with new examples each time), and the
Chromium of the browser tests, in one place because Playwright runs only once in a thread.

Without a Chromium the tests that need one are skipped, except where CI is set.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]

# No deadline: a slow machine is not a wrong result.
calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("test", calm, derandomize=True)
settings.register_profile("sim", calm, max_examples=5_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "test"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A system Chromium that reaches this machine and nothing else.

    It ends with its module: while Playwright runs in a thread, asyncio cannot.
    """
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no Chromium on this machine")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield found
        found.close()
