"""Which person is this? The `identify` machine, and the person's own side of a claim.

`identify` holds one fact, the owner of one identifier, and never looks at a person. Whether two people are one is
answered by the people asked, each from its own state: at most one of them has a user id.
"""

from __future__ import annotations

from msgspec import Struct

from journeyloop.model.customer import Absorbed, Customer, Header, Sealed
from journeyloop.model.event import Event
from journeyloop.model.frame import Frame
from journeyloop.model.identifier import Identifier, keyed_hash
from journeyloop.model.inputs import Arrived, Claim, Forwarded, HandOver, Lost, MergeAsked, Owned, Repoint

IDENTIFIER_LIMIT = 20


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
    created = Owner(_person_id(identifier, frame)) if owner is None else None
    named = created or owner
    assert named is not None
    frame.advance(named.person, Forwarded(message.input))
    return created


def _claimed(owner: Owner | None, identifier: Identifier, claim: Claim, frame: Frame) -> Owner | None:
    if owner is None:
        frame.advance(claim.person, Owned(identifier))
        return Owner(claim.person, claim.at)
    if owner.person == claim.person:
        frame.advance(claim.person, Owned(identifier))
        return None
    asked = MergeAsked(identifier, claim.person, claim.known, claim.created, claim.at)
    frame.advance(owner.person, asked)
    return None


def _repointed(owner: Owner | None, identifier: Identifier, message: Repoint, frame: Frame) -> Owner | None:
    """The newer claimant by event time keeps the device, whatever order the claims arrive in."""
    assert owner is not None, "a repoint follows a claim on an owned identifier"
    if message.at is None:
        return Owner(message.person, owner.at)
    if message.at < owner.at:
        return None
    frame.advance(message.person, Owned(identifier))
    if owner.person != message.person:
        frame.advance(owner.person, Lost(identifier))
    return Owner(message.person, message.at)


def _person_id(identifier: Identifier, frame: Frame) -> bytes:
    """Opaque: a keyed hash of the identifier that founded the person."""
    return keyed_hash(frame.secret, "person", identifier[0], identifier[1])


# --- the person's side ----------------------------------------------------------------------------------------------


def found(person: bytes, now: int) -> Customer:
    """A person nobody has seen before."""
    return Customer(Header(person=person, created=now), Sealed())


def own(customer: Customer, identifier: Identifier) -> None:
    """The identifier is ours: remember it, so that it is not claimed again with every event."""
    if identifier not in customer.sealed.identifiers:
        customer.sealed.identifiers.append(identifier)
    if identifier[0] == "user_id":
        customer.header.known = True


def lose(customer: Customer, identifier: Identifier) -> None:
    """The device belongs to somebody else now; should we claim it again, it will be asked for again."""
    customer.sealed.identifiers = [one for one in customer.sealed.identifiers if one != identifier]


def claim_others(customer: Customer, event: Event, frame: Frame) -> bool:
    """Claim the identifiers that came with this event and are not known to be ours; whether there were any."""
    mine = customer.sealed.identifiers
    if event.primary() not in mine:
        own(customer, event.primary())
    claimed = False
    for identifier in event.others():
        if identifier in mine:
            continue
        if len(customer.sealed.identifiers) >= IDENTIFIER_LIMIT:
            frame.note("merge", customer.header.person, "", "identifier refused", "identifier_limit")
            continue
        header = customer.header
        frame.identify(identifier, Claim(identifier, header.person, header.known, header.created, event.time))
        claimed = True
    return claimed


def answer_merge(customer: Customer, asked: MergeAsked, frame: Frame) -> None:
    """Somebody says we are one. Hand over, ask them to, or let the device go; never join two identified people."""
    header = customer.header
    if asked.other == header.person:
        return own(customer, asked.identifier)
    if header.known and asked.other_known:
        return frame.identify(asked.identifier, Repoint(asked.identifier, asked.other, asked.at))
    if _yields(customer, asked):
        return _hand_over(customer, asked, frame)
    back = MergeAsked(asked.identifier, header.person, header.known, header.created, asked.at)
    return frame.advance(asked.other, back)


def _yields(customer: Customer, asked: MergeAsked) -> bool:
    """Whether this person becomes part of the other: the identified one stays, else the older, ties by id."""
    header = customer.header
    if header.known != asked.other_known:
        return asked.other_known
    return (header.created, header.person) > (asked.other_created, asked.other)


def _hand_over(customer: Customer, asked: MergeAsked, frame: Frame) -> None:
    """Give everything away and leave a tombstone that forwards."""
    header = customer.header
    own(customer, asked.identifier)
    customer.pack()
    given = Customer(header, customer.sealed, customer.older)
    frame.advance(asked.other, HandOver(keyed_hash(frame.secret, "handover", header.person, asked.other), given))
    for identifier in customer.sealed.identifiers:
        frame.identify(identifier, Repoint(identifier, asked.other, None))
    frame.note("merge", asked.other, "", "two visitors turned out to be one person")
    customer.header = Header(
        person=header.person,
        created=header.created,
        successor=asked.other,
        last_position=header.last_position,
        absorbed=[Absorbed(past.person, past.last_position) for past in header.absorbed],
    )
    customer.sealed, customer.older, customer.unpacked = Sealed(), {}, None
