"""docs/reference says what the code says, and every moment that a page shows is a moment the loop takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from journeyloop.adapters.config import load, read_texts, scaffold
from tests.docs.pages import PAGES, ROOT, Block, blocks
from tools.reference import stale

MOMENTS = [
    pytest.param(page, block, id=f"{page.relative_to(ROOT)}:{block.line}")
    for page in PAGES
    for block in blocks(page.read_text())
    if block.language == "yaml" and block.text.startswith("moment:")
]


def test_the_committed_reference_is_up_to_date() -> None:
    assert stale() == [], "run `make docs`"


def settings(page: Path) -> dict[str, str]:
    """The channels that a page configures for its moments."""
    shown = [block.text for block in blocks(page.read_text()) if block.info.endswith("/journeyloop.toml")]
    return {"journeyloop.toml": shown[-1]} if shown else {}


@pytest.mark.parametrize(("page", "block"), MOMENTS)
def test_a_shown_moment_loads_without_a_problem(page: Path, block: Block, tmp_path: Path) -> None:
    scaffold(tmp_path)
    name = block.text.splitlines()[0].removeprefix("moment:").strip()
    loaded = load(read_texts(tmp_path) | settings(page) | {f"moments/{name}.yaml": block.text})
    assert loaded.plan is not None and name in loaded.plan.moments
    assert [str(problem) for problem in loaded.problems if problem.file == f"moments/{name}.yaml"] == []
