"""What can be asked of the committed state: a person's profile and decisions, the moments' counts. Snapshots only; no
read ever waits for the writer.
"""

from __future__ import annotations

from typing import Any

from journeyloop.interpret.cart import contents
from journeyloop.learn import average, bound
from journeyloop.model.board import Tally
from journeyloop.model.customer import Customer
from journeyloop.model.identifier import ADDRESSES, PERSON, Identifier, identifier_key
from journeyloop.model.moment import Moment
from journeyloop.model.plan import Plan
from journeyloop.model.profile import profile_values
from journeyloop.model.reach import subscriptions
from journeyloop.runtime import records
from journeyloop.runtime.decided import decision
from journeyloop.runtime.measured import measured
from journeyloop.runtime.ports import Reader

DECISIONS = 100


def find_customer(reader: Reader, secret: bytes, identifier: Identifier) -> Customer | None:
    """The person behind an identifier (or `PERSON` and their id in hex), following hand-overs."""
    if identifier[0] == PERSON:
        return read_customer(reader, bytes.fromhex(identifier[1]))
    raw = reader.get("owners", identifier_key(secret, identifier))
    return None if raw is None else read_customer(reader, records.decode_owner(raw).person)


def read_customer(reader: Reader, person: bytes) -> Customer | None:
    raw = reader.get("people", person)
    if raw is None:
        return None
    customer = records.decode_customer(raw)
    successor = customer.header.successor
    return customer if successor is None else read_customer(reader, successor)


def profile(customer: Customer, plan: Plan, now: int) -> dict[str, Any]:
    """`GET /v1/profile`: who this is, what is known, what they allow."""
    header, sealed = customer.header, customer.sealed
    return {
        "person": header.person.hex(),
        "known": header.known,
        "identifiers": graph(customer),
        "traits": {name: value for name, (value, _, _) in customer.traits.items()},
        "profile": profile_values(customer, now, plan.computed),
        "cart": [
            {"id": line.key, "name": line.name, "price": line.price, "quantity": line.quantity}
            for line in contents(sealed.cart)
        ],
        "context": {
            name: {"value": told[0], "at": told[1]}
            for name in sealed.context.__struct_fields__
            if (told := getattr(sealed.context, name)) is not None
        },
        "session": {
            "number": header.session.number,
            "started": header.session.started,
            "last": header.session.last,
            "events": header.session.events,
        },
        "counts": header.counts,
        "consent": {
            subject: {name: getattr(word, name) for name in word.__struct_fields__}
            for subject, word in header.consent.items()
        },
        "holds": {name: until for name, until in header.holds.items() if until > now},
        "tabs_open": len(header.presence.browsers),
        "push_browsers": len(subscriptions(customer)),
        "arms": header.arms,
    }


def graph(customer: Customer) -> list[dict[str, Any]]:
    """Each identifier with where it came from, when it was last named, and whether somebody vouched for it."""
    return [
        {
            "type": name.type,
            "value": name.value,
            "at": name.at,
            "source": name.source,
            **(
                {
                    "verified": bool(name.verified),
                    "verified_at": name.verified or None,
                    "dead_since": name.dead or None,
                }
                if name.type in ADDRESSES
                else {}
            ),
        }
        for name in customer.sealed.names
    ]


def decisions(reader: Reader, customer: Customer, plan: Plan) -> list[dict[str, Any]]:
    """The newest decisions of a person, those of absorbed persons included, newest first."""
    persons = [customer.header.person, *(past.person for past in customer.header.absorbed)]
    keys = [key for person in persons for key in _newest(reader, person)]
    found = []
    for key in sorted(keys, key=lambda key: key[16:], reverse=True)[:DECISIONS]:
        raw = reader.get("decisions", key[24:])
        if raw is not None:
            found.append(decision(reader, records.decode_decision(raw), plan))
    return found


def _newest(reader: Reader, person: bytes) -> list[bytes]:
    keys = []
    for key, _ in reader.scan("by_person", person, person + b"\xff" * 24, reverse=True):
        keys.append(key)
        if len(keys) == DECISIONS:
            break
    return keys


def decision_person(reader: Reader, decision_id: bytes) -> bytes | None:
    """Whose decision this is, or None if there is none with this id."""
    raw = reader.get("decisions", decision_id)
    return None if raw is None else records.decode_decision(raw).person


# --- moments ----------------------------------------------------------------------------------------------------------


def moments(reader: Reader, plan: Plan, now: int) -> list[dict[str, Any]]:
    """`GET /v1/moments`: live counts of every moment in the plan, and what they have come to."""
    return [_moment(one, read_tally(reader, one.name), plan, now) for one in plan.moments.values()]


def _moment(one: Moment, tally: Tally, plan: Plan, now: int) -> dict[str, Any]:
    told = {"moment": one.name, "title": one.title, "mode": one.mode}
    return {**told, **counts(tally), **measured(one, tally, plan, now)}


def read_tally(reader: Reader, moment: str) -> Tally:
    raw = reader.get("moments", moment.encode())
    return Tally() if raw is None else records.decode_tally(raw)


_SEEN = ("exposed", "exposed converted")
_GROUPS = ("gated", "silent", "ignored", "declined", "goals", "resolved", "converted", "outcome", *_SEEN)


def counts(tally: Tally) -> dict[str, Any]:
    """The intention-to-treat counts in the shape of the API. `goals` and `exposed` are live; `converted`
    and `exposed_converted` count closed windows."""
    flat = tally.counts
    grouped = {name: _group(flat, name) for name in _GROUPS}
    signals = _group(flat, "signals")
    return {
        "signals": flat.get("signals", 0),
        "armed": flat.get("armed", 0),
        "cancelled": flat.get("cancelled", 0),
        "late": flat.get("late", 0),
        "gated": grouped["gated"],
        "held_out": flat.get("held_out", 0),
        "silent": grouped["silent"],
        "shadow": flat.get("shadow", 0),
        "decided": flat.get("decided", 0),
        "sent": flat.get("sent", 0),
        "suppressed": flat.get("suppressed", 0),
        "expired": flat.get("expired", 0),
        "failed": flat.get("failed", 0),
        "unknown": flat.get("unknown", 0),
        "recalled": flat.get("recalled", 0),
        "shown": flat.get("shown", 0),
        "clicked": flat.get("clicked", 0),
        "dismissed": flat.get("dismissed", 0),
        "declined": grouped["declined"],
        "ignored": grouped["ignored"],
        "arms": {arm: signals.get(arm, 0) for arm in ("treated", "holdout")},
        **{
            seen.replace(" ", "_"): {arm: grouped[seen].get(arm, 0) for arm in ("treated", "holdout")} for seen in _SEEN
        },
        "goals": {arm: grouped["goals"].get(arm, 0) for arm in ("treated", "holdout")},
        "resolved": {arm: grouped["resolved"].get(arm, 0) for arm in ("treated", "holdout")},
        "converted": {arm: grouped["converted"].get(arm, 0) for arm in ("treated", "holdout")},
        "outcomes": grouped["outcome"],
        "left_out": _group(flat, "left out"),
        "worth": {"mean": average(tally.worths), "at_most": bound(tally.worths), "bounded": flat.get("bounded", 0)},
        "pending": sum(signals.values()) - sum(grouped["resolved"].values()),
    }


def _group(flat: dict[str, int], name: str) -> dict[str, int]:
    prefix = f"{name}: "
    return {key.removeprefix(prefix): count for key, count in flat.items() if key.startswith(prefix)}
