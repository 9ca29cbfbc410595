"""Who is never contacted, so that we can know. The arm is drawn at the first signal and stored with the person."""

from __future__ import annotations

from journeyloop.model.customer import Customer
from journeyloop.model.frame import Frame
from journeyloop.model.identifier import keyed_hash
from journeyloop.model.moment import Moment

UNIVERSAL = "*"
SALT = "holdout-1"


def arm_of(customer: Customer, moment: Moment, frame: Frame) -> str:
    """`treated`, `holdout`, `holdout: universal` or `mixed` (unequal arms met in a merge: held out and left out)."""
    universal = _stored(customer, UNIVERSAL, frame.plan.policy.holdout, frame)
    own = _stored(customer, moment.name, moment.holdout, frame)
    if "mixed" in (universal, own):
        return "mixed"
    return "holdout: universal" if universal == "holdout" else own


def _stored(customer: Customer, name: str, share: float, frame: Frame) -> str:
    arms = customer.header.arms
    if name not in arms:
        arms[name] = "holdout" if draw(frame.secret, name, customer.header.person) < share else "treated"
    return arms[name]


def draw(secret: bytes, name: str, person: bytes) -> float:
    """A uniform number in [0, 1) that belongs to this person and this holdout: BLAKE2b of (salt, person) / 2^64."""
    return int.from_bytes(keyed_hash(secret, SALT, name, person, size=8), "big") / 2**64
