"""Which paths a compiled CEL expression reads: a walk over its checked syntax tree, nothing else.

`cel-expr-python` gives the tree only as serialized protobuf; the few message fields needed here are read from the wire
format directly (field numbers of cel/expr/syntax.proto).
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import unpack
from typing import Any

Path = tuple[str, ...]
ROOTS = ("event", "profile", "session")


class Reading:
    """Paths found in an expression tree (field numbers of cel/expr/syntax.proto)."""

    def __init__(self) -> None:
        self.read: list[Path] = []
        self.tested: list[Path] = []
        self.negated: list[Path] = []

    def walk(self, raw: bytes) -> None:
        path, tested = _path(raw)
        if path and path[0] in ROOTS:
            (self.tested if tested else self.read).append(path)
            if tested:
                self.read.append(path)
            return
        fields = dict(_fields(raw))
        if 6 in fields:
            self._call(fields[6])
            return
        for number in (5, 7, 8, 9):
            if number in fields:
                for inner in _nested(number, fields[number]):
                    self.walk(inner)

    def _call(self, raw: bytes) -> None:
        parts = list(_fields(raw))
        name = next((value.decode() for number, value in parts if number == 2), "")
        before = len(self.read)
        for number, value in parts:
            if number in (1, 3):
                self.walk(value)
        if name in ("!_", "_!=_"):
            self.negated += self.read[before:]


_COMPARING = ("_<_", "_<=_", "_>_", "_>=_", "_==_", "_!=_")


def comparisons(raw: bytes) -> Iterator[tuple[Path, float | None]]:
    """Each path read, with the number it is compared with; None where it is used in any other way."""
    path, tested = _path(raw)
    if path and path[0] in ROOTS:
        if not tested:
            yield path, None
        return
    fields = dict(_fields(raw))
    if 6 in fields:
        parts = list(_fields(fields[6]))
        children = [value for number, value in parts if number in (1, 3)]
        if dict(parts).get(2, b"").decode() in _COMPARING:
            yield from _compared(*children)
            return
    else:
        children = [inner for number in (5, 7, 8, 9) if number in fields for inner in _nested(number, fields[number])]
    for child in children:
        yield from comparisons(child)


def _compared(one: bytes, other: bytes) -> Iterator[tuple[Path, float | None]]:
    for side, against in ((one, other), (other, one)):
        path, _ = _path(side)
        if path and path[0] in ROOTS:
            yield path, _number(against)
        else:
            yield from comparisons(side)


def _number(raw: bytes) -> float | None:
    """The value if this node is a literal number (a constant's int64, uint64 or double)."""
    constant = dict(_fields(dict(_fields(raw)).get(3, b"")))
    if 3 in constant:
        signed: int = constant[3]
        return float(signed - (1 << 64) if signed >> 63 else signed)
    if 5 in constant:
        return float(unpack("<d", constant[5])[0])
    return float(constant[4]) if 4 in constant else None


_CHILDREN = {5: (1,), 7: (1,), 9: (2, 4, 5, 6, 7)}


def _nested(number: int, raw: bytes) -> Iterator[bytes]:
    for field, value in _fields(raw):
        if number == 8:
            if field == 2:
                yield from (inner for part, inner in _fields(value) if part in (3, 4))
        elif field in _CHILDREN[number]:
            yield value


def _path(raw: bytes) -> tuple[Path | None, bool]:
    """(dotted path, only tested?) if this node is an identifier, a selection or a constant index of one."""
    fields = dict(_fields(raw))
    if 4 in fields:
        return (dict(_fields(fields[4])).get(1, b"").decode(),), False
    if 5 in fields:
        select = dict(_fields(fields[5]))
        inner, _ = _path(select.get(1, b""))
        return (None if inner is None else (*inner, select[2].decode())), 3 in select
    if 6 in fields:
        parts = list(_fields(fields[6]))
        if (2, b"_[_]") in parts:
            target, index = [value for number, value in parts if number in (1, 3)]
            inner, _ = _path(target)
            key = dict(_fields(dict(_fields(index)).get(3, b""))).get(6)
            if inner is not None and isinstance(key, bytes):
                return (*inner, key.decode()), False
    return None, False


def expression(serialized: bytes) -> bytes:
    """The Expr inside Any(CheckedExpr), as `Expression.serialize()` gives it."""
    checked: bytes = dict(_fields(serialized))[2]
    found: bytes = dict(_fields(checked))[4]
    return found


def _fields(raw: bytes) -> Iterator[tuple[int, Any]]:
    """Protobuf wire format: (field number, bytes or int)."""
    at = 0
    while at < len(raw):
        key, at = _varint(raw, at)
        wire = key & 7
        if wire == 0:
            value: Any
            value, at = _varint(raw, at)
        else:
            size = {1: 8, 5: 4}.get(wire)
            if size is None:
                size, at = _varint(raw, at)
            value, at = raw[at : at + size], at + size
        yield key >> 3, value


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = raw[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
