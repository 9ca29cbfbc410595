"""Which person is this? The `identify` machine, and the person's own side of a claim.

`identify` holds one fact, the owner of one identifier, and never looks at a person. Whether two people are one is
answered by the people asked, each from its own state (`interpret.one`).
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from journeyloop.interpret.known import became_known
from journeyloop.interpret.names import brings_more, named
from journeyloop.model.customer import Customer, Header, Sealed
from journeyloop.model.event import Event
from journeyloop.model.frame import Frame
from journeyloop.model.identifier import ADDRESSES, DEVICES, Identifier, Name, keyed_hash
from journeyloop.model.inputs import Arrived, Claim, Claimant, Forwarded, Lost, MergeAsked, Owned, Repoint
from journeyloop.model.moment import DAY
from journeyloop.model.policy import Identity
from journeyloop.model.profile import country

FRESH = 7 * DAY
"""A device that was not used for that long (ms) makes room for another: browsers forget their cookies within a week."""

INVENTED = 10
"""So many types of identifiers that the plan does not name a person has at most: `externalIds` may call them anything.
"""

SETTLE = 4
"""Rounds of messages until claims have been answered and who is one person has come together."""

TRUSTED = frozenset({"server", "import"})
"""Doors that need a server key: who comes in by them vouches for the addresses they bring."""


class Owner(Struct, array_like=True, gc=False):
    """The state of `identify` for one identifier: its person, and the event time of the claim that gave it away."""

    person: bytes
    at: int = 0


def identify(
    owner: Owner | None, identifier: Identifier, message: Arrived | Claim | Repoint, frame: Frame
) -> Owner | None:
    """One turn of the machine: the new owner record, or None if nothing changed."""
    match message:
        case Arrived():
            return _arrived(owner, identifier, message, frame)
        case Claim():
            return _claimed(owner, identifier, message, frame)
        case Repoint():
            return _repointed(owner, identifier, message, frame)


def _arrived(owner: Owner | None, identifier: Identifier, message: Arrived, frame: Frame) -> Owner | None:
    created = Owner(person_id(identifier, frame.secret)) if owner is None else None
    named_ = created or owner
    assert named_ is not None
    frame.advance(named_.person, Forwarded(message.input))
    return created


def _claimed(owner: Owner | None, identifier: Identifier, claim: Claim, frame: Frame) -> Owner | None:
    person = claim.claimant.person
    if owner is None:
        frame.advance(person, Owned(identifier, claim.at, claim.source))
        return Owner(person, claim.at)
    if owner.person == person:
        frame.advance(person, Owned(identifier, claim.at, claim.source))
        return None
    frame.advance(owner.person, MergeAsked(identifier, claim.claimant, claim.at, claim.source))
    return None


def _repointed(owner: Owner | None, identifier: Identifier, message: Repoint, frame: Frame) -> Owner | None:
    """The newer claimant by event time keeps the device, whatever order the claims arrive in."""
    assert owner is not None, "a repoint follows a claim on an owned identifier"
    if message.at is None:
        return Owner(message.person, owner.at)
    if message.at < owner.at:
        return None
    frame.advance(message.person, Owned(identifier, message.at, message.source))
    if owner.person != message.person:
        frame.advance(owner.person, Lost(identifier))
    return Owner(message.person, message.at)


def person_id(identifier: Identifier, secret: bytes) -> bytes:
    """Opaque: a keyed hash of the identifier that founded the person."""
    return keyed_hash(secret, "person", identifier[0], identifier[1])


# --- the person's side ----------------------------------------------------------------------------------------------


def found(person: bytes, now: int) -> Customer:
    """A person nobody has seen before."""
    return Customer(Header(person=person, created=now), Sealed())


def own(customer: Customer, identifier: Identifier, at: int, frame: Frame, source: str = "") -> None:
    """The identifier is ours: remember it, so that it is not claimed again with every event."""
    name = customer.sealed.name(identifier)
    if name is not None:
        return _named_again(name, at, source, frame)
    if identifier[0] == "user_id":
        customer.header.known = True
    if _room(customer, identifier, frame):
        customer.sealed.names.append(name := Name(*identifier, _used(at, source, frame), source))
        _named_again(name, at, source, frame)
        became_known(customer, name, frame)


def _named_again(name: Name, at: int, source: str, frame: Frame) -> None:
    """Its newest time; and whoever holds a server key vouches for an address by naming it, a dead one once more."""
    if at > name.at:
        name.at = at
    if name.type in ADDRESSES and source in TRUSTED and (at > name.dead if name.dead else not name.verified):
        name.verified, name.source, name.dead = frame.now, source, 0


def _used(at: int, source: str, frame: Frame) -> int:
    """A new name is not out of use, or about to be, because the public door says so: whoever dates events back could
    bring any number of devices."""
    return frame.now if at < frame.now - DAY and source not in TRUSTED else at


def lose(customer: Customer, identifier: Identifier) -> None:
    """The device belongs to somebody else now; should we claim it again, it will be asked for again."""
    sealed = customer.sealed
    sealed.names = [one for one in sealed.names if one.identifier != identifier]
    sealed.subscriptions = [one for one in sealed.subscriptions if ("anonymous_id", one.browser) != identifier]


def claim_others(customer: Customer, event: Event, frame: Frame) -> int:
    """Claim the identifiers that came with this event and are not known to be ours; in how many rounds of messages
    that is settled."""
    if _brings_nothing(customer, event):
        return 0
    own(customer, event.primary(), event.time, frame, event.source)
    rounds = 0
    for identifier, reason in named(event, lambda: country(customer), frame.plan.policy.identity):
        reason = reason or _claim(customer, identifier, event, frame)
        if reason == "claimed":
            rounds = SETTLE
        elif reason:
            frame.refuse(identifier[0], reason)
            frame.note("merge", customer.header.person, "", f"{identifier[0]} refused", reason)
    return rounds


def _brings_nothing(customer: Customer, event: Event) -> bool:
    """Nearly every event: its ids are ours, and it has no others. Asked first, for it is cheap."""
    if event.previous_id is not None or brings_more(event):
        return False
    user, anonymous = event.user_id, event.anonymous_id
    for name in customer.sealed.names:
        if name.value == user and name.type == "user_id":
            user = None
        elif name.value == anonymous and name.type == "anonymous_id":
            anonymous = None
            if event.time > name.at:
                name.at = event.time
    return user is None and anonymous is None


def _claim(customer: Customer, identifier: Identifier, event: Event, frame: Frame) -> str | None:
    """`claimed`, why not, or None if it is ours already."""
    name = customer.sealed.name(identifier)
    if name is not None:
        _named_again(name, event.time, event.source, frame)
        return None
    if not _room(customer, identifier, frame):
        return "identifier_limit"
    who = claimant(customer, identifier, event.source in TRUSTED, frame)
    frame.identify(identifier, Claim(identifier, who, event.time, event.source))
    return "claimed"


def claimant(customer: Customer, identifier: Identifier, trusted: bool, frame: Frame) -> Claimant:
    """What of this person decides whether they and the owner of an identifier are one."""
    header = customer.header
    return Claimant(
        header.person,
        header.known,
        header.created,
        held(customer, frame),
        [header.person, *(past.person for past in header.absorbed)],
        header.apart,
        sole=not any(name.type == identifier[0] for name in customer.sealed.names),
        trusted=trusted,
    )


def held(customer: Customer, frame: Frame) -> dict[str, int]:
    """How many identifiers of each type count towards the limits."""
    found: dict[str, int] = {}
    for name in customer.sealed.names:
        if not _quiet(name, frame.now):
            found[name.type] = found.get(name.type, 0) + 1
    return found


def invented(types: Iterable[str], identity: Identity) -> int:
    """How many of these types of identifiers the plan does not name."""
    return len({type_ for type_ in types if not identity.names(type_)})


def make_room(names: list[Name], frame: Frame) -> list[Name]:
    """Without the devices long out of use that are beyond the limit, the oldest of them first."""
    limit_of, gone = frame.plan.policy.identity.limit_of, set[Identifier]()
    for type_ in sorted(DEVICES):
        same = sorted((name for name in names if name.type == type_), key=lambda name: (name.at, name.value))
        gone |= {name.identifier for name in same[: -limit_of(type_)] if _quiet(name, frame.now)}
    return [name for name in names if name.identifier not in gone] if gone else names


def _quiet(name: Name, now: int) -> bool:
    return name.type in DEVICES and name.at < now - FRESH


def _room(customer: Customer, identifier: Identifier, frame: Frame) -> bool:
    """Whether one more fits; a device long out of use makes room."""
    names = customer.sealed.names
    identity = frame.plan.policy.identity
    same = [name for name in names if name.type == identifier[0]]
    if not same:
        return invented([identifier[0], *(name.type for name in names)], identity) <= INVENTED
    if len(same) < identity.limit_of(identifier[0]):
        return True
    oldest = min(same, key=lambda name: name.at)
    if not _quiet(oldest, frame.now):
        return False
    names.remove(oldest)
    return True
