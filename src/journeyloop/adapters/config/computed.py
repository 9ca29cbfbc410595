"""`traits: {revenue_90d: {sum: properties.revenue, of: Order Completed, within: 90d}}` → Computed: what to count."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import cast

from msgspec import json

from journeyloop.adapters.config.conditions import Names, read_condition, reads
from journeyloop.adapters.config.section import Section
from journeyloop.model.audience import Computed, Op
from journeyloop.model.condition import PathReader
from journeyloop.model.moment import DAY, HOUR, MINUTE

OPS = ("count", "sum", "avg", "min", "max", "unique", "first", "last", "since")
KEYS = (*OPS, "of", "within", "where")
WIDTHS = (
    100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE,
    HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 4 * DAY, 7 * DAY, 14 * DAY, 30 * DAY, 60 * DAY,
)  # fmt: skip
BUCKETS = 50
SHORTEST = 1_000
OURS = "Journeyloop "
_OF_EVENT = Names(profile=frozenset(), session=frozenset(), instead="a computed trait looks at events: write event.*")
_PATH = re.compile(r"(properties|traits|context)(\.[\w$][\w $-]{0,99}){1,8}")


def read_computed(name: str, section: Section) -> Computed | None:
    """The trait, or None if it was refused; the reason is reported."""
    ops = [op for op in OPS if op in section]
    if len(ops) != 1 or "type" in section:
        wrong = " and ".join([*ops, *(["type"] if "type" in section else [])])
        section.report.error(section.node.line, f"{section.path}: write exactly one of {', '.join(OPS)}: found {wrong}")
        return None
    op = cast(Op, ops[0])
    path, event = _counted(section, op)
    within = _within(section)
    where = read_condition(section, "where", _OF_EVENT)
    width = 0 if within is None else bucket_width(within)
    meaning = json.encode([op, event, path, within, width, where.text])
    return Computed(
        name, op, event, path, where, within, width, blake2b(meaning, digest_size=8).hexdigest(),
        PathReader(reads(where)),
    )  # fmt: skip


def bucket_width(within: int) -> int:
    """The widest of `WIDTHS` that a window holds fifty times (ms).

    >>> bucket_width(90 * DAY) == DAY, bucket_width(1_000)
    (True, 100)
    """
    return max((width for width in WIDTHS if width <= within // BUCKETS), default=WIDTHS[0])


def _counted(section: Section, op: Op) -> tuple[tuple[str, ...], str]:
    """(the path of the value, the event). Counting needs no value."""
    if op in ("count", "since"):
        if "of" in section:
            section.error("of", f"remove it: {op} names the event itself, as in `{op}: Order Completed`")
        return (), _event(section, op)
    text = section.text(op, example="properties.revenue")
    if text and not _PATH.fullmatch(text):
        better = text.removeprefix("event.")
        hint = better if _PATH.fullmatch(better) else "properties.revenue"
        section.error(op, f"{text[:40]} is not the place of a value in an event: write it such as {hint}")
    return tuple(text.split(".")), _event(section, "of")


def _event(section: Section, key: str) -> str:
    name = section.text(key, example="Order Completed")
    if name.startswith(OURS):
        section.error(key, "what journeyloop itself does moves moments, not traits: choose an event that is sent to it")
    return name


def _within(section: Section) -> int | None:
    if "within" not in section:
        return None
    within = section.duration("within")
    if 1 < within < SHORTEST:
        section.error("within", "a window is at least 1s long")
    return within
