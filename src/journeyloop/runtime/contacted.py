"""How often people were contacted: how many of them not at all, once, twice, three times or more often, by channel and
in all. Read from the open half of every person's record; what other tools sent counts too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from msgspec import Raw, defstruct, structs

from journeyloop.model.customer import Contact, Header
from journeyloop.model.decision import Delivery
from journeyloop.model.moment import DAY
from journeyloop.model.plan import Plan
from journeyloop.runtime import records
from journeyloop.runtime.ports import Reader

OFTEN = 4
OPEN = ("due", "intent")
NEEDED: dict[str, Any] = {
    "person": bytes, "successor": bytes | None, "bot": bool, "contacts": list[Contact], "deliveries": list[Delivery],
}  # fmt: skip


def _part() -> Any:
    """Of a header only what is needed, the rest as it stands: most of a record is passed over."""
    names = [one.name for one in structs.fields(Header)]
    names = names[: max(map(names.index, NEEDED)) + 1]
    fields = [(name, NEEDED.get(name, Raw)) for name in names]
    return defstruct("Part", fields, array_like=True, gc=False)


Part = _part()


def contacted(reader: Reader, plan: Plan, now: int, days: int) -> dict[str, Any]:
    """`GET /v1/contacts`. A message that may have arrived counts; one that still waits does not. Bots are nobody."""
    since = now - days * DAY
    people = 0
    made: Counter[str] = Counter()
    everywhere: Counter[int] = Counter()
    by_channel: dict[str, Counter[int]] = {name: Counter() for name in plan.channels}
    for header in _headers(reader):
        people += 1
        contacts = _made(header, since, now) if header.contacts else []
        if contacts:
            made.update("ours" if one.moment else "theirs" for one in contacts)
            everywhere[len(contacts)] += 1
            for channel, count in Counter(one.channel for one in contacts).items():
                by_channel.setdefault(channel, Counter())[count] += 1
    return {
        "days": days,
        "since": since,
        "people": people,
        "contacts": {"ours": made["ours"], "theirs": made["theirs"]},
        "all": _shares(everywhere, people),
        "channels": {name: _shares(found, people) for name, found in sorted(by_channel.items())},
    }


def _headers(reader: Reader) -> Iterator[Any]:
    for _, raw in reader.scan("people"):
        old = raw[0] != records.VERSION
        header = records.decode_customer(raw).header if old else records.decode_record(raw, Part)[0]
        if header.successor is None and not header.bot:
            yield header


def _made(header: Any, since: int, now: int) -> list[Contact]:
    waiting = {one.decision for one in header.deliveries if one.state in OPEN}
    return [one for one in header.contacts if since < one.at <= now and one.decision not in waiting]


def _shares(found: Counter[int], people: int) -> dict[str, int]:
    """People by how often."""
    told = {"0": people - found.total(), **{str(count): found[count] for count in range(1, OFTEN)}}
    return {**told, f"{OFTEN}+": sum(many for count, many in found.items() if count >= OFTEN)}
