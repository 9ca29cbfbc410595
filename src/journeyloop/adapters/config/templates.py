"""The message templates of the files, checked when they are loaded and not when somebody waits for one.

Only the syntax and the names are checked here; `act` renders.
"""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import TemplateError, meta, nodes
from msgspec import Struct

from journeyloop.act import sandbox
from journeyloop.adapters.config.markup import unquoted
from journeyloop.adapters.config.report import Report, suggestion
from journeyloop.adapters.config.tree import Node, Scalar, scalars
from journeyloop.model.goods import LISTS, PRODUCT

LONGEST = 10_000
LONGEST_HTML = 100_000
ROOTS = ("profile", *LISTS, "coupon", "unsubscribe_url")


class Reading(Struct, frozen=True):
    """What a template may read: the names of `profile.*`, a coupon if its action has one, where to unsubscribe if it
    goes to an e-mail address. `on_page`: a browser that nobody vouches for sees no profile."""

    profile: frozenset[str]
    on_page: bool
    coupon: bool
    mailed: bool
    roots: tuple[str, ...] = ROOTS


def check_templates(
    content: Node, path: str, known: frozenset[str], on_page: bool, report: Report, event: bool = False
) -> None:
    """Report every text below `content` that would fail to render. `known` are the names of `profile.*`; `event`: it
    reads the event too. These are no messages: they read nothing else."""
    reading = Reading(known, on_page, False, False, ("profile", "event") if event else ("profile",))
    for name, scalar in scalars(content, path):
        if isinstance(scalar.value, str):
            check_template(scalar, name, reading, False, report)


def paths_of(text: str) -> Iterator[tuple[str, ...]]:
    """The longest dotted paths that a text reads; none of one that is no template."""
    try:
        found = [path for node in sandbox.parse(text).find_all(nodes.Getattr) if (path := _path(node))]
    except (TemplateError, RecursionError):
        return
    yield from (one for one in found if not any(one == two[: len(one)] for two in found if len(two) > len(one)))


def _path(node: nodes.Node) -> tuple[str, ...]:
    """The names of `a.b.c`; empty if it does not begin with a name."""
    if isinstance(node, nodes.Name):
        return (node.name,)
    start = _path(node.node) if isinstance(node, nodes.Getattr) else ()
    return (*start, node.attr) if start and isinstance(node, nodes.Getattr) else ()


def check_template(scalar: Scalar, name: str, reading: Reading, html: bool, report: Report) -> set[str]:
    """Report whatever would fail to render; the names it reads beside the profile, and `price`."""
    try:
        if len(scalar.text) > (LONGEST_HTML if html else LONGEST):
            raise TemplateError(f"longer than {LONGEST_HTML if html else LONGEST} characters")
        tree = sandbox.parse(scalar.text, html)
        sandbox.template(scalar.text, html)
    except (TemplateError, RecursionError) as error:
        line = scalar.line + (getattr(error, "lineno", None) or 1) - 1
        report.error(line, f"{name}: not a template: {getattr(error, 'message', None) or type(error).__name__}")
        return set()
    if html and (why := unquoted(tree)) is not None:
        report.error(scalar.line, f"{name}: {why}")
    read = meta.find_undeclared_variables(tree)
    _check_roots(scalar, name, read, reading, report)
    _check_profile(scalar, name, tree, reading, report)
    for field in dict.fromkeys(_product_fields(tree)):
        if field not in PRODUCT:
            report.error(scalar.line, f"{name}: a product has no {field}{suggestion(field, PRODUCT)}")
    priced = {"price"} if any(node.value == "price" for node in tree.find_all(nodes.Const)) else set()
    return (read - {"profile"}) | priced | ({"price"} & set(_attributes(tree)))


def _check_roots(scalar: Scalar, name: str, read: set[str], reading: Reading, report: Report) -> None:
    roots = reading.roots
    for root in sorted(read - set(roots)):
        names = [f"{one}.*" if one in ("profile", "event") else one for one in roots]
        known = f"{', '.join(names[:-1])} and {names[-1]}"
        report.error(scalar.line, f"{name}: unknown name {root}: messages read {known}{suggestion(root, roots)}")
    if "coupon" in read and not reading.coupon:
        report.error(scalar.line, f"{name}: coupon: the action has none: write coupon: pool:NAME beside content")
    if "unsubscribe_url" in read and not reading.mailed:
        report.error(scalar.line, f"{name}: unsubscribe_url: only in an e-mail")


def _check_profile(scalar: Scalar, name: str, tree: nodes.Template, reading: Reading, report: Report) -> None:
    known, bare = reading.profile, dict.fromkeys(_bare(tree))
    for field in dict.fromkeys(_fields(tree)):
        if field not in known:
            report.error(scalar.line, f"{name}: unknown name profile.{field}{suggestion(field, known)}")
        elif reading.on_page and field in bare:
            report.warn(
                scalar.line,
                f"{name}: profile.{field} without a default, so unsigned visitors see nothing: "
                f"write {{{{ profile.{field} | default('…') }}}}",
            )


def _product_fields(tree: nodes.Node) -> Iterator[str]:
    """What is read of the products that loops go over, or of one of them."""
    names = {
        node.target.name
        for node in tree.find_all(nodes.For)
        if isinstance(node.target, nodes.Name) and _source(node.iter) in LISTS
    }
    for node in tree.find_all(nodes.Getattr):
        of = node.node
        if (isinstance(of, nodes.Name) and of.name in names) or (
            isinstance(of, nodes.Getitem | nodes.Filter) and _source(of) in LISTS and not _groups(of)
        ):
            yield node.attr


def _source(node: nodes.Node | None) -> str | None:
    """The name that an expression begins with."""
    while isinstance(node, nodes.Filter | nodes.Getitem):
        if _groups(node):
            return None
        node = node.node
    return node.name if isinstance(node, nodes.Name) else None


def _groups(node: nodes.Node) -> bool:
    """Whether it makes something else of the products."""
    return isinstance(node, nodes.Filter) and node.name in ("groupby", "map", "items", "dictsort")


def _attributes(tree: nodes.Node) -> Iterator[str]:
    return (node.attr for node in tree.find_all(nodes.Getattr))


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
