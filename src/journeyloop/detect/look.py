"""Judge a moment's clauses, and keep the last look at each person, so that `why` can tell why it did *not* fire."""

from __future__ import annotations

from journeyloop.model.customer import Customer
from journeyloop.model.frame import Frame
from journeyloop.model.look import Look
from journeyloop.model.moment import Moment
from journeyloop.model.profile import Scene


def judge(
    customer: Customer, moment: Moment, event: str, read: Scene, frame: Frame, among: slice = slice(None)
) -> bool:
    """Whether `who` and `where` permit. Evaluated and counted up to the first clause that does not: with the values
    kept here, `why` evaluates the rest when somebody asks. `among`: only these of the moment's clauses."""
    look = saw(customer, moment, event, "clause", "", read, frame)
    tally = frame.tally
    clauses = moment.clauses
    for index in range(*among.indices(len(clauses))):
        clause = clauses[index]
        truth = clause.truth(read.activation, read.values)
        look.truths.append(truth)
        key = (moment.name, index, truth)
        tally[key] = tally.get(key, 0) + 1
        if truth != "true":
            what = clause.missing(read.values) if truth == "missing" else clause.text
            look.reason = f"{truth}: {what}"
            return False
    return True


def saw(customer: Customer, moment: Moment, event: str, outcome: str, reason: str, read: Scene, frame: Frame) -> Look:
    """A new look, with the values it had before it."""
    look = customer.sealed.looks[moment.name] = Look(frame.now, event, outcome, reason, values=read.values)
    return look


def too_late(customer: Customer, moment: Moment, event: str, reason: str, frame: Frame) -> None:
    """The moment's time has passed: counted, and remembered for `why`."""
    looked(customer, moment, event, "late", reason, frame)
    frame.count(moment.name, "late")


def looked(customer: Customer, moment: Moment, event: str, outcome: str, reason: str, frame: Frame) -> None:
    """How far the moment came this time. Keeps the clauses' truths of the last judgement."""
    before = customer.sealed.looks.get(moment.name)
    look = before or Look(frame.now, event, outcome)
    look.at, look.outcome, look.reason = frame.now, outcome, reason
    customer.sealed.looks[moment.name] = look
