"""The `detect` section → Detect: what to notice."""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import blake2b
from typing import Literal, cast

import msgspec

from journeyloop.adapters.config.conditions import Names, read_condition
from journeyloop.adapters.config.section import Section, as_section
from journeyloop.adapters.config.tree import Node, Scalar
from journeyloop.model.moment import Detect, Match, Present

KINDS = ("event", "ask", "sequence", "inactive", "audience", "trait", "propensity", "friction")
_REFINEMENTS = ("where", "by", "absent", "for", "repeat", "present")
_COMPANIONS = {
    "count": "event",
    "within": "sequence, count or propensity; for an absence write `for`",
    "after": "inactive",
    "change": "audience",
    "crosses": "trait or propensity",
    "drop": "friction",
}
KEYS = (*KINDS, *_REFINEMENTS, *_COMPANIONS)
_PROPERTY = re.compile(r"[\w $-]{1,100}")


def read_detect(section: Section, names: Names) -> Detect | None:
    """The detection, or None if its kind is not of this version or was refused; both are reported."""
    kinds = [kind for kind in KINDS if kind in section]
    if len(kinds) != 1:
        found = f"found {' and '.join(kinds)}" if kinds else "found none"
        section.report.error(section.node.line, f"detect needs exactly one of {', '.join(KINDS)}: {found}")
        return None
    kind = "count" if "count" in section else kinds[0]
    if kind not in ("event", "ask"):
        section.report.later(section.line(kind), section.name(kind), "this moment does not run")
        return None
    for key, companion in _COMPANIONS.items():
        if key in section:
            section.error(key, f"goes with {companion}: remove it")
    return _ask(section) if kind == "ask" else _event(section, names)


def read_matches(section: Section, key: str, names: Names) -> tuple[Match, ...]:
    """A list of event names, or of `{event, where}`."""
    items = section.items(key)
    if key in section and not items:
        section.error(key, "write at least one event: [Order Completed]")
    return tuple(match for item in items if (match := _match(section, key, item, names)))


def _match(section: Section, key: str, item: Node, names: Names) -> Match | None:
    if isinstance(item, Scalar):
        if isinstance(item.value, str) and item.value:
            return Match(item.value)
        section.report.error(item.line, f"{section.name(key)}: write the name of an event")
        return None
    match = as_section(item, section.name(key), section.report, ("event", "where"))
    return (
        Match(match.text("event", example="Order Completed"), read_condition(match, "where", names)) if match else None
    )


def _ask(section: Section) -> Detect:
    for key in _REFINEMENTS:
        if key in section:
            section.error(key, "does not go with ask: remove it, and put conditions in `who`")
    return _hashed(Detect(ask=section.identifier("ask", "home_hero")))


def _event(section: Section, names: Names) -> Detect:
    absent = read_matches(section, "absent", names)
    if "absent" in section and "for" not in section:
        section.error("absent", "write also how long to wait, for example `for: 3m`")
    if "for" in section and "absent" not in section:
        section.error("for", "write also what must not happen meanwhile, for example `absent: [Order Completed]`")
    return _hashed(
        Detect(
            event=section.text("event", example="Checkout Started"),
            where=read_condition(section, "where", names),
            by=_by(section),
            absent=absent,
            wait=section.duration("for", 0),
            repeat=cast(Literal["restart", "keep"], section.choice("repeat", ("restart", "keep"), "restart")),
            present=_present(section),
        )
    )


def _by(section: Section) -> str | None:
    if "by" not in section:
        return None
    name = section.text("by", example="checkout_id")
    if name and not _PROPERTY.fullmatch(name):
        section.error(
            "by", f"write the name of a property alone, for example {name.rpartition('.')[2] or 'checkout_id'}"
        )
    return name


def _present(section: Section) -> Present | None:
    entry = section.node.entries.get("present")
    if entry is None:
        return None
    if isinstance(entry.value, Scalar):
        return Present() if section.flag("present", True) else None
    asked = section.section("present", ("page", "visible", "idle"))
    if asked is None:
        return None
    return Present(
        page=asked.text("page", example='"/checkout*"') if "page" in asked else None,
        visible=asked.flag("visible", False),
        idle=asked.duration("idle") if "idle" in asked else None,
    )


def _hashed(detect: Detect) -> Detect:
    """Name the detection by its meaning: the order of `absent`, comments and layout do not count."""
    present = detect.present
    meaning = [
        detect.event,
        detect.where.text,
        detect.by,
        sorted(_meanings(detect.absent)),
        detect.wait,
        detect.repeat,
        [present.page, present.visible, present.idle] if present else None,
        detect.ask,
    ]
    return msgspec.structs.replace(detect, hash=blake2b(msgspec.json.encode(meaning), digest_size=8).hexdigest())


def _meanings(matches: Iterable[Match]) -> Iterable[tuple[str, str]]:
    return ((match.event, match.where.text) for match in matches)
