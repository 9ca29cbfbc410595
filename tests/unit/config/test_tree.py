"""Strict YAML 1.2: what is text stays text, and what is ambiguous is refused with its line."""

from __future__ import annotations

from typing import Any

import pytest

from journeyloop.adapters.config.report import Report
from journeyloop.adapters.config.tree import Mapping, Scalar, parse_yaml, plain
from journeyloop.model.plan import Problem


def parsed(text: str) -> tuple[Any, list[Problem]]:
    problems: list[Problem] = []
    root = parse_yaml(text, Report("a.yaml", problems))
    return (None if root is None else plain(root)), problems


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("22:00", "22:00"),
        ("NO", "NO"),
        ("yes", "yes"),
        ("on", "on"),
        ("2026-12-01", "2026-12-01"),
        ("1_000", "1_000"),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("true", True),
        ("True", True),
        ("'true'", "true"),
        ("~", None),
        ("", None),
        ("'7'", "7"),
        ("-.inf", float("-inf")),
        ("=", "="),
    ],
)
def test_plain_scalars_follow_the_core_schema(written: str, read: object) -> None:
    root, problems = parsed(f"key: {written}")
    assert not problems
    assert root == {"key": read}
    assert type(root["key"]) is type(read)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: 2\na: 3", 3, "duplicate key a (first on line 1)"),
        ("a: {b: 1, c: 2, b: 3}", 1, "duplicate key b"),
        ("a: 1\nb: &x 2", 2, "anchors and aliases"),
        ("a: 1\nb: *x", 2, "anchors and aliases"),
        ("a: 1\n\nb: !!str 2", 3, "tags are not read"),
        ("a: 1\n---\nb: 2", 2, "a file holds one document"),
        ("%YAML 1.1\n---\na: 1", 2, "remove the % directive"),
        ("a: 1\n2: b", 2, "a key is text"),
        ("a: 1\n[b]: c", 2, "a key is text"),
        ("a:\n\t- b", 2, "not YAML"),
        ("a: 1\nb: [1, 2", 2, "not YAML"),
        ("- a\n- b", 1, "write keys and values"),
        ('a: 1\nb: "\\0"', 2, "NUL"),
        ('a: 1\nb: "\\ud800"', 2, "surrogate"),
        ("a: 1\nb: " + "9" * 21, 2, "more than 20 digits"),
        ("a: " + "[" * 40 + "]" * 40, 1, "nested deeper than 32"),
        ("a: \0", 1, "not YAML"),
    ],
)
def test_what_is_refused(text: str, line: int, message: str) -> None:
    root, (problem,) = parsed(text)
    assert root is None
    assert (problem.file, problem.line, problem.level) == ("a.yaml", line, "error")
    assert message in problem.message


def test_an_empty_file_is_an_empty_mapping() -> None:
    assert parsed("") == ({}, [])
    assert parsed("# only a comment\n") == ({}, [])


def test_a_block_text_begins_on_the_line_after_its_sign() -> None:
    root = parse_yaml("a: 1\nb: |\n  first\n  second\n", Report("a.yaml", []))
    assert isinstance(root, Mapping)
    assert root.entries["b"].line == 2
    assert root.entries["b"].value == Scalar("first\nsecond\n", "first\nsecond\n", 3)
