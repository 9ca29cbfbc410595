"""Typed access to one mapping of a file. A wrong or missing value is reported and a harmless one stands in for it, so
that reading goes on to the next problem; a plan with errors is never used."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import TypeVar

from journeyloop.adapters.config import notation
from journeyloop.adapters.config.report import Report, suggestion
from journeyloop.adapters.config.tree import Mapping, Node, Scalar, Sequence
from journeyloop.model.duration import duration

T = TypeVar("T")
LARGEST = 1_000_000_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class Section:
    """`path` is the dotted name of the mapping in messages. Keys that are not `known` are errors at once."""

    def __init__(self, node: Mapping, path: str, report: Report, known: Collection[str]) -> None:
        self.node = node
        self.path = path
        self.report = report
        for key, entry in node.entries.items():
            if key not in known:
                report.error(entry.line, f"unknown key {self.name(key)}{suggestion(key, {*known})}")

    def __contains__(self, key: str) -> bool:
        return key in self.node.entries

    def name(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def line(self, key: str) -> int:
        """The line of the key, or of the section if it is absent."""
        entry = self.node.entries.get(key)
        return entry.line if entry else self.node.line

    def error(self, key: str, message: str) -> None:
        self.report.error(self.line(key), f"{self.name(key)}: {message}")

    def warn(self, key: str, message: str) -> None:
        self.report.warn(self.line(key), f"{self.name(key)}: {message}")

    # --- scalars ----------------------------------------------------------------------------------------------------

    def scalar(self, key: str) -> Scalar | None:
        """The scalar at `key`; a mapping, a list or an empty value is reported."""
        entry = self.node.entries.get(key)
        if entry is None:
            return None
        if isinstance(entry.value, Scalar) and entry.value.value is not None:
            return entry.value
        self.error(key, "write a single value, or remove the key")
        return None

    def _read(self, key: str, read: Callable[[Scalar], T | None], default: T | None, instead: str, blank: T) -> T:
        if key not in self:
            if default is None:
                self.error(key, f"missing: write {instead}")
            return blank if default is None else default
        scalar = self.scalar(key)
        if scalar is None:
            return blank
        value = read(scalar)
        if value is None:
            self.report.error(scalar.line, f"{self.name(key)}: {_shown(scalar)} is not valid: write {instead}")
        return blank if value is None else value

    def text(self, key: str, default: str | None = None, example: str = "") -> str:
        """Text; without a default the key is required."""
        instead = f"text, for example `{key}: {example}`" if example else "text (in quotes if it looks like a number)"
        return self._read(
            key, lambda it: it.value if isinstance(it.value, str) and it.value else None, default, instead, ""
        )

    def identifier(self, key: str, example: str) -> str:
        """A required stable name: letters, digits, `_` and `-`."""
        instead = f"letters, digits, _ and - (at most 64), for example `{key}: {example}`"
        return self._read(key, lambda it: it.text if is_name(it) else None, None, instead, "")

    def number(self, key: str, default: float, above: bool = False) -> float:
        """A number >= 0 (> 0 if `above`), and no larger than sums of it can bear."""
        instead = f"a number {'above 0' if above else 'of 0 or more'}, at most {LARGEST}"
        return self._read(key, lambda it: _amount(it, above), default, instead, default)

    def integer(self, key: str, default: int | None, low: int, high: int) -> int:
        instead = f"a whole number from {low} to {high}"
        return self._read(key, lambda it: _whole(it, low, high), default, instead, low)

    def flag(self, key: str, default: bool) -> bool:
        return self._read(
            key, lambda it: it.value if isinstance(it.value, bool) else None, default, "true or false", default
        )

    def duration(self, key: str, default: int | None = None, positive: bool = True) -> int:
        """Milliseconds."""
        instead = "a duration such as 20s, 3m, 2h or 7d" + (", longer than 0" if positive else "")

        def read(it: Scalar) -> int | None:
            length = duration(it.text)
            return None if length == 0 and positive else length

        return self._read(key, read, default, instead, 1)

    def share(self, key: str, default: float) -> float:
        """A percentage as a number in [0, 1]."""
        return self._read(
            key, lambda it: notation.percentage(it.text), default, "a percentage from 0% to 100%", default
        )

    def choice(self, key: str, options: Collection[str], default: str | None = None) -> str:
        scalar = self.scalar(key)
        if scalar is not None and scalar.text in options:
            return scalar.text
        if scalar is not None:
            self.report.error(
                scalar.line, f"{self.name(key)}: unknown {_shown(scalar)}{suggestion(scalar.text, options)}"
            )
        elif key not in self and default is None:
            self.error(key, f"missing: write one of {', '.join(options)}")
        return default if default is not None else next(iter(options))

    # --- structure --------------------------------------------------------------------------------------------------

    def section(self, key: str, known: Collection[str]) -> Section | None:
        """The mapping at `key`, or None if it is absent or was reported."""
        entry = self.node.entries.get(key)
        if entry is None:
            return None
        return as_section(entry.value, self.name(key), self.report, known)

    def mapping(self, key: str) -> Mapping | None:
        """The mapping at `key` whose keys are names chosen by the author."""
        entry = self.node.entries.get(key)
        if entry is None:
            return None
        if isinstance(entry.value, Mapping):
            return entry.value
        self.error(key, "write keys and values")
        return None

    def items(self, key: str) -> tuple[Node, ...]:
        """The list at `key`; absent is empty."""
        entry = self.node.entries.get(key)
        if entry is None:
            return ()
        if isinstance(entry.value, Sequence):
            return entry.value.items
        self.error(key, "write a list: `[…]`, or one `- …` per line")
        return ()

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        found: list[str] = []
        for item in self.items(key):
            if isinstance(item, Scalar) and isinstance(item.value, str) and item.value:
                found.append(item.value)
            else:
                self.report.error(item.line, f"{self.name(key)}: write a list of names")
        return tuple(found)


def as_section(node: Node, path: str, report: Report, known: Collection[str]) -> Section | None:
    """A section over `node` if it is a mapping; otherwise a report."""
    if isinstance(node, Mapping):
        return Section(node, path, report, known)
    report.error(node.line, f"{path}: write keys and values ({', '.join(sorted(known))})")
    return None


def is_name(scalar: Scalar) -> bool:
    return isinstance(scalar.value, str) and _NAME.fullmatch(scalar.value) is not None


def _shown(scalar: Scalar) -> str:
    return scalar.text if len(scalar.text) <= 40 else scalar.text[:39] + "…"


def _amount(scalar: Scalar, above: bool) -> float | None:
    value = scalar.value
    if isinstance(value, bool | str) or value is None or not 0 <= value <= LARGEST:
        return None
    return None if above and value == 0 else float(value)


def _whole(scalar: Scalar, low: int, high: int) -> int | None:
    value = scalar.value
    return value if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high else None
