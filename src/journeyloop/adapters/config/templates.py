"""The message templates of the files, checked when they are loaded and not when somebody waits for one.

Only the syntax and the names are checked here; `act` renders.
"""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import StrictUndefined, TemplateError, meta, nodes
from jinja2.sandbox import SandboxedEnvironment

from journeyloop.adapters.config.report import Report, suggestion
from journeyloop.adapters.config.tree import Node, Scalar, scalars

_JINJA = SandboxedEnvironment(undefined=StrictUndefined, autoescape=True)
_JINJA.globals.clear()
WAY_OUT = "unsubscribe_url"
LONGEST, LONGEST_HTML = 10_000, 100_000
"""Of one text; mail programs cut off an HTML mail that is longer."""


def check_templates(
    content: Node, path: str, known: frozenset[str], on_page: bool, report: Report, event: bool = False,
    way_out: bool = False,
) -> None:  # fmt: skip
    """Report every text below `content` that would fail to render. `known` are the names of `profile.*`; `event`: it
    reads the event too, `way_out`: the link that ends such messages."""
    roots = ("profile", *(("event",) if event else ()), *((WAY_OUT,) if way_out else ()))
    for name, scalar in scalars(content, path):
        if isinstance(scalar.value, str):
            _check(scalar, name, known, on_page, report, roots)


def paths_of(text: str) -> Iterator[tuple[str, ...]]:
    """The longest dotted paths that a text reads; none of one that is no template."""
    try:
        found = [path for node in _JINJA.parse(text).find_all(nodes.Getattr) if (path := _path(node))]
    except (TemplateError, RecursionError):
        return
    yield from (one for one in found if not any(one == two[: len(one)] for two in found if len(two) > len(one)))


def _path(node: nodes.Node) -> tuple[str, ...]:
    """The names of `a.b.c`; empty if it does not begin with a name."""
    if isinstance(node, nodes.Name):
        return (node.name,)
    start = _path(node.node) if isinstance(node, nodes.Getattr) else ()
    return (*start, node.attr) if start and isinstance(node, nodes.Getattr) else ()


def _check(
    scalar: Scalar, name: str, known: frozenset[str], on_page: bool, report: Report, roots: tuple[str, ...]
) -> None:
    try:
        longest = LONGEST_HTML if name.endswith(".html") else LONGEST
        if len(scalar.text) > longest:
            raise TemplateError(f"longer than {longest} characters")
        tree = _JINJA.parse(scalar.text)
        _JINJA.compile(tree)
    except (TemplateError, RecursionError) as error:
        line = scalar.line + (getattr(error, "lineno", None) or 1) - 1
        report.error(line, f"{name}: not a template: {getattr(error, 'message', None) or type(error).__name__}")
        return
    if any(meta.find_referenced_templates(tree)):
        report.error(scalar.line, f"{name}: a message is one template: write its text here")
    for root in sorted(meta.find_undeclared_variables(tree) - {*roots}):
        read = " and ".join(one if one == WAY_OUT else f"{one}.*" for one in roots)
        report.error(scalar.line, f"{name}: unknown name {root}: messages read {read}{suggestion(root, roots)}")
    bare = dict.fromkeys(_bare(tree))
    for field in dict.fromkeys(_fields(tree)):
        if field not in known:
            report.error(scalar.line, f"{name}: unknown name profile.{field}{suggestion(field, known)}")
        elif on_page and field in bare:
            report.warn(
                scalar.line,
                f"{name}: profile.{field} without a default, so unsigned visitors see nothing: "
                f"write {{{{ profile.{field} | default('…') }}}}",
            )


def _fields(tree: nodes.Node) -> Iterator[str]:
    """The names read from `profile`, in order of appearance."""
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        field = _field(node)
        if field is not None:
            yield field


def _bare(tree: nodes.Node) -> Iterator[str]:
    """Those read at least once without `| default(…)`, unless the template asks `is defined`."""
    guarded = {id(node.node) for node in tree.find_all(nodes.Filter) if node.name in ("default", "d")}
    tests = [node.node for node in tree.find_all(nodes.Test) if node.name in ("defined", "undefined")]
    asked = {_field(node) for node in tests}
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        field = _field(node)
        if field is not None and field not in asked and id(node) not in guarded:
            yield field


def _field(node: nodes.Node) -> str | None:
    """X if the node is `profile.X` or `profile["X"]`."""
    if not isinstance(node, nodes.Getattr | nodes.Getitem):
        return None
    if not isinstance(node.node, nodes.Name) or node.node.name != "profile":
        return None
    if isinstance(node, nodes.Getattr):
        return node.attr
    return node.arg.value if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str) else None
