"""Two people who were joined by mistake become again what their own records say.

Their records are applied once more, in order, by the same kernel in a batch over nothing, where the two know from the
start that they are not one: what comes out is what each would be, had they never met. What has really happened is kept:
a message that was sent counts for its person, a window that is open stays open, nothing is sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from journeyloop.interpret import found, hand_over
from journeyloop.interpret.identity import Owner
from journeyloop.interpret.reported import united
from journeyloop.model.absorbed import Absorbed, Split
from journeyloop.model.audience import crossing_of
from journeyloop.model.credits import Count
from journeyloop.model.customer import Customer, Header
from journeyloop.model.effects import Membership, Recorded
from journeyloop.model.frame import Frame
from journeyloop.model.identifier import identifier_key
from journeyloop.model.inputs import Delivered, HandOver, Input, Judge, Outcome, Ready, TabOpened, TimerDue, To, Unmerge
from journeyloop.model.ledger import Entry
from journeyloop.runtime.chain import Record, Walk, identifier_of
from journeyloop.runtime.memory import Memory
from journeyloop.runtime.touched import Found, Touched

OWN_TIMERS = ("send/", "expire/", "close/")
"""Timers of decisions: they belong to what has really happened."""


class World(Protocol):
    """A batch over nothing."""

    touched: Touched
    memory: Memory

    def apply(self, applied: Input, now: int) -> object: ...


class Sides(Struct):
    """Who is on which side: the person that stays, and the one to leave with whom they had absorbed themselves.
    `through`: the last positions of those who stay and had absorbed the one who leaves, before they were absorbed."""

    stays: set[bytes]
    leaves: set[bytes]
    absorbed: Absorbed
    through: dict[bytes, int] = {}

    def founded(self, person: bytes, now: int) -> Customer:
        """A new person who knows from the start whom they are not."""
        customer = found(person, now)
        if person in self.stays:
            customer.header.apart = sorted(self.leaves)
        elif person in self.leaves:
            customer.header.apart = sorted(self.stays)
        return customer


class Again(Struct):
    """The two people as their own records have it; whose decision each one is that came out on the way; and of each
    record its position, the key of its identifier and whether it was theirs who leaves."""

    stays: Customer
    leaves: Customer
    made: dict[bytes, bytes]
    landed: list[tuple[int, bytes, bool]]


def sides(one: Header, person: bytes, touched: Touched) -> Sides | None:
    """None if the one has not absorbed that person. A tombstone names who they had absorbed themselves."""
    absorbed = {past.person: past for past in one.absorbed}
    if person not in absorbed:
        return None
    tombs = {past: tomb.header for past in absorbed if (tomb := touched.peek(past)) is not None}
    leaves = {person, *(past.person for past in tombs[person].absorbed if past.person in absorbed)}
    stays = {one.person, *absorbed} - leaves
    through = {past: tomb.last_position for past, tomb in tombs.items() if past in stays and _had(tomb, person)}
    return Sides(stays, leaves, absorbed[person], through)


def _had(header: Header, person: bytes) -> bool:
    return any(past.person == person for past in header.absorbed)


def part(unmerge: Unmerge, touched: Touched, walk: Walk, aside: Callable[[Found], World], frame: Frame) -> list[Any]:
    """Carry out an unmerge; the effects and messages it has. `aside` makes the batch over nothing, given how people in
    it are founded."""
    one = touched.customer(unmerge.person, frame.now)
    parted = sides(one.header, unmerge.absorbed, touched)
    if parted is None:
        frame.note("merge", unmerge.person, "", "not told apart", "they were never joined")
        return []
    gone = touched.customer(unmerge.absorbed, frame.now)
    again = relive(walk.in_order(one.header), aside(parted.founded), one, parted, frame)
    settle(one, gone.header.last_position, again, parted, frame)
    effects = told(one, again, unmerge.by, frame)
    _take(again, one, gone, parted.stays | parted.leaves, touched)
    return effects


def _take(again: Again, one: Customer, gone: Customer, ours: set[bytes], touched: Touched) -> None:
    """Put both in their places, each with the identifiers that still lead to one of `ours`."""
    for customer, was in ((again.stays, one), (again.leaves, gone)):
        kept = []
        for name in customer.sealed.names:
            owner = touched.owner(name.identifier)
            if owner is None or owner.person in ours:
                touched.give(name.identifier, Owner(customer.header.person, owner.at if owner else name.at))
                kept.append(name)
        customer.sealed.names = kept
        customer.indexed = was.indexed
        touched.customers[customer.header.person] = customer


def holding(word: Ready | Delivered | Outcome, touched: Touched, now: int) -> bytes:
    """Who has the decision a word is about: the person it names, or who was told apart from them since."""
    named = living(touched, word.person, now)
    for person in (named.header.person, *named.header.apart):
        customer = living(touched, person, now)
        header = customer.header
        if word.decision in [one.decision for one in header.deliveries] + [one.decision for one in header.pending]:
            return customer.header.person
    return word.person


def living(touched: Touched, person: bytes, now: int) -> Customer:
    """The person, or whose part they are by now."""
    customer = touched.customer(person, now)
    successor = customer.header.successor
    return customer if successor is None else living(touched, successor, now)


# --- living it once more --------------------------------------------------------------------------------------------


def relive(past: list[Record], world: World, one: Customer, parted: Sides, frame: Frame) -> Again:
    """Apply the records. A timer fires where the log has it, or when it was due if it never did."""
    now, singles = frame.now, world.memory.singles
    singles.board = frame.board
    logged = {(timer.name, timer.due) for _, _, timer in past if type(timer) is TimerDue}
    made: dict[bytes, bytes] = {}
    landed: list[tuple[int, bytes, bytes]] = []
    for position, header, applied in past:
        _fire_unlogged(world, header.now, logged)
        made |= {decision.id: decision.person for decision in world.touched.decisions[len(made) :]}
        if isinstance(applied, TabOpened):
            singles.epoch = applied.epoch
        if isinstance(applied, TimerDue):
            logged.discard((applied.name, applied.due))
        for again in _readdressed(applied, made, world):
            world.apply(again, header.now)
        if (identifier := identifier_of(applied)) is not None and (owner := world.touched.owner(identifier)):
            landed.append((position, identifier_key(frame.secret, identifier), owner.person))
    singles.epoch, singles.epoch_started = frame.epoch, frame.epoch_started
    _fire_unlogged(world, now + 1, logged)
    _gather(world, parted.stays, one.header.person, frame)
    _gather(world, parted.leaves, parted.absorbed.person, frame)
    world.apply(Judge([one.header.person, parted.absorbed.person]), now)
    return _again(world.touched, one.header.person, parted.absorbed.person, landed, now)


def _again(touched: Touched, first: bytes, other: bytes, landed: list[tuple[int, bytes, bytes]], now: int) -> Again:
    """Who is who in the end: people of one side may have joined each other on the way."""
    stays, leaves = living(touched, first, now), living(touched, other, now)
    made = {decision.id: living(touched, decision.person, now).header.person for decision in touched.decisions}
    sided = [(position, key, living(touched, person, now) is leaves) for position, key, person in landed]
    return Again(stays, leaves, made, sided)


def _fire_unlogged(world: World, before: int, logged: set[tuple[str, int]]) -> None:
    """Fire what came due before that time and is not in the log: only apart did it come to be."""
    while due := min(_waiting(world, before, logged), default=None):
        at, person, name = due
        world.apply(TimerDue(person, name, at), at)


def _waiting(world: World, before: int, logged: set[tuple[str, int]]) -> Iterable[tuple[int, bytes, str]]:
    for person, customer in world.touched.customers.items():
        for name, due in customer.header.timers.items():
            if due < before and (name, due) not in logged:
                yield due, person, name


def _readdressed(applied: Input, made: dict[bytes, bytes], world: World) -> list[Input]:
    """A timer goes to who has it now, a word on a decision to who made that; the rest is found by its identifier."""
    match applied:
        case TimerDue():
            return [replace(applied, person=person) for person in _having(applied, world)]
        case Ready() | Delivered() | Outcome():
            person = made.get(applied.decision)
            return [] if person is None else [replace(applied, person=person)]
        case Unmerge():
            return []
    return [applied]


def _having(timer: TimerDue, world: World) -> list[bytes]:
    customers = world.touched.customers.items()
    return sorted(person for person, one in customers if one.header.timers.get(timer.name) == timer.due)


def _gather(world: World, side: set[bytes], first: bytes, frame: Frame) -> None:
    """Who was joined with the first of a side, but only by what the other side had brought, stays joined with them: an
    unmerge takes one person out, and nobody's past or word is lost by it."""
    for person in sorted(side & world.touched.customers.keys()):
        alone, whole = world.touched.customers[person], living(world.touched, first, frame.now)
        if alone is not whole and alone.header.successor is None:
            alone.pack()
            hand_over(whole, HandOver(b"", alone), replace(frame, out=[]))
            world.touched.customers[person] = Customer(replace(alone.header, timers={}, successor=whole.header.person))


# --- what has really happened ---------------------------------------------------------------------------------------


def settle(one: Customer, before: int, again: Again, parted: Sides, frame: Frame) -> None:
    """Give both people what really happened to them. `before`: the last position of the one who leaves from before
    the two were one."""
    was, stays, leaves = one.header, again.stays.header, again.leaves.header
    gone = {id_ for id_, person in again.made.items() if person == leaves.person}
    _really(was, stays, lambda id_: id_ not in gone, again)
    _really(was, leaves, lambda id_: id_ in gone, again)
    stays.arms, stays.scores, leaves.scores = was.arms, was.scores, {}
    leaves.arms = {name: arm if was.arms.get(name, arm) == arm else "mixed" for name, arm in leaves.arms.items()}
    _mark(one, before, again, parted, frame)
    live = {subscription.endpoint for subscription in one.sealed.subscriptions}  # one that ended has ended
    for side in (again.stays.sealed, again.leaves.sealed):
        side.subscriptions = [subscription for subscription in side.subscriptions if subscription.endpoint in live]


def _really(was: Header, now: Header, theirs: Callable[[bytes], bool], again: Again) -> None:
    """Contacts, messages on their way and open windows. A contact that only the two as one would have had counts for
    both, as do a chance that has crossed, what was done with a message and what was taught: living it again knows
    nothing that was learned, and may have chosen otherwise. What other tools sent is in each one's own records."""
    made = [one for one in was.contacts if one.moment and (theirs(one.decision) or one.decision not in again.made)]
    now.contacts = united(made, [one for one in now.contacts if not one.moment])
    now.deliveries = [one for one in was.deliveries if theirs(one.decision)]
    now.pending = [one for one in was.pending if theirs(one.decision)]
    now.rests, now.holds, now.foreseen = dict(was.rests), dict(was.holds), dict(was.foreseen)
    now.acted, now.taught = dict(was.acted), dict(was.taught)
    derived = {name: due for name, due in now.timers.items() if not name.startswith(OWN_TIMERS)}
    kept = {name: due for name, due in was.timers.items() if name.startswith(OWN_TIMERS)}
    now.timers = derived | {name: due for name, due in kept.items() if theirs(bytes.fromhex(name.split("/")[1]))}


def _mark(one: Customer, before: int, again: Again, parted: Sides, frame: Frame) -> None:
    """By which each finds their own records, and by which the two stay apart."""
    was, stays, leaves = one.header, again.stays.header, again.leaves.header
    stays.person, leaves.person = was.person, parted.absorbed.person
    stays.last_position = leaves.last_position = was.last_position
    stays.apart = sorted({*was.apart, *parted.leaves})
    leaves.apart = sorted({*was.apart, *parted.stays})
    names = [identifier_key(frame.secret, name.identifier) for name in again.leaves.sealed.names]
    keys = sorted({*parted.absorbed.keys, *names})
    theirs = Split(was.last_position, keys, mine=False, moved=_moved(keys, again.landed))
    stays.splits = [*was.splits, theirs]
    stays.absorbed, shared = [], []
    for past in was.absorbed:
        if past.person in parted.through:
            shared.append(Split(-1, [], mine=False, before=parted.through[past.person], earlier=past.splits))
            past = replace(past, splits=[*past.splits, theirs])
        if past.person in parted.stays:
            stays.absorbed.append(past)
    leaves.absorbed = [past for past in was.absorbed if past.person in parted.leaves - {leaves.person}]
    ours = replace(theirs, mine=True, before=before, earlier=parted.absorbed.splits)
    leaves.splits = [*was.splits, *shared, ours]


def _moved(keys: list[bytes], landed: list[tuple[int, bytes, bool]]) -> list[tuple[bytes, int]]:
    """Where an identifier changed sides: a browser at which somebody else signed in is theirs from then on."""
    moved, sides = [], dict.fromkeys(keys, True)
    for position, key, leaves in landed:
        if sides.get(key, False) is not leaves:
            sides[key] = leaves
            moved.append((key, position))
    return moved


def told(one: Customer, again: Again, by: str, frame: Frame) -> list[Any]:
    """What the world must know: the ledger's line, and who is in which audience now."""
    stays, leaves = again.stays.header, again.leaves.header
    line = Entry("unmerged", stays.person, frame.now, frame.now, by, other=leaves.person)
    effects: list[Any] = [Recorded(line)]
    for before, after in ((one.header.audiences, stays), ({}, leaves)):
        for name in sorted(set(before) ^ set(after.audiences)):
            if crossing_of(name) is None:
                since = after.audiences.get(name, 0)
                effects.append(Membership(after.person, name, since, told=True, merged=True))
                effects.append(To("tune", f"audience/{name}", Count(f"audience/{name}", "members", 1 if since else -1)))
    return effects
