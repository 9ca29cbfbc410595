"""Anybody else, by rules of sources.yaml: which requests are which event, and where its fields are (CEL).

Signed by an HMAC of the body in a header of their choice, or else behind a token.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

from journeyloop.adapters.hooks.payload import document, iso, text, track, unique
from journeyloop.adapters.hooks.signing import base64_hmacs, header, hex_hmacs, require, require_token
from journeyloop.runtime.hooked import Expression, Posted, Rule, Source, Told


def signed(posted: Posted, secrets: Sequence[str], source: Source) -> None:
    by = source.signature
    if by is None:
        require_token(posted, secrets)
        return
    shown = header(posted, by.header.lower()).removeprefix(by.prefix)
    of = hex_hmacs if by.encoding == "hex" else base64_hmacs
    require([shown], of(secrets, by.algorithm, posted.body))


def told(posted: Posted, source: Source) -> Iterator[Told | None]:
    body = document(posted.body)
    values = {"body": body, "headers": posted.headers, "query": dict(parse_qsl(posted.query))}
    id_ = text(_value(source.id, values)) or sha256(posted.body).hexdigest()
    rules = [rule for rule in source.rules if rule.when is None or rule.when.value(values) is True]
    for rule in rules:
        yield _read(rule, unique(source.name, id_, rule.event), values)
    if not rules:
        yield None


def _read(rule: Rule, id_: str, values: dict[str, Any]) -> Told:
    properties = {name: one.value(values) for name, one in rule.properties.items()}
    call = track("mapping", rule.event, id_, _time(_value(rule.at, values)), properties, _texts(rule.ids, values))
    return Told(call, tuple(_texts(rule.names, values).items()))


def _texts(wanted: Mapping[str, Expression], values: dict[str, Any]) -> dict[str, str]:
    found = {name: text(one.value(values)) for name, one in wanted.items()}
    return {name: value for name, value in found.items() if value}


def _value(expression: Expression | None, values: dict[str, Any]) -> Any:
    return None if expression is None else expression.value(values)


def _time(value: Any) -> str | None:
    """ISO 8601, or seconds since the epoch; nothing: now."""
    return value if isinstance(value, str) else iso(value)
