"""The house rules that no linter knows: a kernel without clock or chance, short files, honest names.

Import contracts (who may import whom) are in pyproject.toml and run with `make check`; here lives what needs a look at
the syntax tree. Each rule is also tried on a planted offence, so that a rule that has gone blind fails.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "journeyloop"
KERNEL_PARTS = ("model", "detect", "interpret", "decide", "act", "learn", "insight")

SOURCES = sorted(PACKAGE.rglob("*.py"))
KERNEL = [path for part in KERNEL_PARTS for path in sorted((PACKAGE / part).rglob("*.py"))]
KERNEL += [path for path in [PACKAGE / "loop.py"] if path.exists()]

IMPURE_MODULES = frozenset(
    "asyncio concurrent http io lmdb logging multiprocessing os pathlib random secrets selectors shutil signal socket "
    "sqlite3 ssl starlette structlog subprocess sys tempfile threading time uuid uvicorn uvloop".split()
)
# `hash` and `id` differ from process to process: a replay would not repeat them.
IMPURE_CALLS = frozenset({"open", "input", "print", "hash", "id", "eval", "exec", "__import__", "breakpoint"})
CLOCKS = frozenset({"datetime", "date", "time"})

NEVER = frozenset(
    "manager managers service services helper helpers util utils utility utilities data handler handlers".split()
)


FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


def label(path: Path) -> str:
    return str(path.relative_to(ROOT))


def impurities(source: str) -> Iterator[str]:
    """Where the source reaches for clock, network, disk, chance or hidden state, as `line: what`."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found = [name.name for name in names if name.name.partition(".")[0] in IMPURE_MODULES]
            case ast.ImportFrom(module=str(module), names=names):
                found = [name.name for name in names if module.partition(".")[0] in IMPURE_MODULES]
            case ast.Call(func=ast.Name(id=name)):
                found = [name] if name in IMPURE_CALLS else []
            case ast.Attribute(
                value=ast.Name(id=base) | ast.Attribute(attr=base), attr="now" | "utcnow" | "today" as name
            ):
                found = [f"{base}.{name}"] if base in CLOCKS else []
            case ast.Attribute(value=ast.Name(id="np" | "numpy"), attr="random"):
                found = ["numpy.random"]
            case ast.Global(names=hidden):
                found = [f"assigns the global {name}" for name in hidden]
            case _:
                found = []
        for what in found:
            yield f"line {getattr(node, 'lineno', '?')}: {what}"


def words(name: str) -> list[str]:
    """`HTTPServer_run` → ["http", "server", "run"]."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]


def named(source: str) -> Iterator[tuple[int, str]]:
    """Every class and function name with its line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.ClassDef, *FUNCTION)):
            yield node.lineno, node.name


@pytest.mark.parametrize("path", KERNEL, ids=label)
def test_the_kernel_is_pure(path: Path) -> None:
    assert list(impurities(path.read_text())) == []


@pytest.mark.parametrize(
    "offence",
    [
        "import time",
        "import os.path",
        "from os import path",
        "def f():\n    from random import choice",
        "from datetime import datetime\ndatetime.now()",
        "import datetime\ndatetime.datetime.utcnow()",
        "from datetime import date\ndate.today()",
        "open('x')",
        "from uuid import uuid4",
        "import numpy as np\nnp.random.default_rng()",
        "hash('text')",
        "def f():\n    global count",
    ],
)
def test_an_impure_kernel_would_be_caught(offence: str) -> None:
    assert list(impurities(offence))


@pytest.mark.parametrize("innocent", ["frame.now", "def now(frame): ...", "moment.id", "from hashlib import blake2b"])
def test_a_pure_kernel_is_left_alone(innocent: str) -> None:
    assert not list(impurities(innocent))


@pytest.mark.parametrize("path", SOURCES, ids=label)
def test_files_are_short(path: Path) -> None:
    length = path.read_text().count("\n")
    assert length < (100 if path == PACKAGE / "loop.py" else 300)


@pytest.mark.parametrize("path", SOURCES, ids=label)
def test_functions_are_short(path: Path) -> None:
    """Seven lines is the aim and forty a smell; beyond fifty it is no longer a matter of taste."""
    functions = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, FUNCTION)]
    lengths = {f"line {node.lineno}: {node.name}": (node.end_lineno or 0) - node.lineno + 1 for node in functions}
    assert {name: length for name, length in lengths.items() if length > 50} == {}


@pytest.mark.parametrize("path", [path for path in SOURCES if path.stat().st_size], ids=label)
def test_a_file_opens_with_its_law(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


@pytest.mark.parametrize("path", SOURCES, ids=label)
def test_names_say_what_a_thing_is(path: Path) -> None:
    names = [(0, part) for part in path.relative_to(PACKAGE).with_suffix("").parts]
    names += named(path.read_text())
    assert [f"line {line}: {name}" for line, name in names if NEVER.intersection(words(name))] == []


@pytest.mark.parametrize("name", ["EventManager", "http_helpers", "parse_data", "Utils", "RequestHandler"])
def test_a_forbidden_name_would_be_caught(name: str) -> None:
    assert NEVER.intersection(words(name))


@pytest.mark.parametrize("name", ["database", "metadata", "Datum", "serve"])
def test_a_name_that_only_contains_the_letters_is_fine(name: str) -> None:
    assert not NEVER.intersection(words(name))
