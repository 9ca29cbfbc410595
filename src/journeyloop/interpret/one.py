"""Are these two people one? Each asked person answers from its own state; the answer is to hand over everything, to
ask the other to, to let a device go, or no.

Two people with a user id never join by themselves, nor do two who were told apart. A limit of identifiers that the two
would exceed together says that something is shared which should not be. Somebody who already has an e-mail address
does not join the owner of another one on a browser's word.
"""

from __future__ import annotations

from msgspec.structs import replace

from journeyloop.interpret.identity import INVENTED, TRUSTED, claimant, held, invented, lose, own
from journeyloop.model.absorbed import Absorbed
from journeyloop.model.customer import Customer, Header, Sealed
from journeyloop.model.frame import Frame
from journeyloop.model.identifier import DEVICES, keyed_hash
from journeyloop.model.inputs import HandOver, Lost, MergeAsked, Owned, Repoint

TWO_PEOPLE = ("two_people", "told_apart")


def told(customer: Customer, message: MergeAsked | Owned | Lost, frame: Frame) -> None:
    """What `identify` and other people say about our identifiers."""
    match message:
        case MergeAsked():
            _answer(customer, message, frame)
        case Owned(identifier=identifier, at=at, source=source):
            own(customer, identifier, at, frame, source)
        case Lost(identifier=identifier):
            lose(customer, identifier)


def _answer(customer: Customer, asked: MergeAsked, frame: Frame) -> None:
    """Somebody says we are one."""
    other = asked.claimant
    if customer.header.person in other.ids:
        return own(customer, asked.identifier, asked.at, frame, asked.source)
    reason = _kept_apart(customer, asked, frame)
    if reason in TWO_PEOPLE and asked.identifier[0] in DEVICES:
        return frame.identify(asked.identifier, Repoint(asked.identifier, other.person, asked.at, asked.source))
    if reason is not None:
        frame.refuse(asked.identifier[0], reason)
        return frame.note("merge", other.person, "", f"{asked.identifier[0]} refused", reason)
    if _yields(customer, asked):
        return _hand_over(customer, asked, frame)
    mine = replace(claimant(customer, asked.identifier, other.trusted, frame), sole=True)
    return frame.advance(other.person, MergeAsked(asked.identifier, mine, asked.at, asked.source))


def _kept_apart(customer: Customer, asked: MergeAsked, frame: Frame) -> str | None:
    """Why the two are not one, or None."""
    header, other = customer.header, asked.claimant
    if header.known and other.known:
        return "two_people"
    mine = {header.person, *(past.person for past in header.absorbed)}
    if mine.intersection(other.apart) or set(header.apart).intersection(other.ids):
        return "told_apart"
    counts, identity = held(customer, frame), frame.plan.policy.identity
    if any(counts.get(type_, 0) + count > identity.limit_of(type_) for type_, count in other.held.items()):
        return "identifier_limit"
    if invented((*counts, *other.held), identity) > INVENTED:
        return "identifier_limit"
    if asked.identifier[0] not in DEVICES and not (other.sole or other.trusted):
        return "identifier_taken"
    return None


def _yields(customer: Customer, asked: MergeAsked) -> bool:
    """Whether this person becomes part of the other: the identified one stays, else the older, ties by id."""
    header, other = customer.header, asked.claimant
    if header.known != other.known:
        return other.known
    return (header.created, header.person) > (other.created, other.person)


def _hand_over(customer: Customer, asked: MergeAsked, frame: Frame) -> None:
    """Give everything away and leave a tombstone that forwards."""
    header, other = customer.header, asked.claimant.person
    own(customer, asked.identifier, asked.at, frame, asked.source)
    customer.pack()
    given = Customer(header, customer.sealed, customer.older)
    id_ = keyed_hash(frame.secret, "handover", header.person, other)
    vouched = asked.identifier[0] in DEVICES or asked.source in TRUSTED
    frame.advance(other, HandOver(id_, given, asked.identifier[0], vouched))
    for name in customer.sealed.names:
        frame.identify(name.identifier, Repoint(name.identifier, other, None))
    frame.note("merge", other, "", "two visitors turned out to be one person")
    customer.header = Header(
        person=header.person,
        created=header.created,
        successor=other,
        last_position=header.last_position,
        absorbed=[Absorbed(past.person, past.last_position) for past in header.absorbed],
    )
    customer.sealed, customer.older, customer.unpacked = Sealed(), {}, None
