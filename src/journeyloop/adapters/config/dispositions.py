"""`dispositions` of policy.yaml → what an agent may say of a conversation: by name, what it holds and releases."""

from __future__ import annotations

from collections.abc import Collection

from journeyloop.adapters.config.report import Report, suggestion
from journeyloop.adapters.config.section import Section, as_section
from journeyloop.model.disposition import Disposition

KEYS = ("hold", "for", "release")


def read_dispositions(policy: Section) -> dict[str, Disposition]:
    """By name, in the order of the file: the desk shows them so."""
    found: dict[str, Disposition] = {}
    listed = policy.mapping("dispositions")
    for name, entry in listed.entries.items() if listed else ():
        section = as_section(entry.value, f"dispositions.{name}", policy.report, KEYS)
        if section is not None:
            found[name] = _disposition(name, section)
    return found


def _disposition(name: str, section: Section) -> Disposition:
    hold, release = section.texts("hold"), section.texts("release")
    if not name.isidentifier():
        section.report.error(section.node.line, f"{section.path}: write a name of letters, digits and _")
    if "for" in section and not hold:
        section.error("for", "says nothing without hold: remove it, or write what to hold")
    for one in {*hold} & {*release}:
        section.error("release", f"{one} is held by the same disposition: remove it from one of them")
    return Disposition(name, hold, section.duration("for") if hold else 0, release)


def check_dispositions(found: Collection[Disposition], known: Collection[str], line: int, report: Report) -> None:
    """A hold of a topic or purpose that does not exist would hold nothing."""
    for one in found:
        for name in (*one.hold, *one.release):
            if name not in known:
                hint = suggestion(name, known)
                message = f"dispositions.{one.name}: no moment has the topic, and no purpose is called, {name}{hint}"
                report.warn(line, message)
