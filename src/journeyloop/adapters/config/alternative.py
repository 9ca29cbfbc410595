"""The file of a policy that is only thought of (`journeyloop evaluate --policy`) → an `Alternative`."""

from __future__ import annotations

from journeyloop.adapters.config.report import Report
from journeyloop.adapters.config.section import Section, as_section
from journeyloop.adapters.config.tree import parse_yaml
from journeyloop.model.plan import Problem
from journeyloop.runtime.alternative import QUIET, Alternative, Words

KINDS = ("always", "uniform", "learn", "change")
EXPLORE = 0.05
_LEARN = ("mode", "explore")
_CHANGE = ("mode", "explore", "actions")
_WORDS = ("weight", "cost", "gives")


def read_alternative(file: str, text: str) -> tuple[Alternative | None, list[Problem]]:
    """The policy, None if a problem is an error."""
    report = Report(file, [])
    root = parse_yaml(text, report)
    found = None if root is None else _read(Section(root, "", report, KINDS))
    return (None if report.problems else found), report.problems


def _read(root: Section) -> Alternative | None:
    kinds = [kind for kind in KINDS if kind in root]
    if len(kinds) != 1:
        root.report.error(root.node.line, f"a policy is exactly one of {', '.join(KINDS)}")
        return None
    match kinds[0]:
        case "always":
            action = root.identifier("always", "reassure")
            return Alternative("always", "" if action == QUIET else action)
        case "uniform":
            if not root.flag("uniform", True):
                root.error("uniform", "write true, or remove the key")
            return Alternative("uniform")
        case "learn":
            return _learn(root.section("learn", _LEARN))
    return _change(root.section("change", _CHANGE))


def _learn(section: Section | None) -> Alternative | None:
    if section is None:
        return None
    mode = section.choice("mode", ("cautious", "full"), "cautious")
    return Alternative("learn", mode=mode, explore=_explore(section, EXPLORE))


def _change(section: Section | None) -> Alternative | None:
    if section is None:
        return None
    mode = section.choice("mode", ("fixed", "cautious", "full")) if "mode" in section else None
    return Alternative("change", mode=mode, explore=_explore(section), words=_words(section))


def _explore(section: Section, default: float | None = None) -> float | None:
    return section.share("explore", 0.0) if "explore" in section else default


def _words(section: Section) -> dict[str, Words]:
    mapping = section.mapping("actions")
    found = {}
    for name, entry in (mapping.entries if mapping else {}).items():
        own = as_section(entry.value, section.name(f"actions.{name}"), section.report, _WORDS)
        if own is not None:
            found[name] = Words(**{word: own.number(word, 0.0) for word in _WORDS if word in own})
    return found
