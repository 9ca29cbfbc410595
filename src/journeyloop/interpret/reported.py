"""What other tools have sent to this person counts like a contact of ours: once per message, at the time it was sent.

Reports are believed from whoever sends them: one too many leaves a person in peace. Only a trusted door may say that a
message was one of ours, which counts already.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec.structs import replace

from journeyloop.interpret.identity import TRUSTED
from journeyloop.model.customer import Contact, Customer
from journeyloop.model.event import Event
from journeyloop.model.frame import Frame
from journeyloop.model.identifier import keyed_hash
from journeyloop.model.reported import SENT, read

MOST = 250
"""Of more messages over one channel, the oldest are forgotten: no report makes a record grow without end."""
_DECISION = re.compile("[0-9a-f]{32}")


def count_sent(customer: Customer, event: Event, frame: Frame) -> None:
    """Take a message that was told of into the contacts, unless it is too old to matter."""
    report = frame.plan.policy.reported.get(event.name)
    if report is None or _is_ours(customer, event) or (event.name == SENT and event.source not in TRUSTED):
        return
    channel, at = report.channel_of(event), min(event.time, frame.now)
    if at > frame.now - frame.plan.horizon:
        mark = keyed_hash(frame.secret, "reported", channel, report.message(event))
        told = Contact(at, "", "", read(event, report.topic), channel, mark)
        contacts = united(customer.header.contacts, [told])
        same = [one.decision for one in contacts if one.channel == channel and not one.moment]
        forgotten = set(same[:-MOST])
        customer.header.contacts = [one for one in contacts if one.decision not in forgotten]


def united(mine: Iterable[Contact], theirs: Iterable[Contact]) -> list[Contact]:
    """All of both by their time. A message that was told of twice was sent when it was first said to be, about what
    either report says."""
    found: dict[bytes, Contact] = {}
    for one in (*mine, *theirs):
        known = found.setdefault(one.decision, one)
        if known is not one:
            found[one.decision] = replace(min(known, one, key=_first), topic=max(known.topic, one.topic))
    return sorted(found.values(), key=lambda one: (one.at, one.decision))


def _first(one: Contact) -> tuple[int, str, str]:
    return one.at, one.moment, one.action


def _is_ours(customer: Customer, event: Event) -> bool:
    named = read(event, "properties.decision_id")
    if not _DECISION.fullmatch(named):
        return False
    header = customer.header
    ours = {one.decision for one in header.contacts} | {one.decision for one in header.deliveries}
    return event.source in TRUSTED or bytes.fromhex(named) in ours
