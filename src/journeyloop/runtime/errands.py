"""Errands as the store has them: a row of `pushes` while one waits for its destination, and a row of `told` that stays,
the proof of what was told of whom, when, and when it was acknowledged. Both are written in the commit that decided it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from msgspec import Struct, json

from journeyloop.model.customer import Customer
from journeyloop.model.errand import ALERT, Errand, Told
from journeyloop.model.frame import Frame
from journeyloop.runtime import records
from journeyloop.runtime.memory import Singles
from journeyloop.runtime.ports import Reader, Transaction

TO = "to/"
"""Before the name of a destination, so that it is no audience's: those have no slash in their names."""

NEWEST = 20


class Proof(Struct, array_like=True, gc=False):
    """What a destination was told of a person, and what became of it: `state` is `waiting`, or as in `Told`."""

    person: bytes
    to: str
    type: str
    at: int
    cause: str
    moment: str
    topics: list[str]
    until: int
    state: str = "waiting"
    reason: str = ""
    ended: int = 0


class Addressed(Struct, array_like=True, gc=False):
    """The sealed part of one that waits: by what its destination knows the person, and what it is told in words."""

    user_id: str | None
    emails: list[str]
    names: list[str]
    text: str


def keep(errand: Errand, singles: Singles, transaction: Transaction) -> bool:
    """Write one down; whether there is anything to be done."""
    proof = Proof(
        errand.person, errand.to, errand.type, errand.at, errand.cause, errand.moment, errand.topics, errand.until
    )  # fmt: skip
    number = singles.pushed.to_bytes(8, "big")
    singles.pushed += 1
    if errand.refused:
        proof.state, proof.reason, proof.ended = "refused", errand.refused, errand.at
    else:
        addressed = Addressed(errand.user_id, errand.emails, errand.names, errand.text)
        queue = f"{TO}{errand.to}\0".encode()
        transaction.put("pushes", queue + number, records.encode_record(proof, addressed))
    transaction.put("told", errand.person + number, records.encode_record(proof))
    return proof.state == "waiting"


def settle(told: Told, frame: Frame, transaction: Transaction) -> None:
    """It has come to an end, unless it had ended before."""
    key = told.person + told.number.to_bytes(8, "big")
    raw = transaction.get("told", key)
    proof = None if raw is None else records.decode_record(raw, Proof)[0]
    if proof is None or proof.state != "waiting":
        return
    proof.state, proof.reason, proof.ended = told.state, told.reason, frame.now
    transaction.put("told", key, records.encode_record(proof))
    frame.note("told", told.person, proof.moment, f"{proof.type} to {proof.to}", told.reason or told.state)


def told_of(reader: Reader, customer: Customer, at_most: int | None = None) -> list[dict[str, Any]]:
    """What was told of a person and of those who turned out to be them, newest first."""
    persons = [customer.header.person, *(past.person for past in customer.header.absorbed)]
    rows = [row for person in persons for row in _newest(reader, person, at_most)]
    rows.sort(key=lambda row: row[0][16:], reverse=True)
    return [_shown(records.decode_record(raw, Proof)[0]) for _, raw in rows[:at_most]]


def _newest(reader: Reader, person: bytes, at_most: int | None) -> list[tuple[bytes, bytes]]:
    found = []
    for row in reader.scan("told", person, person + b"\xff" * 9, reverse=True):
        found.append(row)
        if len(found) == at_most:
            break
    return found


def _shown(proof: Proof) -> dict[str, Any]:
    acknowledged = proof.ended if proof.state == "acknowledged" else None
    return {
        **described(proof),
        "state": proof.state,
        "why": proof.reason,
        "acknowledged": acknowledged,
        "took_ms": None if acknowledged is None else acknowledged - proof.at,
    }


def described(proof: Proof) -> dict[str, Any]:
    """What it says, without what anybody is called."""
    return {
        "to": proof.to,
        "type": proof.type,
        "reason": proof.cause,
        "moment": proof.moment or None,
        "topics": proof.topics,
        "until": proof.until or None,
        "at": proof.at,
    }


def written(proof: Proof, addressed: Addressed | None) -> bytes:
    """What is sent: an alert is its text, all else has the shape of Standard Webhooks."""
    who = addressed or Addressed(None, [], [], "")
    if proof.type == ALERT:
        return who.text.encode()
    told = {name: value for name, value in described(proof).items() if name not in ("to", "type")}
    known = {"person": proof.person.hex(), "user_id": who.user_id} | ({"emails": who.emails} if who.emails else {})
    return enveloped(proof.type, proof.at, {**known, **told, **({"text": who.text} if who.text else {})})


def enveloped(type_: str, at: int, told: dict[str, Any]) -> bytes:
    """The shape of Standard Webhooks (https://www.standardwebhooks.com)."""
    time = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.encode({"type": type_, "timestamp": time, "data": told})
