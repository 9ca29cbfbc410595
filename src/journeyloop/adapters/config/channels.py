"""`[channels.NAME]` of journeyloop.toml → the ways out of the house. It names the environment variables of secrets."""

from __future__ import annotations

import re
from email.utils import parseaddr
from typing import Any

from journeyloop.adapters.config.report import Report
from journeyloop.adapters.config.section import Section, as_section
from journeyloop.adapters.config.tree import Mapping
from journeyloop.interpret.names import Unusable, normal
from journeyloop.model.policy import Identity
from journeyloop.runtime.channels import SHAPES, Connection, Option, Shape, Terms

COMMON = ("kind", "concurrency", "rate", "timeout")
BUILT_IN = ("onpage", "in_app")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_URL = re.compile(r"(https://[^\s/?#@]|http://(localhost|127\.[\d.]+|\[::1\])(?![^:/?]))[^\s#@]*")
"""https, or http to this machine, which is for trying things out."""


def read_channels(root: Mapping, report: Report) -> dict[str, Connection]:
    """By name; problems go to the report."""
    listed = Section(root, "", report, root.entries).mapping("channels") if "channels" in root.entries else None
    found: dict[str, Connection] = {}
    for name, entry in listed.entries.items() if listed else ():
        if not _NAME.fullmatch(name) or name in BUILT_IN:
            report.error(entry.line, f"channels.{name}: write a name of a-z, 0-9 and _ that is not {BUILT_IN[0]}")
        elif isinstance(entry.value, Mapping):
            connection = _connection(name, entry.value, report)
            found |= {name: connection} if connection else {}
        else:
            report.error(entry.line, f"channels.{name}: write a table, [channels.{name}]")
    return found


def _connection(name: str, written: Mapping, report: Report) -> Connection | None:
    path = f"channels.{name}"
    kind = Section(written, path, report, written.entries).choice("kind", tuple(SHAPES))
    shape = SHAPES.get(kind)
    if shape is None:
        return None
    section = as_section(written, path, report, (*COMMON, *shape.options, *shape.secrets))
    if section is None:
        return None
    options = {key: _option(section, key, option) for key, option in shape.options.items()}
    return Connection(name, kind, options, _secrets(section, shape), _terms(section))


def _option(section: Section, key: str, option: Option) -> Any:
    if key not in section and not option.required:
        return option.default
    match option.type:
        case "flag":
            return section.flag(key, option.default)
        case "integer":
            return section.integer(key, option.default, 0, 1_000_000)
        case "number":
            return section.number(key, option.default or 0.0)
    if option.choices:
        return section.choice(key, option.choices, option.default)
    text = section.text(key, option.default, option.example)
    if option.type == "url" and text and not _URL.fullmatch(text):
        section.error(key, f"write an https:// address such as {option.example or 'https://api.example.com'}")
    if option.type == "mailbox" and key in section and not is_mailbox(text):
        section.error(key, "write an e-mail address, or a name with it: Example Shop <hello@example.com>")
    return text


def is_mailbox(text: str) -> bool:
    """Whether this is one address, with a name or without."""
    _, address = parseaddr(text)
    try:
        normal("email", address, None, Identity())
    except Unusable:
        return False
    return "\n" not in text and "\r" not in text


def _secrets(section: Section, shape: Shape) -> dict[str, str]:
    """Each names the environment variable that holds it."""
    found: dict[str, str] = {}
    for key in shape.secrets:
        if key in section:
            name = section.text(key, example="SMTP_PASSWORD")
            if name and not _VARIABLE.fullmatch(name):
                section.error(key, "write the name of an environment variable (A-Z, 0-9, _), never the secret itself")
            found[key] = name
        elif not shape.open:
            section.warn(key, "missing: name the environment variable that holds it; nothing is sent without it")
    return found


def _terms(section: Section) -> Terms:
    usual = Terms()
    rate = section.number("rate", usual.rate)
    if rate <= 0:
        section.error("rate", "write how many messages a second, above 0")
        rate = usual.rate
    timeout = section.number("timeout", usual.timeout)
    if not 0 < timeout <= 120:
        section.error("timeout", "write seconds, above 0 and at most 120")
        timeout = usual.timeout
    return Terms(section.integer("concurrency", usual.concurrency, 1, 256), rate, timeout)
