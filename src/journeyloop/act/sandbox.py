"""Where templates run: nothing can be called, a loop has an end, and no text grows beyond what a message may hold.

A template that could do more is refused when it is parsed, which is when the configuration is checked. With `html`
every value is escaped and nothing can say that it is safe; else the text is text.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateRuntimeError, TemplateSyntaxError, nodes, pass_context
from jinja2 import pass_eval_context as pass_eval
from jinja2.filters import FILTERS, do_join, do_replace
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer
from msgspec import Struct

LARGEST = 256 * 1024
"""Characters of one text; what is rendered of a message has no more bytes."""

MOST_STEPS = 10_000
FILTER_NAMES = (
    "abs", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "first", "float", "groupby", "int",
    "items", "last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "reverse", "round",
    "select", "selectattr", "sort", "string", "striptags", "sum", "title", "trim", "truncate", "unique", "upper",
    "urlencode", "wordcount",
)  # fmt: skip
STEPS = " steps"
"""No name that a template could read."""


class Steps(Struct):
    """How often loops of one rendering have gone round."""

    taken: int = 0


@pass_context
def _each(context: Context, items: Any) -> Iterator[Any]:
    steps = context[STEPS]
    for item in items:
        steps.taken += 1
        if steps.taken > MOST_STEPS:
            raise TemplateRuntimeError(f"loops go round more than {MOST_STEPS:,} times")
        yield item


@pass_eval
def _join(context: Any, value: Any, d: str = "", attribute: Any = None) -> Any:
    parts = list(value)
    _sized(len(str(d)) * len(parts) + (0 if attribute else sum(len(str(part)) for part in parts)))
    return do_join(context, parts, d, attribute)


@pass_eval
def _together(context: Any, parts: list[Any]) -> Any:
    return _join(context, parts)


@pass_eval
def _replace(context: Any, text: str, old: str, new: str) -> Any:
    _sized(len(str(text)) + (len(str(text)) if not old else str(text).count(old)) * len(str(new)))
    return do_replace(context, text, old, new)


def _sized(size: int) -> None:
    if size > LARGEST:
        raise TemplateRuntimeError(f"longer than {LARGEST // 1024} KiB")


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        if not numbers or operator == "**":
            raise TemplateRuntimeError(f"{operator} is for numbers: put texts together with ~")
        return super().call_binop(context, operator, left, right)


def _sandbox(html: bool) -> _Sandbox:
    made = _Sandbox(undefined=StrictUndefined, autoescape=html)
    made.globals.clear()
    made.filters = {name: FILTERS[name] for name in FILTER_NAMES}
    made.filters |= {"join": _join, "replace": _replace, " each": _each, " together": _together}
    return made


_SANDBOXES = {html: _sandbox(html) for html in (False, True)}
_REFUSED: dict[type[nodes.Node], str] = {
    nodes.Call: "nothing can be called: use a filter",
    nodes.Macro: "a message has no macros",
    nodes.CallBlock: "a message has no macros",
    nodes.AssignBlock: "write {% set name = … %}",
    nodes.FilterBlock: "use the filter where the value stands",
    nodes.ScopedEvalContextModifier: "whether values are escaped is not for the template to say",
    nodes.Include: "a message is one template: write its text here",
    nodes.Import: "a message is one template: write its text here",
    nodes.FromImport: "a message is one template: write its text here",
    nodes.Extends: "a message is one template: write its text here",
    nodes.Block: "a message is one template: write its text here",
}


class _Bounded(NodeTransformer):
    """Loops are counted, and texts that are put together are measured."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - jinja2's own name
        self.generic_visit(node)
        if node.recursive:
            raise TemplateSyntaxError("a loop is not recursive", node.lineno)
        node.iter = _filter(node.iter, " each", node)  # type: ignore[arg-type]
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _filter(nodes.List(node.nodes, lineno=node.lineno), " together", node)


def _filter(value: nodes.Expr, name: str, node: nodes.Node) -> nodes.Filter:
    return nodes.Filter(value, name, [], [], None, None, lineno=node.lineno)


def parse(text: str, html: bool = False) -> nodes.Template:
    """The template's tree as it was written. Raises jinja2.TemplateError: it is no template, or may not be one."""
    tree = _SANDBOXES[html].parse(text)
    for node in tree.find_all(tuple(_REFUSED)):
        raise TemplateSyntaxError(_REFUSED[type(node)], node.lineno)
    return tree


@lru_cache(maxsize=2048)
def template(text: str, html: bool = False) -> Template:
    """Raises as `parse`."""
    sandbox = _SANDBOXES[html]
    tree = _Bounded().visit(parse(text, html))
    tree.set_environment(sandbox)
    return Template.from_code(sandbox, sandbox.compile(tree), {})


def fill(text: str, variables: dict[str, Any], html: bool = False) -> str:
    """The text with its variables. Raises TemplateError, or whatever a filter does with what it does not take."""
    parts, size = [], 0
    for part in template(text, html).generate({**variables, STEPS: Steps()}):
        size += len(part)
        _sized(size)
        parts.append(part)
    return "".join(parts)
