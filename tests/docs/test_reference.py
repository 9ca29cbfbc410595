"""docs/reference says what the code says, and every moment that a page shows is a moment the loop takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from journeyloop.adapters.config import load, read_texts, scaffold
from tests.docs.pages import PAGES, ROOT, Block, blocks
from tools.reference import stale

MOMENTS = [
    pytest.param(block, page, id=f"{page.relative_to(ROOT)}:{block.line}")
    for page in PAGES
    for block in blocks(page.read_text())
    if block.language == "yaml" and block.text.startswith("moment:")
]


def test_the_committed_reference_is_up_to_date() -> None:
    assert stale() == [], "run `make docs`"


@pytest.mark.parametrize(("block", "page"), MOMENTS)
def test_a_shown_moment_loads_without_a_problem(block: Block, page: Path, tmp_path: Path) -> None:
    """With the settings that its page shows, if it shows any."""
    scaffold(tmp_path)
    name = block.text.splitlines()[0].removeprefix("moment:").strip()
    shown = [one.text for one in blocks(page.read_text()) if one.info == "file=shop/journeyloop.toml"]
    settings = {"journeyloop.toml": shown[0]} if shown else {}
    loaded = load(read_texts(tmp_path) | settings | {f"moments/{name}.yaml": block.text})
    assert loaded.plan is not None and name in loaded.plan.moments
    assert [str(problem) for problem in loaded.problems if problem.file == f"moments/{name}.yaml"] == []
