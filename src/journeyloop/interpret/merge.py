"""Two visitors turned out to be one person: what merges how, in one table.

Commutative up to the survivor's id, idempotent by hand-over id (a second one finds the giver already absorbed).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from journeyloop.interpret import audiences, cart, context, money, orders, traits, visits
from journeyloop.interpret.fold import summed_counts
from journeyloop.interpret.identity import make_room
from journeyloop.interpret.known import joined, standing
from journeyloop.interpret.reported import united
from journeyloop.interpret.rolling import add_up
from journeyloop.model.absorbed import Absorbed
from journeyloop.model.brief import newest
from journeyloop.model.consent import Consent, stricter, strictest
from journeyloop.model.credits import Joined
from journeyloop.model.customer import Armed, Customer, Header, Presence
from journeyloop.model.effects import Recorded
from journeyloop.model.frame import Frame
from journeyloop.model.identifier import Name, identifier_key
from journeyloop.model.inputs import HandOver
from journeyloop.model.ledger import Entry
from journeyloop.model.prediction import Observation
from journeyloop.model.subscription import best

COUNTED = 1_000
"""More times than any count keeps."""


def hand_over(customer: Customer, message: HandOver, frame: Frame) -> None:
    """Take in all that the other person was."""
    mine, theirs = customer.header, message.customer.header
    if any(past.person == theirs.person for past in mine.absorbed):
        return
    keys = [identifier_key(frame.secret, name.identifier) for name in message.customer.sealed.names]
    absorbed = Absorbed(theirs.person, theirs.last_position, frame.now, message.via, keys, theirs.splits)
    mine.absorbed = [*mine.absorbed, *theirs.absorbed, absorbed]
    frame.emit(Recorded(Entry("merged", mine.person, frame.now, frame.now, message.via, other=theirs.person)))
    armed, judged = _armed(mine.armed, theirs.armed), audiences.standing(mine, theirs)
    suppressed = standing(customer, frame.now)
    mine.consent = _consents(mine.consent, theirs.consent, stricter if message.vouched else strictest)
    orders.settle(mine, theirs)
    for name, merge in HEADER.items():
        one, other = getattr(mine, name), getattr(theirs, name)
        if one or other:  # two who have none have none together
            setattr(mine, name, merge(one, other))
    _evidence(mine, theirs, frame)
    _presences(mine, theirs, frame)
    mine.armed, mine.judged = armed, judged
    audiences.inherit(mine, theirs, frame)
    add_up(customer, message.customer, frame.plan)
    _sealed(customer, message.customer, frame)
    _timers(customer, theirs)
    cart.recount(customer)
    for part, marks in message.customer.older.items():
        customer.older[part] = customer.older.get(part, b"") + marks
    joined(customer, suppressed, message.customer.sealed.names, frame)


def _evidence(mine: Header, theirs: Header, frame: Frame) -> None:
    """Their rows become one cluster; open rows of a person whose arms met unequal are left out."""
    for name, (total, rows) in theirs.scores.items():
        ours = mine.scores.get(name)
        if ours is not None:
            moment, _, measure = name.partition("/")
            frame.tune(moment, Joined(moment, ours[0], ours[1], total, rows, measure))
        before, count = ours or (0.0, 0)
        mine.scores = {**mine.scores, name: (before + total, count + rows)}
    for row in mine.pending:
        if "mixed" in (mine.arms.get(row.moment), mine.arms.get("*")):
            row.arm = "mixed"


def _sealed(customer: Customer, other: Customer, frame: Frame) -> None:
    mine, theirs = customer.sealed, other.sealed
    mine.names = make_room(_names(mine.names, theirs.names), frame)
    for name, stated in other.traits.items():
        traits.take(customer, name, stated)
    mine.cart = cart.merged(mine.cart, theirs.cart)
    mine.context = context.merged(mine.context, theirs.context)
    customer.header.bot = context.is_bot(mine.context.value("user_agent") or "")
    mine.armed = {**theirs.armed, **mine.armed}
    mine.subscriptions = best([*mine.subscriptions, *theirs.subscriptions])
    mine.privacy = max((one for one in (mine.privacy, theirs.privacy) if one is not None), default=None)
    mine.briefs = newest([*mine.briefs, *theirs.briefs], frame.now)
    mine.looks = {
        **mine.looks,
        **{k: v for k, v in theirs.looks.items() if k not in mine.looks or v.at > mine.looks[k].at},
    }


def _names(mine: list[Name], theirs: list[Name]) -> list[Name]:
    """All of both; of one that both have, the newest time and the earliest word that vouched for it. It is dead unless
    somebody vouched for it since."""
    merged = {one.identifier: one for one in mine}
    for one in theirs:
        known = merged.setdefault(one.identifier, one)
        known.at, known.dead = max(known.at, one.at), _dead(known, one)
        if one.verified and not 0 < known.verified <= one.verified:
            known.verified, known.source = one.verified, one.source
    return list(merged.values())


def _dead(one: Name, other: Name) -> int:
    dead = max(one.dead, other.dead)
    return 0 if dead < max(one.verified, other.verified) else dead


def _timers(customer: Customer, theirs: Header) -> None:
    """Timers of absences follow their instances; those of decisions carry the decision's id and cannot collide."""
    header = customer.header
    absences = {one.name for one in header.armed}
    timers = {**theirs.timers, **header.timers}
    header.timers = {name: due for name, due in timers.items() if name not in absences}
    header.timers |= {one.name: one.due for one in header.armed}


def _armed(mine: list[Armed], theirs: list[Armed]) -> list[Armed]:
    """One open instance per name: the later one, as a repeat would have re-armed it."""
    newest: dict[str, Armed] = {}
    for one in sorted([*theirs, *mine], key=lambda one: (one.at, one.cause)):
        newest[one.name] = one
    return list(newest.values())


def _presences(mine: Header, theirs: Header, frame: Frame) -> None:
    """One presence of both; what an open instance has of its dwell so far, it keeps."""
    if not (mine.presence.ever or theirs.presence.ever):
        return
    merged = _presence(mine.presence, theirs.presence, frame)
    now, epoch = frame.now, frame.epoch
    for one in (mine, theirs):
        gained = merged.until(now, epoch) - one.presence.until(now, epoch)
        for armed in one.armed:
            armed.present_total += gained
    mine.presence = merged


def _presence(mine: Presence, theirs: Presence, frame: Frame) -> Presence:
    mine_open, theirs_open = mine.open(frame.epoch), theirs.open(frame.epoch)
    browsers = [*(mine.browsers if mine_open else []), *(theirs.browsers if theirs_open else [])]
    since = min([p.since for p, is_open in ((mine, mine_open), (theirs, theirs_open)) if is_open], default=0)
    epoch = frame.epoch if browsers else max(mine.epoch, theirs.epoch)
    return Presence(
        epoch, list(dict.fromkeys(browsers)), since, max(mine.total, theirs.total), mine.ever or theirs.ever
    )


def merge_arms(mine: dict[str, str], theirs: dict[str, str]) -> dict[str, str]:
    """One stored arm wins over none; equal arms stay; unequal ones are held out from then on, and left out."""
    return {name: _arm(mine.get(name), theirs.get(name)) for name in {**mine, **theirs}}


def _arm(one: str | None, other: str | None) -> str:
    if one is None or other is None or one == other:
        return one or other or "mixed"
    return "mixed"


def _consents(
    mine: dict[str, Consent], theirs: dict[str, Consent], holds: Callable[[Consent, Consent], Consent]
) -> dict[str, Consent]:
    """Most restrictive: an opt-out wins unless the grant is newer by both clocks. Whoever only typed somebody's address
    ends none of their opt-outs, however new the own grant is."""
    merged = dict(mine)
    for purpose, other in theirs.items():
        merged[purpose] = holds(merged[purpose], other) if purpose in merged else other
    return merged


def _earliest(mine: int, theirs: int) -> int:
    return min(mine, theirs) if mine and theirs else mine or theirs


def _newest_by_name(mine: dict[str, int], theirs: dict[str, int]) -> dict[str, int]:
    return {name: max(mine.get(name, 0), theirs.get(name, 0)) for name in {**mine, **theirs}}


def _latest(mine: dict[str, list[int]], theirs: dict[str, list[int]]) -> dict[str, list[int]]:
    """Per name the later of two: by their first number, then the next."""
    return {name: max(mine.get(name, []), theirs.get(name, [])) for name in {**mine, **theirs}}


def _latest_each(mine: dict[str, list[int]], theirs: dict[str, list[int]]) -> dict[str, list[int]]:
    """Per name and place the later of two times."""
    merged = {**mine, **theirs}
    return {name: list(map(max, mine.get(name, one), theirs.get(name, one))) for name, one in merged.items()}


def _observed(mine: dict[str, Observation], theirs: dict[str, Observation]) -> dict[str, Observation]:
    """Per prediction one row: the one that was opened first, with the goal of either. Both rows' timers stay; that of
    the one dropped finds nothing."""
    merged = {**theirs, **mine}
    for name in mine.keys() & theirs.keys():
        kept, dropped = sorted((mine[name], theirs[name]), key=lambda one: (one.opened, one.x))
        goals = [one.goal_at for one in (kept, dropped) if one.goal_at and kept.covers(one.goal_at)]
        merged[name] = replace(kept, goal_at=min(goals, default=0))
    return merged


def _progress(mine: dict[str, list[int]], theirs: dict[str, list[int]]) -> dict[str, list[int]]:
    """Of a sequence the later start of each partial match; of a count the times of both. What the two did is not
    matched across them: a step of one is not followed by a step of the other until the next event."""
    return {name: _further(name, mine.get(name), theirs.get(name)) for name in sorted({**mine, **theirs})}


def _further(name: str, one: list[int] | None, other: list[int] | None) -> list[int]:
    if one is None or other is None:
        return one or other or []
    if name.startswith("sequence/"):
        return list(map(max, one, other))
    return [max(one[0], other[0]), *sorted(one[1:] + other[1:])[-COUNTED:]]


def _add(mine: Any, theirs: Any) -> Any:
    return mine + theirs


def _either(mine: bool, theirs: bool) -> bool:
    return mine or theirs


HEADER: dict[str, Callable[[Any, Any], Any]] = {
    "created": min,
    "first_seen": _earliest,
    "last_seen": max,
    "known": _either,
    "events": _add,
    "counts": summed_counts,
    "session": visits.merged,
    "orders": _add,
    "revenue_micros": money.add,
    "refunds": _add,
    "refunded_micros": money.add,
    "order_marks": orders.merged,
    "first_order": _earliest,
    "last_order": max,
    "arms": merge_arms,
    "contacts": united,
    "rests": _newest_by_name,
    "holds": _newest_by_name,
    "deliveries": _add,
    "pending": _add,
    "recent": _add,
    "recent_days": _add,
    "older_parts": lambda mine, theirs: sorted({*mine, *theirs}),
    "progress": _progress,
    "apart": _add,
    "taught": _latest,
    "acted": _latest_each,
    "foreseen": _latest_each,
    "observed": _observed,
}
