"""One call as it is sent, and what each kind of call must have. Nothing about batches, clocks or ids lives here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from journeyloop.detect.commerce import parse_numbers
from journeyloop.model.event import Event

Text = str | None | UnsetType
Object = dict[str, Any] | None | UnsetType


class Item(Struct, gc=False, omit_defaults=True, rename="camel"):
    """One call as sent. Fields that are not kept are `Raw`: skipped, not decoded."""

    type: Text = UNSET
    event: Text = UNSET
    name: Text = UNSET
    category: Text = UNSET
    message_id: Text = UNSET
    user_id: Text = UNSET
    anonymous_id: Text = UNSET
    previous_id: Text = UNSET
    group_id: Text = UNSET
    timestamp: Any = UNSET
    original_timestamp: Any = UNSET
    sent_at: Any = UNSET
    properties: Object = UNSET
    traits: Object = UNSET
    context: Object = UNSET
    write_key: Text = UNSET
    integrations: Raw | UnsetType = UNSET
    metadata: Raw | UnsetType = msgspec.field(default=UNSET, name="_metadata")


def _track(event: Event, item: Item) -> str | None:
    if not item.event:
        return "missing_event"
    if "\0" in item.event:
        return "nul_character"
    event.name = item.event
    parse_numbers(event.properties)
    return None


def _identify(event: Event, item: Item) -> str | None:
    event.name = "Identify"
    return None


def _page(event: Event, item: Item) -> str | None:
    """The page's own name and category become properties: conditions read them there."""
    event.name = "Page" if event.kind == "page" else "Screen"
    for key, value in (("name", item.name), ("category", item.category)):
        if value:
            event.properties.setdefault(key, value)
    return None


def _group(event: Event, item: Item) -> str | None:
    if not item.group_id:
        return "missing_group_id"
    event.name = "Group"
    event.properties.setdefault("group_id", item.group_id)
    return None


def _alias(event: Event, item: Item) -> str | None:
    event.name = "Alias"
    if not event.user_id:
        return "missing_user_id"
    if not event.previous_id:
        return "missing_previous_id"
    return "alias_of_itself" if event.previous_id == event.user_id else None


SHAPES: dict[str, Callable[[Event, Item], str | None]] = {
    "track": _track,
    "identify": _identify,
    "page": _page,
    "screen": _page,
    "group": _group,
    "alias": _alias,
}
