"""The message templates of the files, checked when they are loaded and not when somebody waits for one.

Only the syntax and the names are checked here; `act` renders.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from jinja2 import StrictUndefined, TemplateError, meta, nodes
from jinja2.sandbox import SandboxedEnvironment

from journeyloop.adapters.config.report import Report, suggestion
from journeyloop.adapters.config.tree import Node, Scalar, scalars

_JINJA = SandboxedEnvironment(undefined=StrictUndefined, autoescape=True)
_JINJA.globals.clear()
LONGEST, LONGEST_HTML = 10_000, 100_000
"""Of one text; mail programs cut off an HTML mail that is longer."""


def check_templates(
    content: Node, path: str, known: frozenset[str], on_page: bool, report: Report, more: Collection[str] = ()
) -> None:
    """Report every text below `content` that would fail to render. `known` are the names of `profile.*`, `more` what
    can be named beside it."""
    for name, scalar in scalars(content, path):
        if isinstance(scalar.value, str):
            _check(scalar, name, known, on_page, report, more)


def _check(
    scalar: Scalar, name: str, known: frozenset[str], on_page: bool, report: Report, more: Collection[str]
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
    for root in sorted(meta.find_undeclared_variables(tree) - {"profile", *more}):
        report.error(
            scalar.line, f"{name}: unknown name {root}: messages read profile.*{suggestion(root, ['profile', *more])}"
        )
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
