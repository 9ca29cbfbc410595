"""A Markdown table. Columns are separated by ` | ` in the head and in each row."""

from __future__ import annotations

from collections.abc import Iterator


def table(head: str, rows: list[str]) -> Iterator[str]:
    yield f"| {head} |"
    yield "|" + "---|" * (head.count(" | ") + 1)
    yield from (f"| {row} |" for row in rows)
