"""README and docs are true: their examples run, their links lead somewhere, their moments load."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, Block, blocks, commands, links, matches
from tests.docs.workplace import Workplace

RUNNABLE = ("console", "python")


def label(page: Path) -> str:
    return str(page.relative_to(ROOT))


def examples(page: Path) -> list[Block]:
    return [block for block in blocks(page.read_text()) if not block.excuse]


SHOWN = [page for page in PAGES if any(block.language in RUNNABLE for block in examples(page))]
LINKED = [page for page in PAGES if links(page.read_text())]


@pytest.mark.parametrize("page", SHOWN, ids=label)
def test_examples_run(page: Path, tmp_path: Path) -> None:
    if find_spec("journeyloop.cli") is None:
        pytest.skip("the commands are not built yet")
    with Workplace(tmp_path) as workplace:
        for block in examples(page):
            workplace.run(block)


@pytest.mark.parametrize("page", LINKED, ids=label)
def test_links_lead_somewhere(page: Path) -> None:
    inside = [target.partition("#")[0] for target in links(page.read_text()) if "://" not in target]
    assert [target for target in inside if target and not (page.parent / target).exists()] == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        found = [(page.parent / target.partition("#")[0]).resolve() for target in links(page.read_text())]
        waiting += [target for target in found if target.suffix == ".md" and target in PAGES and target not in reached]
    assert [label(page) for page in PAGES if page not in reached] == []


def test_a_block_is_read_with_its_excuse_and_its_output() -> None:
    page = "text\n<!-- not run: why -->\n```console\n$ a b\none\n$ c\n```\n\n```yaml file=x.yaml\nk: v\n```\n"
    first, second = blocks(page)
    assert (first.language, first.line, first.excuse) == ("console", 3, "why")
    assert [(command.line, command.shown) for command in commands(first)] == [("a b", ("one",)), ("c", ())]
    assert (second.language, second.info, second.text, second.excuse) == ("yaml", "file=x.yaml", "k: v\n", "")


@pytest.mark.parametrize(
    ("shown", "output", "expected"),
    [
        ((), "anything", True),
        (("a …", "b"), "x\na 1\ny\nb\n", True),
        (("b", "a"), "a\nb\n", False),
        (("missing",), "other\n", False),
    ],
)
def test_shown_output_must_be_printed_in_order(shown: tuple[str, ...], output: str, expected: bool) -> None:
    assert matches(shown, output) is expected


def test_a_failing_example_would_be_caught(tmp_path: Path) -> None:
    with Workplace(tmp_path) as workplace, pytest.raises(AssertionError, match="exit 3"):
        workplace.run(Block("python", "", "import sys; sys.exit(3)", 1, ""))
    with Workplace(tmp_path) as workplace, pytest.raises(AssertionError, match="not ours to run"):
        workplace.run(Block("console", "", "$ rm -r x\n", 1, ""))
