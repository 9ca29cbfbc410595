"""Reading README and docs: pages, their fenced blocks and links. Nothing is run here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])

FENCE = re.compile(r"^```(?P<language>\w*) *(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
EXCUSE = re.compile(r"<!-- not run: (?P<reason>[^\n]+) -->\n\Z")
LINK = re.compile(r"(?<!\\)\[[^\]]*\]\((?P<target>[^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block. `excuse` is why it is not run, empty if it is; `line` is its first line in the page, from 1."""

    language: str
    info: str
    text: str
    line: int
    excuse: str


@dataclass(frozen=True)
class Command:
    """A `$ …` line of a console block and the output lines shown below it. `…` in them stands for anything."""

    line: str
    shown: tuple[str, ...]


def blocks(page: str) -> Iterator[Block]:
    for found in FENCE.finditer(page):
        excuse = EXCUSE.search(page, 0, found.start())
        yield Block(
            language=found["language"],
            info=found["info"],
            text=found["text"],
            line=page.count("\n", 0, found.start()) + 1,
            excuse=excuse["reason"] if excuse else "",
        )


def commands(block: Block) -> list[Command]:
    """The commands of a console block. Raises ValueError if output comes before any command."""
    found: list[list[str]] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append([line[2:]])
        elif not found:
            raise ValueError(f"line {block.line}: a console block starts with `$ `")
        else:
            found[-1].append(line)
    return [Command(lines[0], tuple(lines[1:])) for lines in found]


def prose(page: str) -> str:
    """The page without its fenced blocks."""
    return FENCE.sub("", page)


def links(page: str) -> list[str]:
    """Targets of links and pictures, in order, without those inside blocks."""
    return [found["target"] for found in LINK.finditer(prose(page))]


def matches(shown: tuple[str, ...], output: str) -> bool:
    """Whether the shown lines appear in the output, in this order."""
    lines = iter(output.splitlines())
    return all(any(re.fullmatch(_pattern(want), line.rstrip()) for line in lines) for want in shown if want.strip())


def _pattern(line: str) -> str:
    return ".*".join(re.escape(part) for part in line.rstrip().split("…"))
