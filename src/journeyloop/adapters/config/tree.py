"""Text to a tree of nodes that know their lines. Strict YAML 1.2 core schema: `22:00` and `NO` are text.

Built from parser events, because the library's own resolver accepts more than YAML 1.2 does (dates, `1_000`) and its
constructor forgets lines. Anchors, tags, directives and duplicate keys are refused: a file says what it means, once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from journeyloop.adapters.config.report import Report

DEEPEST = 32


class Scalar(Struct, frozen=True):
    """`text` as written, `value` as the core schema reads it, `line` where its text begins (1-based)."""

    value: str | int | float | bool | None
    text: str
    line: int


class Sequence(Struct, frozen=True):
    items: tuple[Node, ...]
    line: int


class Entry(Struct, frozen=True):
    """A value and the line of its key."""

    line: int
    value: Node


class Mapping(Struct, frozen=True):
    entries: dict[str, Entry]
    line: int


Node = Scalar | Sequence | Mapping


class Refused(Exception):
    """This text is no tree. Never leaves this folder: `parse_yaml` turns it into a problem."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def parse_yaml(text: str, report: Report) -> Mapping | None:
    """The mapping a file holds (empty for an empty file), or None after reporting why there is none."""
    try:
        root = _document(text)
        if isinstance(root, Mapping):
            return root
        report.error(root.line, "write keys and values here, for example `title: …`")
    except Refused as refused:
        report.error(refused.line, str(refused))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        report.error(mark.line + 1 if mark else 1, f"not YAML: {error.problem or error.context}")
    except Exception as error:
        # The parser has more ways to fail on hostile text than it documents (ReaderError, IndexError, ValueError, …).
        report.error(1, f"not YAML: {type(error).__name__}")
    return None


def plain(node: Node) -> Any:
    """The node as dicts, lists and scalars."""
    match node:
        case Scalar():
            return node.value
        case Sequence():
            return [plain(item) for item in node.items]
        case Mapping():
            return {key: plain(entry.value) for key, entry in node.entries.items()}


def scalars(node: Node, name: str) -> Iterator[tuple[str, Scalar]]:
    """Every scalar below `node` with its dotted name."""
    match node:
        case Scalar():
            yield name, node
        case Sequence():
            for item in node.items:
                yield from scalars(item, name)
        case Mapping():
            for key, entry in node.entries.items():
                yield from scalars(entry.value, f"{name}.{key}")


# --- from events ----------------------------------------------------------------------------------------------------


def _document(text: str) -> Node:
    events: Iterator[Any] = YAML(typ="safe", pure=True).parse(text)
    root: Node | None = None
    for event in events:
        if isinstance(event, DocumentStartEvent):
            _refuse_directives(event)
            if root is not None:
                raise Refused(_line(event), "a file holds one document: remove the `---`")
            root = _node(next(events), events, 1)
    return root if root is not None else Mapping({}, 1)


def _refuse_directives(event: Any) -> None:
    if event.version or event.tags:
        raise Refused(_line(event), "remove the % directive: files are YAML 1.2")


def _node(event: Any, events: Iterator[Any], depth: int) -> Node:
    if isinstance(event, AliasEvent) or event.anchor:
        raise Refused(
            _line(event), "anchors and aliases (& and *) are not read: write the value out, or quote the text"
        )
    if event.tag:
        raise Refused(_line(event), f"tags are not read: remove {event.tag}, or quote the text")
    if depth > DEEPEST:
        raise Refused(_line(event), f"nested deeper than {DEEPEST} levels")
    if isinstance(event, ScalarEvent):
        return _scalar(event)
    if isinstance(event, SequenceStartEvent):
        return Sequence(tuple(_items(events, depth)), _line(event))
    assert isinstance(event, MappingStartEvent)
    return Mapping(_entries(events, depth), _line(event))


def _items(events: Iterator[Any], depth: int) -> Iterator[Node]:
    for event in events:
        if isinstance(event, SequenceEndEvent):
            return
        yield _node(event, events, depth + 1)


def _entries(events: Iterator[Any], depth: int) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for event in events:
        if isinstance(event, MappingEndEvent):
            break
        key = _node(event, events, depth + 1)
        if not isinstance(key, Scalar) or not isinstance(key.value, str):
            raise Refused(_line(event), "a key is text: put it in quotes")
        if key.value in entries:
            raise Refused(key.line, f"duplicate key {key.value} (first on line {entries[key.value].line}): remove one")
        entries[key.value] = Entry(key.line, _node(next(events), events, depth + 1))
    return entries


def _scalar(event: Any) -> Scalar:
    text: str = event.value
    line = _line(event) + (event.style in ("|", ">"))
    if re.search("[\0\ud800-\udfff]", text):
        raise Refused(line, "a NUL or half a surrogate pair is not text: remove it")
    return Scalar(_resolve(text, line) if event.implicit[0] else text, text, line)


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


_CONSTANTS: dict[str, bool | float | None] = (
    dict.fromkeys(("", "~", "null", "Null", "NULL"), None)
    | dict.fromkeys(("true", "True", "TRUE"), True)
    | dict.fromkeys(("false", "False", "FALSE"), False)
    | dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan"))
    | {sign + word: float(sign + "inf") for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")}
)
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


def _resolve(text: str, line: int) -> str | int | float | bool | None:
    """The tag resolution of YAML 1.2.2, section 10.3.2."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        if len(text) > 20:
            raise Refused(line, "a number of more than 20 digits: put it in quotes")
        return int(text, 0) if text.startswith(("0o", "0x")) else int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
