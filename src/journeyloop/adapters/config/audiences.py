"""audiences.yaml → the names it adds to `profile.*`.

A plain declaration, `tier: {type: string}`, makes a trait stated by identify calls usable in conditions. Computed
traits and audiences are of the format but not of this version.
"""

from __future__ import annotations

from journeyloop.adapters.config.report import Report
from journeyloop.adapters.config.section import Section, as_section
from journeyloop.adapters.config.tree import Mapping, Node
from journeyloop.model.profile import PROFILE

_COMPUTED = ("sum", "count", "avg", "min", "max", "first", "last", "unique", "of", "within", "where", "value")
_TYPES = ("string", "number", "boolean", "list", "object")


def read_audiences(root: Mapping, report: Report) -> frozenset[str]:
    """Every trait name of the file, computed ones included: conditions may speak of them."""
    section = Section(root, "", report, ("traits", "audiences"))
    traits = section.mapping("traits")
    audiences = section.mapping("audiences")
    for name, entry in audiences.entries.items() if audiences else ():
        _check_audience(name, entry.value, entry.line, report)
    found = traits.entries if traits else {}
    return frozenset(name for name, entry in found.items() if _declares(name, entry.value, entry.line, report))


def _declares(name: str, node: Node, line: int, report: Report) -> bool:
    path = f"traits.{name}"
    if not name.isidentifier():
        report.error(line, f"{path}: write the name in snake_case, as conditions do: letters, digits and _")
        return False
    trait = as_section(node, path, report, ("type",), _COMPUTED)
    if trait is None:
        return False
    if trait.unsupported:
        report.later(line, path, "computed trait: missing for everybody" if name not in PROFILE else "built in instead")
    elif name in PROFILE:
        report.error(line, f"{path}: profile.{name} is built in: remove the declaration, or choose another name")
    else:
        trait.choice("type", _TYPES)
    return True


def _check_audience(name: str, node: Node, line: int, report: Report) -> None:
    if as_section(node, f"audiences.{name}", report, ("where",)):
        report.later(line, f"audiences.{name}")
