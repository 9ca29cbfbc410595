"""`also: - {brief: agent, text: …}` of a moment → the texts that whoever speaks with the person is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from journeyloop.adapters.config.section import Section, as_section
from journeyloop.adapters.config.tells import KINDS
from journeyloop.adapters.config.templates import check_templates, paths_of
from journeyloop.adapters.config.tree import Mapping, Scalar
from journeyloop.model.brief import AGENT
from journeyloop.model.expression import Path


def read_briefs(section: Section, profile: frozenset[str]) -> tuple[str, ...]:
    """The texts as written, in the order of the file: templates over profile.* and event.*"""
    return tuple(text for item in section.items("also") if (text := _brief(section, item, profile)))


def _brief(section: Section, item: object, profile: frozenset[str]) -> str:
    if not isinstance(item, Mapping) or not {"brief", "text"} & item.entries.keys() or KINDS.keys() & item.entries:
        return ""
    entry = as_section(item, "also", section.report, item.entries)
    assert entry is not None
    if "brief" not in entry:
        entry.error("text", "says nothing without brief: add `brief: agent`, or remove it")
        return ""
    entry.choice("brief", (AGENT,))
    text = entry.text("text", example="Stalled at payment with {{ profile.cart_value }} in the cart.")
    scalar = entry.scalar("text") if text else None
    if isinstance(scalar, Scalar):
        check_templates(scalar, "also.text", profile, False, section.report, event=True)
    return text


def event_paths(texts: Iterable[str]) -> Iterator[Path]:
    """What they read of the event: it is kept from the time the moment arms."""
    for text in texts:
        yield from (path for path in paths_of(text) if path[0] == "event")
