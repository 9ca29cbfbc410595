"""What another system may know a person by."""

from __future__ import annotations

from journeyloop.model.customer import Customer
from journeyloop.model.errand import SUPPRESSION, Destination, Errand
from journeyloop.model.frame import Frame

UNKNOWN = {"user_id": "no user id", "email": "no e-mail address"}


def errand(customer: Customer, to: Destination, type_: str, frame: Frame) -> Errand:
    """An errand with nothing in it yet. Whoever does not know the person cannot leave them alone."""
    names = customer.sealed.names
    user_id = next((name.value for name in names if name.type == "user_id"), None)
    emails = _emails(customer, type_) if to.identify_by == "email" else []
    made = Errand(customer.header.person, to.name, type_, frame.now, user_id=user_id, emails=emails)
    made.names = [name.value for name in names]
    if type_ == SUPPRESSION and not known_to(customer, to):
        made.refused = UNKNOWN[to.identify_by]
    return made


def known_to(customer: Customer, to: Destination) -> bool:
    return any(name.type == to.identify_by for name in customer.sealed.names)


def _emails(customer: Customer, type_: str) -> list[str]:
    """Those that somebody vouched for, newest first. What ends messages ends them for every address: an address that
    anybody could have typed takes nothing from its owner but mail."""
    found = [name for name in customer.sealed.names if name.type == "email"]
    found = [name for name in found if type_ == SUPPRESSION or (name.verified and not name.dead)]
    return [name.value for name in sorted(found, key=lambda name: (not name.verified, -name.at, name.value))]
