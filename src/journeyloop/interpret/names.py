"""Which identifiers an event brings beside its primary one: found, normalised, or refused with a reason.

An e-mail address is written in lower case, a telephone number as E.164 (https://www.itu.int/rec/T-REC-E.164), so that
one address is one identifier however it was typed. What cannot be an identifier is left out and counted; the event
itself is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from journeyloop.model.event import Event
from journeyloop.model.identifier import ADDRESSES, Identifier
from journeyloop.model.policy import Identity

LONGEST = 320
EXTERNAL_IDS = 10
PLAIN = 254
_PLAIN_LOCAL = re.compile(r"(?=.{1,64}$)[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*").fullmatch


class Unusable(Exception):
    """This text is not an identifier of its type; the message is the reason."""


def named(
    event: Event, region: Callable[[], str | None], identity: Identity
) -> Iterator[tuple[Identifier, str | None]]:
    """Each further identifier of an event in the order of their priority, or why it was refused.

    `region` tells the ISO country that a telephone number without a country code is read in.
    """
    found = list(_stated(event))
    if len(found) > 1:
        found.sort(key=lambda one: _rank(one[0], identity))
    for type_, value in found:
        if type_ == "anonymous_id":  # the door has looked at it already
            yield (type_, value), None
            continue
        try:
            yield (type_, normal(type_, value, region() if type_ == "phone" else None, identity)), None
        except Unusable as refused:
            yield (type_, ""), str(refused)


def brings_more(event: Event) -> bool:
    """Whether an event may hold identifiers beside its user id and anonymous id."""
    context = event.context
    return bool(event.traits) or "traits" in context or "device" in context or "externalIds" in context


def normal(type_: str, value: Any, region: str | None, identity: Identity) -> str:
    """The one way to write this identifier.

    >>> normal("email", " Ada@Example.COM ", None, Identity())
    'ada@example.com'
    >>> normal("phone", "0170 1234567", "DE", Identity())
    '+491701234567'

    Raises:
        Unusable: blocked_value, malformed_email, malformed_phone, malformed_id.
    """
    if not isinstance(value, str) or len(value) > LONGEST or "\0" in value:
        raise Unusable(f"malformed_{type_}" if type_ in ADDRESSES else "malformed_id")
    text = value.strip()
    if text.lower() in identity.blocked or not text.strip("0-"):
        raise Unusable("blocked_value")
    if type_ == "email":
        return _email(text)
    return _phone(text, region) if type_ == "phone" else text


def kept(type_: str, value: str, identity: Identity) -> Identifier:
    """The identifier as the store has it: an id as its sender wrote it, anything else in its one way.

    Raises:
        Unusable: as `normal`.
    """
    return type_, value if type_ in ("user_id", "anonymous_id") else normal(type_, value, None, identity)


def _stated(event: Event) -> Iterator[tuple[str, Any]]:
    """(type, value) as stated. A group's traits are not the person's, nor is an address among the properties."""
    if event.user_id is not None:
        if event.anonymous_id is not None:
            yield "anonymous_id", event.anonymous_id
        if event.previous_id not in (None, event.anonymous_id, event.user_id):
            yield "anonymous_id", event.previous_id
    context = event.context
    traits = [event.traits] if event.kind == "identify" else []
    if isinstance(context.get("traits"), dict):
        traits.append(context["traits"])
    for type_ in ("email", "phone"):
        value = next((one[type_] for one in traits if one.get(type_)), None)
        if value is not None:
            yield type_, value
    device = context.get("device")
    if isinstance(device, dict) and device.get("id"):
        yield "device_id", device["id"]
    yield from _external(context.get("externalIds"))


def _external(listed: Any) -> Iterator[tuple[str, Any]]:
    """Segment's `context.externalIds`: `[{id, type, collection, encoding}]`. Our own types are not taken."""
    for one in listed[:EXTERNAL_IDS] if isinstance(listed, list) else ():
        if not isinstance(one, dict) or not isinstance(one.get("type"), str):
            continue
        type_ = one["type"].strip().lower().replace(".", "_").replace("-", "_")
        if type_.isidentifier() and len(type_) <= 64 and type_ not in ("user_id", "anonymous_id"):
            yield type_, one.get("id")


def _rank(type_: str, identity: Identity) -> int:
    """Place in the order of priority; a type that has none comes last."""
    return identity.priority.index(type_) if type_ in identity.priority else len(identity.priority)


def _email(text: str) -> str:
    """Lower case throughout: no mail system in use tells `Ada@` from `ada@`, people do not either. Of a plain address
    only the domain needs a closer look, and few domains have most of the addresses."""
    local, _, domain = text.rpartition("@")
    if len(text) <= PLAIN and domain.isascii() and _PLAIN_LOCAL(local):
        normal_domain = _domain(domain)
        if normal_domain is None:
            raise Unusable("malformed_email")
        return f"{local.lower()}@{normal_domain}"
    return _any_email(text)


@lru_cache(maxsize=4096)
def _domain(domain: str) -> str | None:
    try:
        return _any_email(f"x@{domain}")[2:]
    except Unusable:
        return None


def _any_email(text: str) -> str:
    try:
        return validate_email(text, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        raise Unusable("malformed_email") from None


@lru_cache(maxsize=4096)
def _phone(text: str, region: str | None) -> str:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise Unusable("malformed_phone") from None
    if not phonenumbers.is_possible_number(number):
        raise Unusable("malformed_phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
