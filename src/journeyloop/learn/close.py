"""A window closes: each decision resolves once. What the arms and the evidence learn of it leaves as credits.

Evidence is intention-to-treat: one row per signal, whatever happened after. Arms learn from what was really done: the
action's arm if its message may have arrived, silence's if nobody was contacted, none otherwise (void).
"""

from __future__ import annotations

from msgspec.structs import replace

from journeyloop.learn.evidence import score
from journeyloop.learn.observe import conclude
from journeyloop.learn.taught import may_teach
from journeyloop.learn.windows import timer_of
from journeyloop.learn.worth import bounded
from journeyloop.model.arm import SILENCE
from journeyloop.model.board import CONVERSION, VALUE, guard_measure, versus_measure
from journeyloop.model.credits import Credit, Lesson, Worth
from journeyloop.model.customer import Customer
from journeyloop.model.decision import ENDED, REACHED, Row
from journeyloop.model.effects import Resolved
from journeyloop.model.frame import Frame
from journeyloop.model.moment import DAY, Moment
from journeyloop.model.prediction import WATCH
from journeyloop.model.spending import PER_GOAL, release

COIN_SHARE = 0.5


def close(customer: Customer, name: str, frame: Frame) -> None:
    """The timer of a window: the goal, the guards and the arms now; the value when no goal of this window can be taken
    back any more, whether there was one or not: rows without a goal must not count earlier than those with one.
    That of an observation belongs to no decision."""
    if name.startswith(WATCH):
        return conclude(customer, name, frame)
    row = next((one for one in customer.header.pending if timer_of(one) == name), None)
    if row is None:
        return
    moment = _judge(row, frame)
    if not row.settled:
        _settle(customer, row, moment, frame)
    revoked = moment.goal.revoked_by if moment else None
    if revoked and frame.now < row.closes + revoked.within:
        customer.header.timers[name] = row.closes + revoked.within
    else:
        _end(customer, row, moment, frame)
    _forget_delivery(customer, row)


def _judge(row: Row, frame: Frame) -> Moment | None:
    """The moment, if it is still there and judges this window as it did when it opened: otherwise nobody can say what
    became of it. That hangs on the plan and the time alone, so both arms lose alike."""
    moment = frame.plan.moment(row.moment)
    if moment is not None and row.judged in ("", moment.judged):
        return moment
    frame.count(row.moment, f"left out: {'goal changed' if moment else 'moment removed'}")
    return None


def _settle(customer: Customer, row: Row, moment: Moment | None, frame: Frame) -> None:
    row.outcome = _outcome(customer, row) if moment else "void"
    frame.count(row.moment, f"resolved: {row.arm}")
    if row.goal_at:
        frame.count(row.moment, f"converted: {row.arm}")
    if row.exposed and row.goal_at:
        frame.count(row.moment, f"exposed converted: {row.arm}")
    for delivery in customer.header.deliveries if row.action else ():
        if delivery.decision == row.decision:
            release(delivery, PER_GOAL, frame)
    frame.count(row.moment, f"outcome: {row.outcome}")
    _resolved(row, frame)
    if moment is not None:
        if row.goal_at:
            frame.tune(row.moment, Worth(row.moment, row.goal_value))
        _teach(customer, row, moment, frame)
        _compare(customer, row, moment, frame)
    row.settled, row.x = True, b""


def _resolved(row: Row, frame: Frame) -> None:
    value = 0.0 if row.revoked else row.goal_value
    frame.emit(Resolved(row.decision, row.moment, row.action or "", row.outcome, row.goal_at, value))


def _compare(customer: Customer, row: Row, moment: Moment, frame: Frame) -> None:
    """What the evidence learns at the close: the goal, an action against its comparator, the guards."""
    reached = 1.0 if row.goal_at else 0.0
    _credit(customer, row, CONVERSION, reached, (row.mean_treated, row.mean_holdout), moment, frame)
    if row.versus:
        _toss(customer, row, reached, moment, frame)
    for guard, at, means in zip(moment.guards, row.guards, row.guard_means, strict=False):
        _credit(customer, row, guard_measure(guard.event), 1.0 if at else 0.0, means, moment, frame)


def _toss(customer: Customer, row: Row, reached: float, moment: Moment, frame: Frame) -> None:
    """An action against its comparator. Intention-to-treat at the coin: whatever became of the message of either."""
    side = "treated" if row.action == row.versus else "comparator"
    tossed = replace(row, arm=row.arm if row.arm == "mixed" else side, share=COIN_SHARE)
    _credit(customer, tossed, versus_measure(row.versus), reached, row.versus_means, moment, frame)


def _outcome(customer: Customer, row: Row) -> str:
    """`converted` or `ignored`; `void` if no arm may learn from it.

    To wait and see is a choice: what comes of a message planned for later is its action's, also where it never left.
    Who converted before its time has taught already, so that who did not must teach too.
    """
    if row.action is not None:
        delivery = next((one for one in customer.header.deliveries if one.decision == row.decision), None)
        if delivery is not None and delivery.state not in REACHED and not delivery.not_before:
            return "void"
    elif row.contacted:  # by another moment
        return "void"
    return "converted" if row.goal_at else "ignored"


def _teach(customer: Customer, row: Row, moment: Moment, frame: Frame) -> None:
    """A lesson for one arm. What the plan has no more is not taught."""
    learned, action = moment.learning, (row.action if row.contacted else None) or SILENCE
    if not row.x or learned.freeze or row.outcome == "void":
        return None
    if action != SILENCE and all(one.name != action for one in moment.actions):
        return frame.count(row.moment, "lessons: action removed")
    if not may_teach(customer, row.moment, frame.now // DAY):
        return frame.count(row.moment, "lessons: too many of one person")
    reached = row.outcome == "converted"
    return frame.tune(row.moment, Lesson(row.moment, action, row.x, reached, learned.meaning, learned.update_every))


def _end(customer: Customer, row: Row, moment: Moment | None, frame: Frame) -> None:
    customer.header.pending = [one for one in customer.header.pending if one is not row]
    if row.revoked:
        frame.count(row.moment, f"revoked: {row.arm}")
        _resolved(row, frame)
    if moment is not None and moment.goal.priced:
        _compare_value(customer, row, moment, frame)


def _compare_value(customer: Customer, row: Row, moment: Moment, frame: Frame) -> None:
    """What the goal came to in the end, within the bound that the moment's amounts have set so far. Until they have,
    rows of either arm are left out."""
    most = frame.board.level(row.moment).most
    if moment.goal.value and not most:
        return frame.count(row.moment, "left out: worth not known")
    value = row.goal_value if row.goal_at and not row.revoked else 0.0
    if moment.goal.value and abs(value) > most:
        frame.count(row.moment, "bounded")
        value = bounded(value, most)
    return _credit(customer, row, VALUE, value, row.value_means, moment, frame)


def _forget_delivery(customer: Customer, row: Row) -> None:
    """Of a decision whose windows have all closed, once it has ended."""
    header = customer.header
    if not any(one.decision == row.decision and not one.settled for one in header.pending):
        header.deliveries = [one for one in header.deliveries if one.decision != row.decision or one.state not in ENDED]


def _credit(
    customer: Customer,
    row: Row,
    measure: str,
    y: float,
    means: tuple[float, float],
    moment: Moment,
    frame: Frame,
) -> None:
    """One row of evidence. Without a holdout there is nothing to compare with; a mixed arm is left out."""
    if row.arm == "mixed" or not 0.0 < row.share < 1.0:
        return
    treated = row.arm == "treated"
    psi = score(y, treated, row.share, *means)
    name = f"{row.moment}/{measure}" if measure else row.moment
    before, rows = customer.header.scores.get(name, (0.0, 0))
    mode, promote = moment.mode, moment.learning.promote
    credit = Credit(row.moment, treated, y > 0.0, psi, before, rows, measure, y, mode, promote)
    credit.watched = frame.plan.measures
    frame.tune(row.moment, credit)
    customer.header.scores = {**customer.header.scores, name: (before + psi, rows + 1)}
