"""Whom a request asks about: one identifier, as it is written in the store, or the reason why it names nobody."""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.responses import Response

from journeyloop.adapters.http.door import Door
from journeyloop.adapters.http.errors import invalid, refuse
from journeyloop.adapters.http.gate import Parameter, identifier
from journeyloop.interpret.names import Unusable
from journeyloop.model.identifier import PERSON, Identifier

WHO = (
    Parameter("user_id", "The person, by user id."),
    Parameter("anonymous_id", "The person, by anonymous id."),
    Parameter("email", "The person, by e-mail address."),
    Parameter("phone", "The person, by telephone number with its country code."),
    Parameter("type", "The person, by any other type of identifier, such as stripe_customer …"),
    Parameter("value", "… and its value."),
    Parameter("person", "The person, by the opaque id that answers give."),
)


def whom(query: Mapping[str, str], door: Door) -> Identifier | Response:
    """The identifier that is given. Two could be two people: an answer about one must not be taken for the other's."""
    if sum(name in query for name in ("user_id", "email", "phone", "value", "person")) > 1:
        return invalid("Name the person by one identifier.")
    for type_ in ("email", "phone"):
        if type_ in query:
            return normalised(type_, query[type_], door)
    if query.get("type", "").isidentifier() and "value" in query:
        return normalised(query["type"], query["value"], door)
    if "person" in query:
        known = re.fullmatch("[0-9a-f]{32}", query["person"])
        return (PERSON, query["person"]) if known else invalid("`person` is 32 hexadecimal digits.")
    return identifier(query.get("user_id"), query.get("anonymous_id"))


def normalised(type_: str, value: str, door: Door) -> Identifier | Response:
    try:
        return type_, door.normal(type_, value)
    except Unusable as unusable:
        return refuse(400, str(unusable), f"This is no {type_}.")
