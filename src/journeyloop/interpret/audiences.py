"""Live audiences and crossings: who is in them now, kept right by events, merges and time. → Crossed

A person is judged from their first event on. What is looked at for the first time (another plan, an imported past) is
settled silently: members are listed and counted, but nobody has crossed anything.
"""

from __future__ import annotations

from collections.abc import Iterator

from journeyloop.model.audience import (
    ALL,
    ANY,
    STATED,
    Aging,
    Audience,
    Crossed,
    Crossing,
    Watching,
    crossing_of,
)
from journeyloop.model.condition import ABSENT, look
from journeyloop.model.customer import Customer, Header
from journeyloop.model.effects import Membership
from journeyloop.model.event import Event
from journeyloop.model.frame import Frame
from journeyloop.model.plan import Plan
from journeyloop.model.profile import AGES, Scene, scene
from journeyloop.model.rolled import next_leave

TIMER = "audience/"
SECOND = 1_000


def begin(customer: Customer, frame: Frame, imported: bool = False) -> None:
    """Before an event is folded: a person whose audiences are those of another plan is judged silently first. One whose
    past is being imported is judged when that is over."""
    header, watching = customer.header, frame.plan.watching
    if imported:
        header.judged = ""
    elif header.judged != watching:
        if _fresh(header):
            header.judged = watching
        else:
            _settle(customer, frame)


def rejudge(customer: Customer, event: Event | None, frame: Frame) -> list[Crossed]:
    """Look at the audiences that this event (None: anything) may have moved, and set the timer for what time moves."""
    header, plan = customer.header, frame.plan
    if header.judged != plan.watching:
        if event is None and not _fresh(header):
            _settle(customer, frame)
        return []
    moved = _moved(event, header, plan)
    if moved is None:
        return []
    changes = _judge(customer, moved, frame)
    for change in changes:
        _move(customer, change, frame, told=True)
        if crossing_of(change.name) is None:
            frame.note("audience", header.person, "", f"{change.change} {change.name}")
    _wake(customer, frame)
    return changes


def standing(mine: Header, theirs: Header) -> str:
    """Which audiences two people who turned out to be one are judged by; none if they were judged by different ones."""
    if _fresh(theirs) or mine.judged == theirs.judged:
        return mine.judged
    return theirs.judged if _fresh(mine) else ""


def inherit(mine: Header, theirs: Header, frame: Frame) -> None:
    """The survivor is where either of the two was, since the earlier of the two times; the other is nowhere. Nobody has
    crossed anything, but who keeps a list hears that it is another name on it."""
    for name, since in theirs.audiences.items():
        earlier = min(since, mine.audiences.get(name, since))
        if crossing_of(name) is None:
            inside = name in mine.audiences
            frame.emit(Membership(theirs.person, name, 0, told=True, merged=True))
            frame.emit(Membership(mine.person, name, earlier, told=not inside, merged=True))
            if inside:
                frame.count(f"audience/{name}", "members", -1)
        mine.audiences[name] = earlier


def _fresh(header: Header) -> bool:
    """Nothing has happened yet to judge this person by."""
    return not header.events and not header.judged


def _settle(customer: Customer, frame: Frame) -> None:
    """Judge by the plan in force, silently; audiences that it no longer has are left."""
    header, plan = customer.header, frame.plan
    watched = plan.moving.get(ALL, NOTHING)
    names = {one.name for one in watched.watched}
    gone = [Crossed(name, "leaves") for name in header.audiences if name not in names]
    for change in gone + _judge(customer, watched, frame):
        _move(customer, change, frame, told=False)
    header.judged = plan.watching
    _wake(customer, frame)


NOTHING = Watching(())


def _moved(event: Event | None, header: Header, plan: Plan) -> Watching | None:
    """What to look at: after a first event everything, and after one that states traits if any of it reads traits."""
    moving = plan.moving
    if event is None or header.events == 1 or (STATED in moving and (event.traits or "traits" in event.context)):
        return moving.get(ALL)
    return moving.get(event.name) or moving.get(ANY)


def _judge(customer: Customer, moved: Watching, frame: Frame) -> list[Crossed]:
    held, changes = customer.header.audiences, []
    read = scene(moved.reader, {}, customer, frame)
    for one in moved.watched:
        inside = one.name in held
        if _inside(one, read, inside) is not inside:
            changes.append(Crossed(one.name, "leaves" if inside else "enters"))
    return changes


def _inside(one: Audience | Crossing, read: Scene, before: bool) -> bool:
    """Nobody is in over a value that is missing; over one of a wrong type everybody stays where they were."""
    if isinstance(one, Crossing):
        value = look(read.values, ("profile", one.trait))
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return value >= one.above
        return False if value is ABSENT else before
    truths = one.where.truths(read.activation, read.values)
    if "false" in truths or "missing" in truths:
        return False
    return before if "type" in truths else True


def _move(customer: Customer, change: Crossed, frame: Frame, told: bool) -> None:
    header, name = customer.header, change.name
    since = frame.now if change.change == "enters" else 0
    if since:
        header.audiences[name] = since
    else:
        del header.audiences[name]
    if crossing_of(name) is None:
        frame.emit(Membership(header.person, name, since, told))
        frame.count(f"audience/{name}", "members", 1 if since else -1)


# --- time alone -------------------------------------------------------------------------------------------------------


def _wake(customer: Customer, frame: Frame) -> None:
    """The one timer: when time alone can next change something that is watched."""
    timers = customer.header.timers
    due = min((at for aging in frame.plan.aging for at in _changes(customer, aging, frame)), default=None)
    if due is None:
        timers.pop(TIMER, None)
    else:
        timers[TIMER] = due


def _changes(customer: Customer, aging: Aging, frame: Frame) -> Iterator[int]:
    """Instants after now at which this value changes in a way that matters."""
    since, unit = AGES.get(aging.name, (None, SECOND))
    computed = None if since else frame.plan.computed[aging.name]
    if computed is not None:
        leaves = next_leave(customer, computed, frame.now)
        if leaves is not None:
            yield leaves
    rolled = customer.header.windows.get(aging.name)
    start = since(customer) if since else rolled.at if rolled else 0
    if start:
        yield from (at for value in aging.at if (at := start + value * unit) > frame.now)
