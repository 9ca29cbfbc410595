"""policy.yaml → Policy: consent purposes, rolling caps, quiet hours, budgets, the universal holdout, identity."""

from __future__ import annotations

from typing import cast

from msgspec import Struct

from journeyloop.adapters.config.dispositions import read_dispositions
from journeyloop.adapters.config.hours import read_quiet_hours
from journeyloop.adapters.config.identity import read_identity
from journeyloop.adapters.config.report import Report, suggestion
from journeyloop.adapters.config.section import Section, as_section
from journeyloop.adapters.config.tree import Mapping
from journeyloop.model.breaker import Breaker
from journeyloop.model.budget import Budget, Of
from journeyloop.model.policy import Cap, Policy, Purpose
from journeyloop.model.reach import CHANNELS
from journeyloop.model.reported import KNOWN, Reported

_KEYS = (
    "purposes", "holdout", "caps", "quiet_hours", "budgets", "channels", "identity", "breaker", "reported",
    "dispositions",
)  # fmt: skip
BUDGET_KEYS = ("of", "at_most", "within")
OF = ("gives", "cost", "contacts")
REPORTED_KEYS = ("event", "channel", "topic", "id")
BREAKER_KEYS = ("contacts_per_minute", "share_of_signals")


class Mention(Struct, frozen=True):
    """A topic or moment that a cap names: checked once all moments are known."""

    kind: str
    name: str
    line: int


class PolicyFile(Struct, frozen=True):
    """`disposed` is the line of its dispositions."""

    policy: Policy
    mentions: tuple[Mention, ...] = ()
    disposed: int = 1


def read_policy(root: Mapping, report: Report) -> PolicyFile:
    """The policy; problems go to the report."""
    section = Section(root, "", report, _KEYS)
    channels = section.section("channels", ("priority", "fallback"))
    priority = channels.texts("priority") if channels else ()
    for name in priority:
        _know_channel(name, section, "channels")
    mentions: list[Mention] = []
    policy = Policy(
        purposes=_purposes(section),
        caps=tuple(cap for item in _caps(section) if (cap := _cap(item, mentions))),
        holdout=section.share("holdout", 0.0),
        priority=priority or ("onpage",),
        identity=read_identity(section),
        budgets=_budgets(section),
        quiet_hours=read_quiet_hours(section, CHANNELS),
        breaker=_breaker(section),
        reported=KNOWN | _reported(section),
        fallback=channels.flag("fallback", False) if channels else False,
        dispositions=read_dispositions(section),
    )
    return PolicyFile(policy, tuple(mentions), section.line("dispositions"))


def _purposes(section: Section) -> dict[str, Purpose]:
    found: dict[str, Purpose] = {}
    listed = section.mapping("purposes")
    if not listed or not listed.entries:
        section.error("purposes", "missing: write at least one, `purposes: {marketing: {consent: required}}`")
        return found
    for name, entry in listed.entries.items():
        purpose = as_section(entry.value, f"purposes.{name}", section.report, ("consent",))
        if purpose:
            consent = purpose.choice("consent", ("required", "not_required"))
            found[name] = Purpose(name, consent_required=consent == "required")
    return found


def _caps(section: Section) -> list[Section]:
    known = ("per", "at_most", "within", "channel", "topic", "moment")
    items = section.items("caps")
    caps = [as_section(item, f"caps[{number}]", section.report, known) for number, item in enumerate(items)]
    return [cap for cap in caps if cap]


def _cap(section: Section, mentions: list[Mention]) -> Cap | None:
    section.choice("per", ("person",))
    narrow = {key: section.text(key) for key in ("channel", "topic", "moment") if key in section}
    mentions += [Mention(key, name, section.line(key)) for key, name in narrow.items() if key != "channel" and name]
    if "channel" in narrow:
        _know_channel(narrow["channel"], section, "channel")
    return Cap(at_most=section.integer("at_most", None, 0, 1_000_000), within=section.duration("within"), **narrow)


def _budgets(section: Section) -> tuple[Budget, ...]:
    """One of each kind: two would have two prices for the same thing."""
    found: list[Budget] = []
    for number, item in enumerate(section.items("budgets")):
        entry = as_section(item, f"budgets[{number}]", section.report, BUDGET_KEYS)
        if entry is None:
            continue
        of = cast(Of, entry.choice("of", OF))
        if "at_most" not in entry:
            entry.error("at_most", "missing: write a number of 0 or more")
        if any(of == other.of for other in found):
            entry.error("of", f"a second budget of {of}: write one")
        found.append(Budget(of, entry.number("at_most", 0.0), entry.duration("within")))
    return tuple(found)


def _reported(section: Section) -> dict[str, Reported]:
    """The events by which other tools tell of their messages, beside those we know."""
    found: dict[str, Reported] = {}
    for number, item in enumerate(section.items("reported")):
        entry = as_section(item, f"reported[{number}]", section.report, REPORTED_KEYS)
        if entry is None:
            continue
        event, channel = entry.text("event", example="Campaign Sent"), entry.text("channel", example="email")
        _know_channel(channel, entry, "channel")
        paths = {key: entry.text(key) for key in ("topic", "id") if key in entry}
        for key, path in paths.items():
            if path and path.partition(".")[0] not in ("properties", "context"):
                entry.error(key, "write a path such as properties.campaign_topic")
        found[event] = Reported(channel, **paths)
    return found


def _breaker(policy: Section) -> Breaker | None:
    section = policy.section("breaker", BREAKER_KEYS)
    if section is None:
        return None
    if not any(key in section for key in BREAKER_KEYS):
        policy.error("breaker", f"write {' or '.join(BREAKER_KEYS)}, or remove it")
    most = section.integer("contacts_per_minute", None, 1, 1_000_000) if "contacts_per_minute" in section else None
    share = section.share("share_of_signals", 1.0) if "share_of_signals" in section else None
    return Breaker(most, share)


def _know_channel(name: str, section: Section, key: str) -> None:
    if name and name not in CHANNELS:
        section.warn(key, f"no channel is called {name}{suggestion(name, CHANNELS)}")
