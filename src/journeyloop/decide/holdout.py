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
    first = moment.name not in customer.header.arms
    universal = _stored(customer, UNIVERSAL, frame.plan.policy.holdout, frame)
    own = _stored(customer, moment.name, moment.holdout, frame)
    if "mixed" in (universal, own):
        return "mixed"
    if first:
        _count(universal == own == "treated", moment, frame)
    return "holdout: universal" if universal == "holdout" else own


def _count(treated: bool, moment: Moment, frame: Frame) -> None:
    """One more person has an arm: the sample ratio is of draws, each under the share of its time. A merge draws nothing
    and takes nothing back: pairs with equal arms are more often treated than not, and the ratio would lean to them."""
    share = frame.plan.policy.treated(moment.holdout)
    if 0.0 < share < 1.0:
        frame.count(moment.name, f"customers {share:.4f}: {'treated' if treated else 'holdout'}")


def _stored(customer: Customer, name: str, share: float, frame: Frame) -> str:
    arms = customer.header.arms
    if name not in arms:
        arms[name] = "holdout" if draw(frame.secret, name, customer.header.person) < share else "treated"
    return arms[name]


def draw(secret: bytes, name: str, person: bytes) -> float:
    """A uniform number in [0, 1) that belongs to this person and this holdout: BLAKE2b of (salt, person) / 2^64."""
    return int.from_bytes(keyed_hash(secret, SALT, name, person, size=8), "big") / 2**64
