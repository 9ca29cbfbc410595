"""`[destinations.NAME]` of journeyloop.toml → the other systems that are told of people. Secrets, and the addresses
that are one, are environment variables that it names."""

from __future__ import annotations

import re
from typing import cast

from journeyloop.adapters.config.report import Report, suggestion
from journeyloop.adapters.config.section import Section, as_section
from journeyloop.adapters.config.tree import Mapping
from journeyloop.model.errand import CAUSES, Cause, Destination, Kind

KEYS: dict[Kind, tuple[str, ...]] = {
    "webhook": ("kind", "url", "secret", "on", "identify_by"),
    "apprise": ("kind", "secret"),
}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_URL = re.compile(r"https?://[^\s/?#@]+[^\s#]*")


def read_destinations(root: Mapping, report: Report) -> dict[str, Destination]:
    """By name; problems go to the report."""
    section = Section(root, "", report, root.entries)
    listed = section.mapping("destinations") if "destinations" in root.entries else None
    found: dict[str, Destination] = {}
    for name, entry in listed.entries.items() if listed else ():
        if not _NAME.fullmatch(name):
            report.error(entry.line, f"destinations.{name}: write a name of a-z, 0-9 and _")
        elif not isinstance(entry.value, Mapping):
            report.error(entry.line, f"destinations.{name}: write a table, [destinations.{name}]")
        elif (one := _destination(name, entry.value, report)) is not None:
            found[name] = one
    return found


def _destination(name: str, written: Mapping, report: Report) -> Destination | None:
    path = f"destinations.{name}"
    kind = cast(Kind, Section(written, path, report, written.entries).choice("kind", tuple(KEYS)))
    section = as_section(written, path, report, KEYS[kind])
    if section is None:
        return None
    secret = _secret(section, kind)
    if kind == "apprise":
        return Destination(name, kind, secret=secret)
    by = section.choice("identify_by", ("user_id", "email"), "user_id")
    return Destination(name, kind, _url(section), secret, _on(section), "email" if by == "email" else "user_id")


def _url(section: Section) -> str:
    text = section.text("url", example="https://example.com/hooks")
    if text and not _URL.fullmatch(text):
        section.error("url", "write an address such as https://example.com/hooks")
    return text


def _secret(section: Section, kind: Kind) -> str:
    """The name of an environment variable: of the key that signs, or of the address that alerts go to."""
    name = section.text("secret", example="CRM_WEBHOOK_SECRET" if kind == "webhook" else "TEAM_APPRISE_URL")
    if name and not _VARIABLE.fullmatch(name):
        section.error("secret", "write the name of an environment variable (A-Z, 0-9, _), never the secret itself")
    return name


def _on(section: Section) -> tuple[Cause, ...]:
    written = section.texts("on")
    for one in written:
        if one not in CAUSES:
            section.error("on", f"unknown {one}{suggestion(one, CAUSES)}")
    return tuple(one for one in CAUSES if one in written)
