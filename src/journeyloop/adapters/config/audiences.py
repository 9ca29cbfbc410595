"""audiences.yaml → the traits it adds to `profile.*`, stated or computed, and the live audiences over them."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from msgspec import Struct

from journeyloop.adapters.config import computed
from journeyloop.adapters.config.conditions import Names, read_condition, reads
from journeyloop.adapters.config.report import Report
from journeyloop.adapters.config.section import Section, as_section
from journeyloop.adapters.config.tree import Entry, Mapping, Node, Scalar
from journeyloop.adapters.config.watching import ages_badly, moved_by
from journeyloop.model.audience import Audience, Computed
from journeyloop.model.condition import PathReader
from journeyloop.model.profile import PROFILE

TRAIT_KEYS = ("type", *computed.KEYS)
AUDIENCE_KEYS = ("where", "push")
_HERE = ("localhost", "127.0.0.1", "::1")
_TYPES = ("string", "number", "boolean", "list", "object")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_ALONE = "an audience is a condition over the profile: write profile.*"


class AudiencesFile(Struct, frozen=True):
    """`traits` are all names that conditions may now speak of, `numbers` those that can be a number; the computed ones
    also by name."""

    traits: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    computed: dict[str, Computed] = {}
    audiences: dict[str, Audience] = {}


def read_audiences(root: Mapping, report: Report) -> AudiencesFile:
    """Everything of the file that is sound; problems go to the report."""
    section = Section(root, "", report, ("traits", "audiences"))
    traits, audiences = section.mapping("traits"), section.mapping("audiences")
    names: set[str] = set()
    numbers: set[str] = set()
    counted: dict[str, Computed] = {}
    for name, entry in traits.entries.items() if traits else ():
        if _NAME.fullmatch(name) and name.isidentifier():
            names.add(name)
            found = _trait(name, entry.value, entry.line, report)
            if found is not None:
                counted[name] = found
            if found is not None or _is_number(entry.value):
                numbers.add(name)
        else:
            report.error(entry.line, f"traits.{name}: write the name in snake_case, as conditions do")
    known = Names().with_traits(names)
    entries = audiences.entries.items() if audiences else ()
    read = (_audience(name, entry, known, counted, report) for name, entry in entries)
    return AudiencesFile(frozenset(names), frozenset(numbers), counted, {one.name: one for one in read if one})


def _trait(name: str, node: Node, line: int, report: Report) -> Computed | None:
    """The computed trait, or None: a plain declaration, or refused."""
    section = as_section(node, f"traits.{name}", report, TRAIT_KEYS)
    if section is None:
        return None
    if not any(op in section for op in computed.OPS):
        if name in PROFILE:
            report.error(line, f"traits.{name}: profile.{name} is built in: remove it, or choose another name")
        elif "type" not in section:
            report.error(line, f"traits.{name}: write its type, or what to compute, such as {{count: Order Completed}}")
        else:
            section.choice("type", _TYPES)
        return None
    found = computed.read_computed(name, section)
    if name in PROFILE:
        report.warn(line, f"traits.{name}: profile.{name} is built in and stays: choose another name to compute this")
        return None
    return found


def _is_number(declared: Node) -> bool:
    stated = declared.entries.get("type") if isinstance(declared, Mapping) else None
    return stated is not None and isinstance(stated.value, Scalar) and stated.value.text == "number"


def _audience(name: str, entry: Entry, known: Names, counted: dict[str, Computed], report: Report) -> Audience | None:
    if not _NAME.fullmatch(name):
        report.error(entry.line, f"audiences.{name}: write letters, digits, _ and - (at most 64)")
        return None
    section = as_section(entry.value, f"audiences.{name}", report, AUDIENCE_KEYS)
    if section is None:
        return None
    if "where" not in section:
        section.error("where", 'missing: write for whom, such as "profile.orders >= 3"')
    names = Names(known.profile, frozenset(), frozenset(), instead=_ALONE)
    where = read_condition(section, "where", names)
    for path in ages_badly(where, counted):
        section.error("where", f"compare {path} with a number, or its audience would have to be looked at all the time")
    return Audience(name, where, PathReader(reads(where)), moved_by(where, counted), _push(section))


def _push(section: Section) -> str | None:
    if "push" not in section:
        return None
    url = section.text("push", example="https://example.com/audiences")
    if url and not _is_address(url):
        section.error("push", "write a URL that starts with https:// (or http://)")
    elif url.startswith("http://") and urlsplit(url).hostname not in _HERE:
        section.warn("push", "nobody is told by http://, except this machine while trying things out: write https://")
    return url or None


def _is_address(url: str) -> bool:
    """Whether this is the URL of a host that could exist."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna")
        port = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and port != 0 and not re.search(r"\s", url)
