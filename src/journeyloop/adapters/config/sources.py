"""sources.yaml → the services that push to us. Secrets are environment variables that this file names."""

from __future__ import annotations

import re
from typing import cast, get_args

from journeyloop.adapters.config.report import Report
from journeyloop.adapters.config.section import Section, as_section
from journeyloop.adapters.config.tree import Mapping, Scalar
from journeyloop.runtime.hooked import Algorithm, Encoding, Expression, Kind, Rule, Signature, Source

KEYS = ("kind", "secrets", "url", "signature", "id", "events")
SIGNATURE_KEYS = ("header", "algorithm", "encoding", "prefix")
RULE_KEYS = ("event", "when", "at", "user_id", "anonymous_id", "email", "phone", "properties")
OWN = ("signature", "id", "events")
"""Keys of a mapping: the other kinds know their provider."""

_IDS = {"user_id": "userId", "anonymous_id": "anonymousId"}
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")


def read_sources(root: Mapping, report: Report) -> dict[str, Source]:
    """By name; problems go to the report."""
    found: dict[str, Source] = {}
    for name, entry in root.entries.items():
        section = as_section(entry.value, name, report, KEYS)
        if not _NAME.fullmatch(name):
            report.error(entry.line, f"{name}: write a-z, 0-9, _ and - (at most 40): it is part of an address")
        elif section:
            found[name] = _source(name, section)
    return found


def _source(name: str, section: Section) -> Source:
    kinds = get_args(Kind)
    kind = cast(Kind, section.choice("kind", kinds, name if name in kinds else None))
    if kind != "mapping":
        for key in OWN:
            if key in section:
                section.error(key, f"remove it: it is for kind: mapping, and {kind} has its own")
    rules = _rules(section)
    if kind == "mapping" and not rules:
        section.error("events", "missing: write a list such as `- {event: Invoice Paid, user_id: body.customer}`")
    return Source(
        name, kind, _secrets(section), _url(section, kind), _signature(section), _expression(section, "id"), rules
    )


def _secrets(section: Section) -> tuple[str, ...]:
    names = section.texts("secrets")
    if not names:
        section.error("secrets", "missing: name the environment variables that hold them, such as [STRIPE_SECRET]")
    for name in names:
        if not _VARIABLE.fullmatch(name):
            section.error("secrets", "write names of environment variables (A-Z, 0-9, _), never a secret itself")
    return names


def _url(section: Section, kind: Kind) -> str:
    """Twilio signs the address it calls, which a server behind a proxy cannot see."""
    if kind != "twilio":
        if "url" in section:
            section.error("url", f"remove it: {kind} does not sign the address")
        return ""
    url = section.text("url", None, "https://loop.example.com/v1/hooks/twilio")
    if url and (not url.startswith("https://") or "?" in url):
        section.error("url", "write the https:// address that Twilio calls, without a query")
    return url


def _signature(section: Section) -> Signature | None:
    found = section.section("signature", SIGNATURE_KEYS)
    if found is None:
        return None
    return Signature(
        found.text("header", None, "X-Signature"),
        cast(Algorithm, found.choice("algorithm", get_args(Algorithm), "sha256")),
        cast(Encoding, found.choice("encoding", get_args(Encoding), "hex")),
        found.text("prefix", "") if "prefix" in found else "",
    )


def _rules(section: Section) -> tuple[Rule, ...]:
    listed = section.items("events")
    entries = [
        as_section(item, f"{section.name('events')}[{at}]", section.report, RULE_KEYS) for at, item in enumerate(listed)
    ]
    return tuple(_rule(entry) for entry in entries if entry)


def _rule(section: Section) -> Rule:
    if not {*_IDS, "email", "phone"}.intersection(section.node.entries):
        section.error("user_id", "missing: write where whom it is about stands, such as body.customer.id")
    return Rule(
        section.text("event", None, "Invoice Paid"),
        _expression(section, "when"),
        _expression(section, "at"),
        {call: one for key, call in _IDS.items() if (one := _expression(section, key))},
        {key: one for key in ("email", "phone") if (one := _expression(section, key))},
        _properties(section),
    )


def _properties(section: Section) -> dict[str, Expression]:
    listed = section.mapping("properties")
    if listed is None:
        return {}
    inner = Section(listed, section.name("properties"), section.report, listed.entries)
    return {name: one for name in listed.entries if (one := _expression(inner, name))}


def _expression(section: Section, key: str) -> Expression | None:
    scalar: Scalar | None = section.scalar(key)
    if scalar is None:
        return None
    try:
        return Expression(scalar.text)
    except ValueError as error:
        section.report.error(scalar.line, f"{section.name(key)}: not CEL over body, headers and query: {error}")
        return None
