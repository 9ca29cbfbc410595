"""Who is in an audience now: counts, pages of members, the whole list. No read waits for the writer."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from journeyloop.model.audience import Audience
from journeyloop.model.plan import Plan
from journeyloop.runtime.ports import Reader
from journeyloop.runtime.reads import read_customer, read_tally

COLUMNS = ("person", "since", "user_id", "email", "phone", "anonymous_id")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def audiences(reader: Reader, plan: Plan) -> list[dict[str, Any]]:
    """`GET /v1/audiences`: every audience of the plan with its condition and how many are in it."""
    return [
        {
            "audience": one.name,
            "where": one.where.text,
            "members": read_tally(reader, f"audience/{one.name}").counts.get("members", 0),
            "push": one.push is not None,
        }
        for one in plan.watched
        if isinstance(one, Audience)
    ]


def page(reader: Reader, audience: str, limit: int, after: bytes = b"") -> dict[str, Any]:
    """The next members after this person, in the order of their ids, which is the same for every page; `next` is what
    to ask for after them, None at the end."""
    found: list[dict[str, Any]] = []
    for member in members(reader, audience, after):
        if len(found) == limit:
            return {"members": found, "next": found[-1]["person"]}
        found.append(member)
    return {"members": found, "next": None}


def members(reader: Reader, audience: str, after: bytes = b"") -> Iterator[dict[str, Any]]:
    """`{"person": id, "since": ms, "identifiers": [{"type": …, "value": …}]}`, for each in the order of their ids."""
    prefix = audience.encode() + b"\0"
    for key, since in reader.scan("audiences", prefix + after, audience.encode() + b"\1"):
        person = key[len(prefix) :]
        if person == after:
            continue
        customer = read_customer(reader, person)
        names = customer.sealed.names if customer else []
        yield {
            "person": person.hex(),
            "since": int.from_bytes(since, "big"),
            "identifiers": [{"type": one.type, "value": one.value} for one in names],
        }


def as_csv(listed: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Lines of CSV with a head; of several identifiers of a type the one named last. A value that a spreadsheet would
    take for a formula is quoted by an apostrophe."""
    yield _line(COLUMNS)
    for member in listed:
        named = {one["type"]: one["value"] for one in member["identifiers"]}
        yield _line([member["person"], str(member["since"]), *(named.get(type_, "") for type_ in COLUMNS[2:])])


def _line(values: Iterable[str]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow([f"'{one}" if one.startswith(_FORMULA) else one for one in values])
    return written.getvalue()


def known(plan: Plan, audience: str) -> bool:
    """Whether the plan has this audience."""
    return any(isinstance(one, Audience) and one.name == audience for one in plan.watched)
