"""journeyloop.toml → Settings: the server, its store, the environment. Secrets are environment variables or keys.toml,
never here: these texts are kept with every plan."""

from __future__ import annotations

import re
import tomllib
from typing import Any, Literal, cast

from msgspec import Struct

from journeyloop.adapters.config.report import Report
from journeyloop.adapters.config.section import Section
from journeyloop.adapters.config.tree import Entry, Mapping, Node, Scalar, Sequence

Durability = Literal["sync", "relaxed"]
PRODUCTION, DEVELOPMENT = "production", "development"
_NOT_MEANT_FOR_DECISIONS = ("host", "port")
_RECIPIENT = re.compile(r"\*@[^\s@*]+|[^\s*]+")


class Settings(Struct, frozen=True):
    """`inbox` is the number of inputs that may wait for the writer. `allowed_origins`: `*`, or scheme://host[:port].
    `public_url` is where people reach this server: links in messages lead there.
    `recipients_allow`: whom to contact outside production: user ids, anonymous ids, addresses, `*@example.com`.

    `durability`: `sync` survives power loss, `relaxed` may lose the last moments to it, never to a kill.
    """

    environment: str = "development"
    host: str = "127.0.0.1"
    port: int = 8080
    allowed_origins: tuple[str, ...] = ("*",)
    inbox: int = 20_000
    durability: Durability = "sync"
    recipients_allow: tuple[str, ...] | None = None
    public_url: str = ""

    def recipients(self) -> tuple[str, ...] | None:
        """The only people who may be contacted; None: everybody. An environment that is neither production nor
        development contacts nobody whom it does not name."""
        if self.environment == PRODUCTION or (self.recipients_allow is None and self.environment == DEVELOPMENT):
            return None
        return self.recipients_allow or ()


_DEFAULT = Settings()
_PUBLIC = re.compile(
    r"(https://[A-Za-z0-9.\-]+(:\d{1,5})?|http://(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?)(/[A-Za-z0-9._~\-/]*)?"
)
"""A mail program asks over https (RFC 8058); plain http only to try it on one machine."""
_ORIGIN = re.compile(r"\*|https?://[A-Za-z0-9.\-\[\]:]+")


def read_settings(root: Mapping, report: Report) -> Settings:
    """The settings, defaults where the file is silent; problems go to the report."""
    section = Section(
        root, "", report, ("environment", "recipients_allow", "server", "store", "channels", "destinations")
    )
    empty = Section(Mapping({}, 1), "", report, ())
    server = section.section("server", ("host", "port", "allowed_origins", "inbox", "public_url")) or empty
    store = section.section("store", ("durability",)) or empty
    return Settings(
        environment=section.text("environment", _DEFAULT.environment),
        host=server.text("host", _DEFAULT.host),
        port=server.integer("port", _DEFAULT.port, 0, 65_535),
        allowed_origins=_origins(server),
        inbox=server.integer("inbox", _DEFAULT.inbox, 100, 1_000_000),
        durability=cast(Durability, store.choice("durability", ("sync", "relaxed"), _DEFAULT.durability)),
        recipients_allow=_recipients(section),
        public_url=_public_url(server),
    )


def _recipients(section: Section) -> tuple[str, ...] | None:
    if "recipients_allow" not in section:
        return None
    listed = section.texts("recipients_allow")
    for one in listed:
        if not _RECIPIENT.fullmatch(one):
            section.error("recipients_allow", f'{one} names nobody: write a user id, an address or "*@example.com"')
    return listed


def _origins(server: Section) -> tuple[str, ...]:
    if "allowed_origins" not in server:
        return _DEFAULT.allowed_origins
    origins = server.texts("allowed_origins")
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            server.error("allowed_origins", f'{origin} is no origin: write "https://shop.example", without a path')
    return origins


def _public_url(server: Section) -> str:
    """Without the slash at its end."""
    url = server.text("public_url", "")
    if url and not _PUBLIC.fullmatch(url):
        server.error("public_url", "write https:// and the address by which people reach this server, nothing after it")
        return ""
    return url.rstrip("/")


def parse_toml(text: str, report: Report) -> Mapping | None:
    """The file as a tree that knows its lines, or None after reporting why there is none."""
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        at = re.search(r" \(at line (\d+), column \d+\)$", str(error))
        report.error(int(at[1]) if at else 1, f"not TOML: {str(error)[: at.start()] if at else type(error).__name__}")
        return None
    return cast(Mapping, _node(values, (), _lines(text)))


def meaning(root: Mapping) -> list[tuple[str, str]]:
    """What of the settings belongs to a plan's identity, whichever way it is written."""
    return sorted(
        (f"{table}.{key}", repr(_texts(inner.value)))
        for table, entry in root.entries.items()
        for key, inner in _pairs(entry)
        if key not in _NOT_MEANT_FOR_DECISIONS
    )


def _pairs(entry: Entry) -> list[tuple[str, Entry]]:
    return list(entry.value.entries.items()) if isinstance(entry.value, Mapping) else [("", entry)]


def _texts(node: Node) -> Any:
    match node:
        case Scalar():
            return node.text
        case Sequence():
            return [_texts(item) for item in node.items]
        case Mapping():
            return sorted((key, _texts(entry.value)) for key, entry in node.entries.items())


def _node(value: Any, path: tuple[str, ...], lines: dict[tuple[str, ...], int]) -> Node:
    line = lines.get(path) or lines.get(path[:-1], 1)
    if isinstance(value, dict):
        return Mapping({key: Entry(*_entry(inner, (*path, key), lines)) for key, inner in value.items()}, line)
    if isinstance(value, list):
        return Sequence(tuple(_node(item, path, lines) for item in value), line)
    known = isinstance(value, str | int | float | bool)
    return Scalar(value if known else None, str(value), line)


def _entry(value: Any, path: tuple[str, ...], lines: dict[tuple[str, ...], int]) -> tuple[int, Node]:
    node = _node(value, path, lines)
    return node.line, node


def _lines(text: str) -> dict[tuple[str, ...], int]:
    """Dotted keys and table headers → their lines. tomllib keeps none; keys in unusual notation get their table's."""
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+\s*([\w.\- ]+?)\s*\]", line):
            table = tuple(part.strip() for part in header[1].split("."))
            found.setdefault(table, number)
        elif key := re.match(r"\s*\"?([\w\-]+)\"?\s*=", line):
            found.setdefault((*table, key[1]), number)
    return found
