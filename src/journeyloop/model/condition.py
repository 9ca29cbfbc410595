"""Conditions: CEL text, split into clauses, evaluated over only the paths they read.

A condition only *permits*. A clause over a missing path or a wrong type is not true, with that as its reason; it never
raises. CEL is specified at https://github.com/google/cel-spec.

Converting whole maps into CEL costs 14-90 us, so `PathReader` copies just the paths that any listening condition reads
into one activation, which all of them share. It is made for the first that asks: the plainest clauses need no CEL.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

from cel_expr_python import cel
from msgspec import Struct

from journeyloop.model.expression import ROOTS, Path, Reading, comparisons, expression

Truth = Literal["true", "false", "missing", "type"]

_MAP = cel.Type.Map(cel.Type.STRING, cel.Type.DYN)
_ENV = cel.NewEnv(variables=dict.fromkeys(ROOTS, _MAP))


class ConditionError(ValueError):
    """The author's text is not a condition. `column` is 1-based within the text."""

    def __init__(self, message: str, column: int = 1) -> None:
        super().__init__(message)
        self.column = column


class Plain(Struct, frozen=True):
    """A clause that is a path alone, or a path compared with a number: most are, and CEL takes 3 us for one."""

    path: Path
    compare: Callable[[float, float], bool] | None = None
    number: float = 0

    def result(self, values: dict[str, Any]) -> bool | None:
        """What CEL would say, where that is plain; None: ask it."""
        value = look(values, self.path)
        if self.compare is None:
            return value if type(value) is bool else None
        if (type(value) is float or type(value) is int) and -EXACT <= value <= EXACT:
            return self.compare(value, self.number)
        return None


class Clause(Struct, frozen=True):
    """One conjunct: its text, its compiled program, the paths it reads and those it only tests with has()."""

    text: str
    program: Any
    paths: tuple[Path, ...]
    plain: Plain | None = None

    def truth(self, activation: Activation, values: dict[str, Any]) -> Truth:
        """Evaluate. `values` is the nested mapping the activation was made of, to tell missing from mistyped."""
        result = None if self.plain is None else self.plain.result(values)
        if result is None:
            result = self.program.eval(activation.cel).value()
        if result is True:
            return "true"
        if result is False:
            return "false"
        return "missing" if self.missing(values) else "type"

    def missing(self, values: dict[str, Any]) -> str | None:
        """The first path this clause reads that is absent, dotted."""
        return next((".".join(path) for path in self.paths if look(values, path) is ABSENT), None)


class Clauses(Struct, frozen=True):
    """A conjunction. Empty is true."""

    clauses: tuple[Clause, ...]

    def __bool__(self) -> bool:
        return bool(self.clauses)

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(dict.fromkeys(path for clause in self.clauses for path in clause.paths))

    @property
    def text(self) -> str:
        return " && ".join(clause.text for clause in self.clauses)

    def hold(self, activation: Activation, values: dict[str, Any]) -> bool:
        """Whether every clause is true."""
        return all(clause.truth(activation, values) == "true" for clause in self.clauses)

    def truths(self, activation: Activation, values: dict[str, Any]) -> list[Truth]:
        """The truth of each clause, in order: all are evaluated, since `why` shows each."""
        return [clause.truth(activation, values) for clause in self.clauses]

    def reason(self, truths: list[Truth], values: dict[str, Any]) -> str | None:
        """Why the conjunction is not true (`missing: path`, `type: clause`, `false: clause`), or None if it is."""
        for clause, truth in zip(self.clauses, truths, strict=True):
            if truth == "missing":
                return f"missing: {clause.missing(values)}"
            if truth != "true":
                return f"{truth}: {clause.text}"
        return None


def compile_condition(text: str) -> Clauses:
    """Compile CEL text into clauses.

    Raises:
        ConditionError: syntax, an unknown variable, or `!`/`!=` over a path that may be missing without `has()`.
    """
    _compile(text)
    parts = list(_conjuncts(text))
    clauses = tuple(_clause(part.strip()) for part in parts)
    _refuse_unguarded_negation(text)
    return Clauses(clauses)


class Activation:
    """`values` as CEL wants them; share it among all conditions of one (person, event)."""

    __slots__ = ("_cel", "_values")

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values
        self._cel: Any = None

    @property
    def cel(self) -> Any:
        if self._cel is None:
            self._cel = _ENV.Activation({root: self._values.get(root) or {} for root in ROOTS})
        return self._cel


ABSENT: Any = object()

EXACT = 1 << 53
"""Up to here whole numbers and floats compare in one way everywhere."""

_COMPARE = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt}
_PLAIN = re.compile(
    rf"((?:{'|'.join(ROOTS)})(?:\.[A-Za-z_]\w*)+)(?: *(>=|<=|>|<) *(-?[0-9]+(?:\.[0-9]+)?))?", re.ASCII
).fullmatch


def look(values: Any, path: Path) -> Any:
    """The value at `path` in nested mappings, or ABSENT."""
    for key in path:
        if type(values) is not dict:
            return ABSENT
        values = values.get(key, ABSENT)
    return values


class PathReader:
    """Copies chosen paths out of an event and a profile into one nested mapping."""

    __slots__ = ("event", "paths", "profile", "session")

    def __init__(self, paths: Iterable[Path]) -> None:
        self.paths = tuple(dict.fromkeys(paths))
        self.event = tuple(path[1:] for path in self.paths if path[0] == "event" and len(path) > 1)
        self.profile = tuple(dict.fromkeys(path[1] for path in self.paths if path[0] == "profile" and len(path) > 1))
        self.session = tuple(dict.fromkeys(path[1] for path in self.paths if path[0] == "session" and len(path) > 1))

    def event_values(self, event: Any) -> dict[str, Any]:
        """The wanted paths of one event, nested; absent ones are left out."""
        found: dict[str, Any] = {}
        for path in self.event:
            value = getattr(event, path[0], ABSENT)
            if len(path) > 1:
                value = look(value, path[1:])
            if value is ABSENT or value is None:
                continue
            into = found
            for key in path[:-1]:
                into = into.setdefault(key, {})
            into[path[-1]] = value
        return found


# --- reading the compiled expression -------------------------------------------------------------------------------


def _compile(text: str) -> Any:
    try:
        return _ENV.compile(text)
    except RuntimeError as error:
        found = re.search(r"ERROR: <input>:\d+:(\d+): (.*)", str(error))
        column, message = (int(found[1]), found[2]) if found else (1, str(error))
        raise ConditionError(re.sub(r" \(in container ''\)", "", message), column) from None


def _clause(text: str) -> Clause:
    program = _compile(text)
    found = Reading()
    found.walk(expression(program.serialize()))
    paths = tuple(path for path in dict.fromkeys(found.read) if path not in found.tested)
    return Clause(text=text, program=program, paths=paths, plain=_plain(text))


def _plain(text: str) -> Plain | None:
    """
    >>> _plain("event.properties.price >= 955.0").path
    ('event', 'properties', 'price')
    >>> _plain("event.properties.price >= profile.cart_value")
    """
    found = _PLAIN(text)
    if found is None:
        return None
    path, compare, number = found.groups()
    if compare is None:
        return Plain(tuple(path.split(".")))
    value = float(number) if "." in number else int(number)
    return Plain(tuple(path.split(".")), _COMPARE[compare], value) if -EXACT <= value <= EXACT else None


def all_paths(text: str) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """(paths read, paths tested with has()) of a condition: what `check` needs to name unknown ones."""
    found = Reading()
    found.walk(expression(_compile(text).serialize()))
    return tuple(dict.fromkeys(found.read)), tuple(dict.fromkeys(found.tested))


def all_comparisons(text: str) -> tuple[tuple[Path, float | None], ...]:
    """Each path a condition reads with the number it is compared with, None where it is used in any other way."""
    return tuple(dict.fromkeys(comparisons(expression(_compile(text).serialize()))))


def _refuse_unguarded_negation(text: str) -> None:
    found = Reading()
    found.walk(expression(_compile(text).serialize()))
    for path in found.negated:
        if path[0] == "event" and path not in found.tested:
            dotted = ".".join(path)
            raise ConditionError(f"{dotted} may be missing: write has({dotted}) && … before negating it")


def _conjuncts(text: str) -> Iterator[str]:
    """Split at top-level `&&`, respecting strings and brackets. A top-level `||` or `?` keeps the text whole."""
    depth, start, quote, cuts = 0, 0, "", []
    index = 0
    while index < len(text):
        char = text[index]
        if quote:
            if char == "\\":
                index += 1
            elif char == quote:
                quote = ""
        elif char in "\"'":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif depth == 0 and (text.startswith("||", index) or char == "?"):
            yield text
            return
        elif depth == 0 and text.startswith("&&", index):
            cuts.append(index)
            index += 1
        index += 1
    for cut in cuts:
        yield text[start:cut]
        start = cut + 2
    yield text[start:]
