"""`also: - {alert: NAME, text: …}` and `- {sync: NAME, …}` of a moment → whom else its signal tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from journeyloop.adapters.config.report import suggestion
from journeyloop.adapters.config.section import Section, as_section
from journeyloop.adapters.config.templates import check_templates
from journeyloop.adapters.config.tree import Mapping as Written
from journeyloop.adapters.config.tree import Scalar
from journeyloop.model.errand import ALERT, SIGNAL, SUPPRESSION, Destination, Kind, Tell

KINDS: dict[str, Kind] = {"alert": "apprise", "sync": "webhook"}
ALERT_KEYS, SYNC_KEYS = ("alert", "text"), ("sync", "suppress", "for", "text")
KEYS = frozenset({*ALERT_KEYS, *SYNC_KEYS})
Destinations = Mapping[str, Destination]


def read_tells(section: Section, profile: frozenset[str], destinations: Destinations) -> tuple[Tell, ...]:
    """In the order of the file. `profile` are the names that texts may read."""
    return tuple(_tells(section, profile, destinations))


def _tells(section: Section, profile: frozenset[str], destinations: Destinations) -> Iterator[Tell]:
    for item in section.items("also"):
        if not isinstance(item, Written):
            continue
        if "alert" in item.entries:
            entry = as_section(item, "also", section.report, ALERT_KEYS)
            if entry is not None:
                text = entry.text("text", example="{{ profile.last_name }} could not pay.")
                yield Tell(_to(entry, "alert", destinations), ALERT, _checked(entry, text, profile))
        elif "sync" in item.entries:
            entry = as_section(item, "also", section.report, SYNC_KEYS)
            if entry is not None:
                yield _sync(entry, profile, destinations)
        elif "suppress" in item.entries:
            line = item.entries["suppress"].line
            section.report.error(line, "also.suppress: says nothing without sync: write whom to tell")


def _sync(entry: Section, profile: frozenset[str], destinations: Destinations) -> Tell:
    text, topics = _checked(entry, entry.text("text", ""), profile), entry.texts("suppress")
    if "suppress" in entry and not topics:
        entry.error("suppress", "write topics or purposes, such as [cart]")
    if "for" in entry and "suppress" not in entry:
        entry.error("for", "says nothing without suppress: remove it, or write what is not to be sent")
    length = entry.duration("for") if topics else 0
    return Tell(_to(entry, "sync", destinations), SUPPRESSION if topics else SIGNAL, text, topics, length)


def _to(entry: Section, key: str, destinations: Destinations) -> str:
    name, kind = entry.text(key, example="NAME"), KINDS[key]
    known = [one.name for one in destinations.values() if one.kind == kind]
    if name and name not in known:
        hint = suggestion(name, known) or f': add [destinations.{name}] with kind = "{kind}" to journeyloop.toml'
        entry.error(key, f"there is no destination {name} of kind {kind}{hint}")
    return name


def _checked(entry: Section, text: str, profile: frozenset[str]) -> str:
    scalar = entry.scalar("text") if text else None
    if isinstance(scalar, Scalar):
        check_templates(scalar, "also.text", profile, False, entry.report)
    return text
