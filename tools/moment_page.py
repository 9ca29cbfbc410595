"""docs/reference/moment.md: the keys of the configuration files. Words from moment.toml, everything else from the code.

A key of the code without words, or words without a key, is an error: the reference is complete or it is not written.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from msgspec import NODEFAULT, Struct, structs

from journeyloop.adapters.config import (
    action,
    audiences,
    destinations,
    detect,
    dispositions,
    features,
    goal,
    hours,
    learning,
    moment,
    settings,
    tells,
)
from journeyloop.adapters.config import policy as policy_file
from journeyloop.adapters.config.conditions import EVENT
from journeyloop.model import moment as nouns
from journeyloop.model import policy
from journeyloop.model.audience import Audience, Computed
from journeyloop.model.breaker import Breaker
from journeyloop.model.budget import Budget
from journeyloop.model.condition import Clauses
from journeyloop.model.disposition import Disposition
from journeyloop.model.errand import Destination, Tell
from journeyloop.model.feature import Feature
from journeyloop.model.hours import QuietHours
from journeyloop.model.profile import PROFILE, SESSION, TRAITS
from journeyloop.model.reported import Reported
from tools.table import table

WORDS = Path(__file__).with_name("moment.toml")
STRUCTS: dict[str, type[Struct]] = {
    **{
        name: getattr(nouns, name)
        for name in ("Moment", "Detect", "Present", "Confirm", "Goal", "Action", "Limit", "Hold")
    },
    **{name: getattr(policy, name) for name in ("Policy", "Purpose", "Cap", "Identity")},
    "Settings": settings.Settings,
    "Computed": Computed,
    "Audience": Audience,
    "Feature": Feature,
    "Budget": Budget,
    "QuietHours": QuietHours,
    "Reported": Reported,
    "Breaker": Breaker,
    "Disposition": Disposition,
    "Destination": Destination,
    "Tell": Tell,
    "none": Struct,
}
# Fields that no key of a file sets directly.
DERIVED = {
    "blocked", "hash", "unsupported", "reader", "mode", "explore", "title", "topic", "learning", "judged", "present",
    "briefs", "tells",
}  # fmt: skip
LOADED = {
    "moments/NAME.yaml": {*moment.KEYS},
    "detect": {*detect.KEYS},
    "also": {*moment.ALSO},
    "also: alert": {*tells.ALERT_KEYS},
    "also: sync": {*tells.SYNC_KEYS},
    "journeyloop.toml: destinations.NAME": {key for keys in destinations.KEYS.values() for key in keys},
    "goal": {*goal.KEYS},
    "learn": {*learning.KEYS},
    "learn.features": {*features.KEYS},
    "actions": {*action.KEYS},
    "policy.yaml: quiet_hours": {*hours.KEYS},
    "policy.yaml: dispositions": {*dispositions.KEYS},
    "policy.yaml: reported": {*policy_file.REPORTED_KEYS},
    "audiences.yaml: traits": {*audiences.TRAIT_KEYS},
    "audiences.yaml: audiences": {*audiences.AUDIENCE_KEYS},
}
LATER = {
    "detect": {*detect.LATER, "drop"},
}


class Incomplete(Exception):
    """The words and the code disagree about which keys exist."""


def page() -> str:
    words = tomllib.loads(WORDS.read_text())
    parts = [_head(), *(_section(section) for section in words["section"]), _names(words)]
    return "\n".join(parts)


def _head() -> str:
    return (
        "# Configuration files\n\n"
        "<!-- written by tools/reference.py: change the code or tools/moment.toml instead -->\n\n"
        "Strict YAML 1.2: unquoted `22:00` and `NO` are text. Durations are `500ms 20s 3m 2h 7d`, shares `10%`.\n"
        "Keys that do not exist are errors; keys of the format that this version does not honour yet are named by\n"
        "`journeyloop check`.\n"
    )


def _section(section: dict[str, Any]) -> str:
    title, keys = section["title"], section["keys"]
    later = LATER.get(title, set())
    _agree(title, {key for key in keys if key not in later}, LOADED.get(title, set(keys)) - later)
    fields = {field.name: field for field in structs.fields(STRUCTS[section["struct"]])}
    if not section.get("partial"):
        described = {words[1].lstrip("!?") for words in keys.values()} - {""}
        _agree(f"struct {section['struct']}", described | (set(fields) & DERIVED), set(fields))
    rows = [_row(key, words, fields) for key, words in keys.items() if key not in later]
    lines = [f"## {title}\n"]
    if section["text"]:
        lines.append(f"{section['text']}\n")
    lines += table("Key | Write | Default | Meaning", rows)
    if later:
        lines.append("\nNot honoured yet: " + ", ".join(f"`{key}`" for key in sorted(later)) + ".")
    return "\n".join(lines) + "\n"


def _row(key: str, words: list[str], fields: dict[str, Any]) -> str:
    write, field, meaning = words
    if field.startswith("!"):
        return f"`{key}` | {write} | required | {meaning}"
    default = "–" if field[:1] in ("", "?") else _default(fields[field], write)
    return f"`{key}` | {write} | {default} | {meaning}"


def _default(field: Any, write: str) -> str:
    value = field.default if field.default is not NODEFAULT else field.default_factory()
    match value:
        case Clauses():
            return "true for all"
        case None | "" | () | Struct():
            return "–"
        case dict():
            return "–"
        case True | False if write.startswith("`ignore`"):
            return "`ignore`" if value else "`allow`"
        case True | False if write.startswith("`required`"):
            return "`required`" if value else "`not_required`"
        case bool():
            return f"`{str(value).lower()}`"
        case int() if write == "duration":
            return f"`{_duration(value)}`"
        case float() if write == "percentage":
            return f"`{value:.0%}`"
        case tuple():
            return f"`{list(value)}`".replace("'", '"')
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _duration(milliseconds: int) -> str:
    for unit, size in (("d", nouns.DAY), ("h", nouns.HOUR), ("m", nouns.MINUTE), ("s", 1_000)):
        if milliseconds and milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms" if milliseconds else "0s"


def _names(words: dict[str, Any]) -> str:
    existing = {"event": set(EVENT), "profile": set(PROFILE) - set(TRAITS), "session": set(SESSION)}
    for root, names in existing.items():
        _agree(root, set(words[root]), names)
    rows = [f"`{root}.{name}` | {text}" for root in existing for name, text in sorted(words[root].items())]
    return "\n".join(
        [
            "## Names in conditions\n",
            "Conditions are [CEL](https://github.com/google/cel-spec). The lists are closed: unknown names are errors.",
            "What lies inside `properties`, `traits` and `context` is up to the sender.\n",
            *table("Name | Meaning", rows),
            "\nTraits known from the start: "
            + ", ".join(f"`profile.{name}`" for name in TRAITS)
            + ". Declare others in",
            "`audiences.yaml`: `traits: {tier: {type: string}}`, or compute them there.",
            "",
        ]
    )


def _agree(where: str, described: set[str], existing: set[str]) -> None:
    if missing := existing - described:
        raise Incomplete(f"{where}: no words for {', '.join(sorted(missing))}")
    if extra := described - existing:
        raise Incomplete(f"{where}: words for what does not exist: {', '.join(sorted(extra))}")
