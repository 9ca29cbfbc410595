"""Every policy that the documentation shows can be read."""

from __future__ import annotations

import pytest

from journeyloop.adapters.config.alternative import read_alternative
from tests.docs.pages import ROOT, blocks

SHOWN = [
    block.text
    for block in blocks((ROOT / "docs" / "how-to" / "evaluate-a-policy.md").read_text())
    if block.language == "yaml"
]


@pytest.mark.parametrize("text", SHOWN)
def test_a_policy_that_is_shown_can_be_read(text: str) -> None:
    assert read_alternative("policy.yaml", text)[1] == []


def test_some_are_shown() -> None:
    assert len(SHOWN) >= 5
