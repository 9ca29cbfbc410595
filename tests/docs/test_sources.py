"""Every sources.yaml that the documentation shows can be read."""

from __future__ import annotations

import pytest

from journeyloop.adapters.config.load import load
from tests.docs.pages import ROOT, blocks
from tests.unit.config.examples import small

PAGE = (ROOT / "docs" / "how-to" / "connect-stripe-shopify-and-others.md").read_text()
SHOWN = [block.text for block in blocks(PAGE) if block.language == "yaml"]


@pytest.mark.parametrize("text", SHOWN)
def test_sources_that_are_shown_can_be_read(text: str) -> None:
    loaded = load(small() | {"sources.yaml": text})
    assert loaded.problems == [] and loaded.sources


def test_some_are_shown() -> None:
    assert len(SHOWN) >= 2
