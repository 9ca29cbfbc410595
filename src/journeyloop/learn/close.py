"""A window closes: each decision resolves once. What the arms and the evidence learn of it leaves as credits.

Evidence is intention-to-treat: one row per signal, whatever happened after. Arms learn from what was really done: the
action's arm if its message may have arrived, silence's if nobody was contacted, none otherwise (void).
"""

from __future__ import annotations

from msgspec.structs import replace

from journeyloop.learn.evidence import score
from journeyloop.learn.windows import timer_of
from journeyloop.model.arm import SILENCE
from journeyloop.model.board import CONVERSION, VALUE, guard_measure, versus_measure
from journeyloop.model.credits import Credit, Lesson, Worth
from journeyloop.model.customer import Customer
from journeyloop.model.decision import ENDED, REACHED, Delivery, Row
from journeyloop.model.effects import Resolved
from journeyloop.model.frame import Frame
from journeyloop.model.moment import DAY, Moment
from journeyloop.model.spending import PER_GOAL, release

COIN_SHARE = 0.5
LESSONS_PER_DAY = 10
"""How many rows of one person the arms of a moment learn in a day: nobody teaches them alone."""


def close(customer: Customer, name: str, frame: Frame) -> None:
    """The timer of a window: the goal, the guards and the arms now; the value now, or when it can be no refund."""
    row = next((one for one in customer.header.pending if timer_of(one) == name), None)
    if row is None:
        return
    moment = frame.plan.moment(row.moment)
    if not row.settled:
        _settle(customer, row, moment, frame)
    revoked = moment.goal.revoked_by if moment else None
    if revoked and row.goal_at and frame.now < row.goal_at + revoked.within:
        row.settled = True
        customer.header.timers[name] = row.goal_at + revoked.within
    else:
        _end(customer, row, moment, frame)


def _settle(customer: Customer, row: Row, moment: Moment | None, frame: Frame) -> None:
    outcome = _outcome(customer, row)
    frame.count(row.moment, f"resolved: {row.arm}")
    if row.goal_at:
        frame.count(row.moment, f"converted: {row.arm}")
        frame.tune(row.moment, Worth(row.moment, row.goal_value))
    if row.exposed:
        frame.count(row.moment, f"exposed: {row.arm}")
    for delivery in customer.header.deliveries if row.action else ():
        if delivery.decision == row.decision:
            release(delivery, PER_GOAL, frame)
    frame.count(row.moment, f"outcome: {outcome}")
    frame.emit(Resolved(row.decision, row.moment, row.action or "", outcome, row.goal_at, row.goal_value))
    _teach(customer, row, outcome, moment, frame)
    reached = 1.0 if row.goal_at else 0.0
    _credit(customer, row, CONVERSION, reached, (row.mean_treated, row.mean_holdout), moment, frame)
    if row.versus:
        _compare(customer, row, reached, moment, frame)
    for guard, at, means in zip(moment.guards if moment else (), row.guards, row.guard_means, strict=False):
        _credit(customer, row, guard_measure(guard.event), 1.0 if at else 0.0, means, moment, frame)


def _compare(customer: Customer, row: Row, reached: float, moment: Moment | None, frame: Frame) -> None:
    """An action against its comparator. Intention-to-treat at the coin: whatever became of the message of either."""
    side = "treated" if row.action == row.versus else "comparator"
    tossed = replace(row, arm=row.arm if row.arm == "mixed" else side, share=COIN_SHARE)
    _credit(customer, tossed, versus_measure(row.versus), reached, row.versus_means, moment, frame)


def _outcome(customer: Customer, row: Row) -> str:
    """`converted` or `ignored`; `void` if no arm may learn from it."""
    if row.action is not None:
        delivery = next((one for one in customer.header.deliveries if one.decision == row.decision), None)
        if delivery is not None and delivery.state not in REACHED and not _while_it_waited(delivery):
            return "void"
    elif row.contacted:  # by another moment
        return "void"
    return "converted" if row.goal_at else "ignored"


def _while_it_waited(delivery: Delivery) -> bool:
    """It was planned for later, and what the person did before made it needless or unwanted. To wait and see was the
    choice: what came of it is the action's, or every later message would learn from those only who did not convert."""
    return delivery.state == "suppressed" and delivery.ended < delivery.not_before


def _teach(customer: Customer, row: Row, outcome: str, moment: Moment | None, frame: Frame) -> None:
    if moment is None or not row.x or moment.learning.freeze or outcome == "void":
        return
    if row.meaning != moment.learning.meaning:
        return frame.count(row.moment, "lessons: of another goal or other features")
    taught, day = customer.header.taught, frame.now // DAY
    before = taught.get(row.moment, [0, 0])
    count = before[1] + 1 if before[0] == day else 1
    if count > LESSONS_PER_DAY:
        return frame.count(row.moment, "lessons: too many of one person")
    customer.header.taught = {**taught, row.moment: [day, count]}
    learned, action = moment.learning, (row.action if row.contacted else None) or SILENCE
    lesson = Lesson(row.moment, action, row.x, outcome == "converted", learned.meaning, learned.update_every)
    frame.tune(row.moment, lesson)
    return None


def _end(customer: Customer, row: Row, moment: Moment | None, frame: Frame) -> None:
    header = customer.header
    header.pending = [one for one in header.pending if one is not row]
    value = row.goal_value if row.goal_at and not row.revoked else 0.0
    if row.revoked:
        frame.count(row.moment, f"revoked: {row.arm}")
    if moment and moment.goal.priced:
        _credit(customer, row, VALUE, value, row.value_means, moment, frame)
    if not any(one.decision == row.decision for one in header.pending):
        header.deliveries = [one for one in header.deliveries if one.decision != row.decision or one.state not in ENDED]


def _credit(
    customer: Customer,
    row: Row,
    measure: str,
    y: float,
    means: tuple[float, float],
    moment: Moment | None,
    frame: Frame,
) -> None:
    """One row of evidence. Without a holdout there is nothing to compare with; a mixed arm is left out."""
    if row.arm == "mixed" or not 0.0 < row.share < 1.0:
        return
    treated = row.arm == "treated"
    psi = score(y, treated, row.share, *means)
    name = f"{row.moment}/{measure}" if measure else row.moment
    before, rows = customer.header.scores.get(name, (0.0, 0))
    mode, promote = (moment.mode, moment.learning.promote) if moment else ("fixed", False)
    credit = Credit(row.moment, treated, y > 0.0, psi, before, rows, measure, y, mode, promote)
    credit.watched = sum(one.measures for one in frame.plan.moments.values()) or 1
    frame.tune(row.moment, credit)
    customer.header.scores = {**customer.header.scores, name: (before + psi, rows + 1)}
